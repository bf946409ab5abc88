"""Rows of marts for commands that print them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from dagster_project.settings import Settings


class NotBuilt(click.ClickException):
    """A warehouse does not hold the mart yet; the message is one line that names the fix."""

    def __init__(self, warehouse: str, mart: str) -> None:
        super().__init__(f"{warehouse} holds no {mart} yet: build it with `candlehouse up --once`")


def of_postgres(settings: Settings, mart: str, query: str) -> list[dict[str, Any]]:
    """What a query of PostgreSQL answers, as candlehouse_readonly, in UTC. `mart` is named when it is not there.

    Raises:
        NotBuilt: the mart is not there.
    """
    import psycopg
    from psycopg.rows import dict_row

    try:
        with (
            psycopg.connect(settings.readonly_url, options="-c timezone=UTC") as connection,
            connection.cursor(row_factory=dict_row) as cursor,
        ):
            return cursor.execute(query.encode()).fetchall()
    except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn):
        # A column may be missing too: the mart is of an older version of the project.
        raise NotBuilt("PostgreSQL", mart) from None


def of_clickhouse(settings: Settings, mart: str, query: str) -> list[dict[str, Any]]:
    """The same of ClickHouse.

    Raises:
        NotBuilt: the mart is not there.
    """
    import clickhouse_connect
    from clickhouse_connect.driver.exceptions import DatabaseError

    try:
        with clickhouse_connect.get_client(dsn=settings.clickhouse_url, autogenerate_session_id=False) as client:
            return list(client.query(query).named_results())
    except DatabaseError as error:
        if any(name in str(error) for name in ("UNKNOWN_TABLE", "UNKNOWN_DATABASE", "UNKNOWN_IDENTIFIER")):
            raise NotBuilt("ClickHouse", mart) from None
        raise
