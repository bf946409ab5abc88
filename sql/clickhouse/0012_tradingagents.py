"""Applies 0012_tradingagents.sql."""

from dagster_project.migrations import run_sql_beside

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Executes the SQL file beside this one."""
    run_sql_beside(__file__)
