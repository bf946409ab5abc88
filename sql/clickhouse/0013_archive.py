"""Applies 0013_archive.sql."""

from dagster_project.migrations import run_sql_beside

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Executes the SQL file beside this one."""
    run_sql_beside(__file__)
