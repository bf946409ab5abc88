"""Applies 0011_quantbot.sql."""

from dagster_project.migrations import run_sql_beside

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Executes the SQL file beside this one."""
    run_sql_beside(__file__)
