"""Applies 0002_ingest.sql."""

from dagster_project.migrations import run_sql_beside

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Executes the SQL file beside this one."""
    run_sql_beside(__file__)
