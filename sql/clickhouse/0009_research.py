"""Applies 0009_research.sql."""

from dagster_project.migrations import run_sql_beside

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Executes the SQL file beside this one."""
    run_sql_beside(__file__)
