"""Applies 0018_mart_inputs.sql."""

from dagster_project.migrations import run_sql_beside

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Executes the SQL file beside this one."""
    run_sql_beside(__file__)
