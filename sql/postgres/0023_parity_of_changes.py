"""Applies 0023_parity_of_changes.sql."""

from dagster_project.migrations import run_sql_beside

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    """Executes the SQL file beside this one."""
    run_sql_beside(__file__)
