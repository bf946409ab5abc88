"""The copy to ClickHouse on real engines: complete, exact, idempotent, and honest when it is not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import clickhouse_connect
import psycopg
import pytest
from clickhouse_connect.driver.client import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dagster_project.lib import trading_rows as rows
from dagster_project.lib.parity import same
from dagster_project.lib.trading_store import land
from dagster_project.lib.warehouse_copy import POLICIES, copy

SNAPSHOTS = next(policy for policy in POLICIES if policy.source == "account_equity_snapshots")
START = datetime(2025, 10, 26, tzinfo=UTC)

money = st.decimals(min_value=-(10**19), max_value=10**19, places=18)
times = st.datetimes(datetime(1970, 1, 1), datetime(2299, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001


@pytest.fixture
def client(warehouse: Any) -> Iterator[Client]:
    with clickhouse_connect.get_client(dsn=warehouse.settings.clickhouse_url, autogenerate_session_id=False) as opened:
        for policy in POLICIES:
            opened.command(f"TRUNCATE TABLE {policy.storage}")
        yield opened


@pytest.fixture
def agent(connection: psycopg.Connection) -> str:
    values = {"id": "a", "display_name": "A", "origin": "live"}
    land(connection, rows.AGENTS, [rows.Row(values, values)], "test")
    return "a"


def insert(connection: psycopg.Connection, *numbers: int, **changes: Any) -> None:
    for number in numbers:
        row = {"agent_id": "a", "exchange": "x", "captured_at": START + timedelta(minutes=number), "equity": Decimal(5)}
        row |= changes
        connection.execute(
            f"INSERT INTO account_equity_snapshots ({', '.join(row)}) VALUES ({', '.join(['%s'] * len(row))})".encode(),
            list(row.values()),
        )


def stamp(connection: psycopg.Connection, update: str) -> None:
    connection.execute("SET session_replication_role = replica")
    connection.execute(update.encode())
    connection.execute("RESET session_replication_role")


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(times, money, st.none() | money), min_size=1, max_size=8, unique_by=lambda row: row[0]))
def test_every_cell_arrives_as_it_was(
    connection: psycopg.Connection,
    client: Client,
    agent: str,
    drawn: list[tuple[datetime, Decimal, Decimal | None]],
) -> None:
    stamp(connection, "DELETE FROM account_equity_snapshots")
    client.command(f"TRUNCATE TABLE {SNAPSHOTS.storage}")
    for captured_at, equity, balance in drawn:
        insert(connection, 0, captured_at=captured_at, equity=equity, balance=balance)
    done = copy(connection, client, SNAPSHOTS)
    assert (done.sent, done.agree, done.full) == (len(drawn), True, False)
    # A document is text in ClickHouse; the archive's tests say what becomes of documents.
    compared = [column for column in SNAPSHOTS.columns if column != "details"]
    query = f"SELECT {', '.join(compared)} FROM account_equity_snapshots ORDER BY captured_at"
    arrived = client.query(query).result_rows
    sent = connection.execute(query.encode()).fetchall()
    pairs = [pair for left, right in zip(sent, arrived, strict=True) for pair in zip(left, right, strict=True)]
    assert [pair for pair in pairs if not same(*pair)] == []


def test_again_and_again_shows_each_row_once(connection: psycopg.Connection, client: Client, agent: str) -> None:
    insert(connection, *range(100))
    for _ in range(3):
        assert copy(connection, client, SNAPSHOTS).agree
    assert client.command("SELECT count() FROM account_equity_snapshots") == 100


def test_only_what_is_new_travels(connection: psycopg.Connection, client: Client, agent: str) -> None:
    insert(connection, *range(50))
    stamp(connection, "UPDATE account_equity_snapshots SET updated_at = now() - interval '1 day'")
    assert copy(connection, client, SNAPSHOTS).sent == 50
    insert(connection, 50)
    copy(connection, client, SNAPSHOTS)
    done = copy(connection, client, SNAPSHOTS)
    assert (done.sent, done.agree, done.full) == (1, True, False)


def test_a_row_that_committed_late_is_found_by_the_comparison(
    connection: psycopg.Connection, client: Client, agent: str
) -> None:
    insert(connection, 1)
    assert copy(connection, client, SNAPSHOTS).agree
    insert(connection, 2, equity=Decimal(6))
    stamp(connection, "UPDATE account_equity_snapshots SET updated_at = now() - interval '3 hours' WHERE equity = 6")
    done = copy(connection, client, SNAPSHOTS)
    assert (done.full, done.agree) == (True, True)


def test_a_row_that_left_postgresql_is_reported(connection: psycopg.Connection, client: Client, agent: str) -> None:
    insert(connection, 1, 2)
    copy(connection, client, SNAPSHOTS)
    stamp(connection, f"DELETE FROM account_equity_snapshots WHERE captured_at > '{START + timedelta(seconds=90)}'")
    done = copy(connection, client, SNAPSHOTS)
    assert not done.agree
    assert (done.postgres.rows, done.clickhouse.rows) == (1, 2)
