"""Applies 0008_agents.sql."""

from dagster_project.migrations import run_sql_beside

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Executes the SQL file beside this one."""
    run_sql_beside(__file__)
