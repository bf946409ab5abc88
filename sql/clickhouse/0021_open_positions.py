"""Applies 0021_open_positions.sql."""

from dagster_project.migrations import run_sql_beside

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    """Executes the SQL file beside this one."""
    run_sql_beside(__file__)
