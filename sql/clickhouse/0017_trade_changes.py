"""Applies 0017_trade_changes.sql."""

from dagster_project.migrations import run_sql_beside

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Executes the SQL file beside this one."""
    run_sql_beside(__file__)
