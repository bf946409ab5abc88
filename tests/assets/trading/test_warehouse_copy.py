"""The copy to ClickHouse on real engines: complete, exact, idempotent, and honest when it is not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
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
from dagster_project.lib.trading_store import land, land_trades
from dagster_project.lib.warehouse_copy import POLICIES, copy

TRADES = next(policy for policy in POLICIES if policy.source == "trades")

money = st.none() | st.decimals(min_value=-(10**19), max_value=10**19, places=18)
positive = st.decimals(min_value="0.000000000000000001", max_value=10**19, places=18)
words = st.none() | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
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


def trade(number: int, **changes: Any) -> rows.Values:
    return {
        "id": f"t{number}",
        "agent_id": "a",
        "exchange": "x",
        "symbol": "BTC",
        "side": "long",
        "status": "closed",
        "quantity": Decimal(1),
        "net_pnl": Decimal("1.5"),
        "closed_at": datetime(2025, 10, 26, tzinfo=UTC),
        **changes,
    }


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "quantity": positive,
                "net_pnl": money,
                "fee": money,
                "entry_reason": words,
                "exit_reason": words,
                "opened_at": st.none(),
                "closed_at": times,
                "details": st.dictionaries(words.filter(bool), words, max_size=2),
            }
        ),
        min_size=1,
        max_size=8,
    )
)
def test_every_cell_arrives_as_it_was(
    connection: psycopg.Connection, client: Client, agent: str, drawn: list[dict[str, Any]]
) -> None:
    connection.execute("TRUNCATE trades")
    client.command(f"TRUNCATE TABLE {TRADES.storage}")
    tally = land_trades(connection, (trade(number, **row) for number, row in enumerate(drawn)), "test")
    assert (tally.landed, tally.quarantined) == (len(drawn), 0)
    done = copy(connection, client, TRADES)
    assert (done.sent, done.agree, done.full) == (len(drawn), True, False)
    columns = [column for column in TRADES.columns if column != "details"]
    query = f"SELECT {', '.join(columns)} FROM {{}} ORDER BY id"
    arrived = client.query(query.format("trades_history")).result_rows
    sent = connection.execute(query.format("trades").encode()).fetchall()
    pairs = [pair for left, right in zip(sent, arrived, strict=True) for pair in zip(left, right, strict=True)]
    assert [pair for pair in pairs if not same(*pair)] == []
    details = client.query("SELECT details FROM trades_history ORDER BY id").result_rows
    stored = connection.execute("SELECT details FROM trades ORDER BY id").fetchall()
    assert [json.loads(text) for (text,) in details] == [document for (document,) in stored]


def test_again_and_again_shows_each_trade_once(connection: psycopg.Connection, client: Client, agent: str) -> None:
    land_trades(connection, (trade(number) for number in range(100)), "test")
    for _ in range(3):
        assert copy(connection, client, TRADES).agree
    assert client.command("SELECT count() FROM trades_history") == 100


def test_a_correction_that_moves_the_month_shows_once(
    connection: psycopg.Connection, client: Client, agent: str
) -> None:
    land_trades(connection, [trade(1)], "test")
    copy(connection, client, TRADES)
    land_trades(connection, [trade(1, closed_at=datetime(2025, 11, 1, tzinfo=UTC), net_pnl=Decimal(-1))], "test")
    assert copy(connection, client, TRADES).agree
    assert client.query("SELECT toMonth(closed_at), net_pnl FROM trades_history").result_rows == [(11, Decimal(-1))]


def test_only_what_is_new_travels(connection: psycopg.Connection, client: Client, agent: str) -> None:
    land_trades(connection, (trade(number) for number in range(50)), "test")
    connection.execute("ALTER TABLE trades DISABLE TRIGGER touch_updated_at")
    connection.execute("UPDATE trades SET updated_at = now() - interval '1 day'")
    connection.execute("ALTER TABLE trades ENABLE TRIGGER touch_updated_at")
    assert copy(connection, client, TRADES).sent == 50
    land_trades(connection, [trade(50)], "test")
    copy(connection, client, TRADES)
    done = copy(connection, client, TRADES)
    assert (done.sent, done.agree, done.full) == (1, True, False)


def test_a_row_that_committed_late_is_found_by_the_comparison(
    connection: psycopg.Connection, client: Client, agent: str
) -> None:
    land_trades(connection, [trade(1)], "test")
    assert copy(connection, client, TRADES).agree
    land_trades(connection, [trade(2)], "test")
    connection.execute("ALTER TABLE trades DISABLE TRIGGER touch_updated_at")
    connection.execute("UPDATE trades SET updated_at = now() - interval '3 hours' WHERE id = 't2'")
    connection.execute("ALTER TABLE trades ENABLE TRIGGER touch_updated_at")
    done = copy(connection, client, TRADES)
    assert (done.full, done.agree) == (True, True)


def test_a_row_that_left_postgresql_is_reported(connection: psycopg.Connection, client: Client, agent: str) -> None:
    land_trades(connection, [trade(1), trade(2)], "test")
    copy(connection, client, TRADES)
    connection.execute("DELETE FROM trades WHERE id = 't2'")
    done = copy(connection, client, TRADES)
    assert not done.agree
    assert (done.postgres.rows, done.clickhouse.rows) == (1, 2)


def test_open_trades_stay(connection: psycopg.Connection, client: Client, agent: str) -> None:
    land_trades(connection, [trade(1, status="open", closed_at=None), trade(2)], "test")
    assert copy(connection, client, TRADES).clickhouse.rows == 1
