"""Applies 0019_volatility.sql."""

from dagster_project.migrations import run_sql_beside

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Executes the SQL file beside this one."""
    run_sql_beside(__file__)
