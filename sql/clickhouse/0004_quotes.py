"""Applies 0004_quotes.sql."""

from dagster_project.migrations import run_sql_beside

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Executes the SQL file beside this one."""
    run_sql_beside(__file__)
