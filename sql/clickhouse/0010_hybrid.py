"""Applies 0010_hybrid.sql."""

from dagster_project.migrations import run_sql_beside

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Executes the SQL file beside this one."""
    run_sql_beside(__file__)
