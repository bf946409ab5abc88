"""Applies 0007_chain.sql."""

from dagster_project.migrations import run_sql_beside

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Executes the SQL file beside this one."""
    run_sql_beside(__file__)
