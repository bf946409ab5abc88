"""Applies 0020_how_sure.sql."""

from dagster_project.migrations import run_sql_beside

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """Executes the SQL file beside this one."""
    run_sql_beside(__file__)
