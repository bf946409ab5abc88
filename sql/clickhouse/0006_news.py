"""Applies 0006_news.sql."""

from dagster_project.migrations import run_sql_beside

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Executes the SQL file beside this one."""
    run_sql_beside(__file__)
