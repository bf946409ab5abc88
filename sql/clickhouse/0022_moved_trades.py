"""Applies 0022_moved_trades.sql."""

from dagster_project.migrations import run_sql_beside

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    """Executes the SQL file beside this one."""
    run_sql_beside(__file__)
