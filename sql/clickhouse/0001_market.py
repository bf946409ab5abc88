"""Applies 0001_market.sql."""

from dagster_project.migrations import run_sql_beside

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Executes the SQL file beside this one."""
    run_sql_beside(__file__)
