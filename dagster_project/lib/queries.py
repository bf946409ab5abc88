"""Statements that assets run, by name: `sql/queries/NAME.sql`."""

from __future__ import annotations

from functools import cache

from dagster_project.settings import PROJECT_ROOT

QUERIES = PROJECT_ROOT / "sql" / "queries"


@cache
def query(name: str) -> str:
    """The text of `sql/queries/NAME.sql` without its trailing semicolon.

    Raises:
        FileNotFoundError: there is no such statement.
    """
    return (QUERIES / f"{name}.sql").read_text().strip().removesuffix(";")


def statement(name: str) -> bytes:
    """`query(name)` as psycopg takes SQL that is not a literal in the code."""
    return query(name).encode()
