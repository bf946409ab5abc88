"""Connections as the archive needs them: autocommit, UTC, no session shared between queries."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psycopg
    from clickhouse_connect.driver.client import Client

    from dagster_project.settings import Settings


class EngineAway(Exception):
    """An engine does not answer or refuses us; the message is one line."""


@contextmanager
def both(settings: Settings, *, owner: bool = False) -> Iterator[tuple[psycopg.Connection, Client]]:
    """A connection to PostgreSQL as candlehouse_ingest, or as the owner, and a client of ClickHouse, closed afterwards.

    Raises:
        EngineAway: one of them does not answer.
    """
    import clickhouse_connect
    import psycopg
    from clickhouse_connect.driver.exceptions import OperationalError

    try:
        connection = psycopg.connect(
            settings.postgres_url if owner else settings.ingest_url,
            autocommit=True,
            application_name="candlehouse archive",
            options="-c timezone=UTC",
            connect_timeout=10,
        )
    except psycopg.OperationalError as error:
        raise EngineAway(f"PostgreSQL: {str(error).strip().splitlines()[0]}: `candlehouse doctor`") from None
    with connection:
        try:
            client = clickhouse_connect.get_client(
                dsn=settings.clickhouse_url, client_name="candlehouse archive", autogenerate_session_id=False
            )
        except OperationalError as error:
            raise EngineAway(f"ClickHouse: {str(error).strip().splitlines()[0]}: `candlehouse doctor`") from None
        with client:
            yield connection, client
