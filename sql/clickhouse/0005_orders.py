"""Applies 0005_orders.sql."""

from dagster_project.migrations import run_sql_beside

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Executes the SQL file beside this one."""
    run_sql_beside(__file__)
