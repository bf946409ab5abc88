"""Applies 0025_turns.sql."""

from dagster_project.migrations import run_sql_beside

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    """Executes the SQL file beside this one."""
    run_sql_beside(__file__)
