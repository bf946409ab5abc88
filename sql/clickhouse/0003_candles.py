"""Applies 0003_candles.sql."""

from dagster_project.migrations import run_sql_beside

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Executes the SQL file beside this one."""
    run_sql_beside(__file__)
