"""Applies 0016_statistics.sql."""

from dagster_project.migrations import run_sql_beside

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Executes the SQL file beside this one."""
    run_sql_beside(__file__)
