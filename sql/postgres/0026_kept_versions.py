"""Applies 0026_kept_versions.sql."""

from dagster_project.migrations import run_sql_beside

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    """Executes the SQL file beside this one."""
    run_sql_beside(__file__)
