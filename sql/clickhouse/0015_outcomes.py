"""Applies 0015_outcomes.sql."""

from dagster_project.migrations import run_sql_beside

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Executes the SQL file beside this one."""
    run_sql_beside(__file__)
