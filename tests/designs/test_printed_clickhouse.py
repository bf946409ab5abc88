"""Every statement that the hybrid design prints for ClickHouse, against its facade and the canonical tables."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import clickhouse_connect
import psycopg
import pytest
from clickhouse_connect.driver.client import Client

from tests.designs.conftest import printed
from tests.designs.definitions import clickhouse_columns, families
from tests.designs.statements import Statement

NOW = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
# Narrower in print than here: a leverage of 0.5 and a missing figure fit the facade.
WIDER = {"leverage": "number"}
# What the Go driver binds to the printed question marks.
BOUND = {"SELECT timestamp": ("'BTC/USDT'", "'5m'", "100")}
CANONICAL = {
    "SELECT timestamp": """
        SELECT timestamp, symbol, timeframe, open, high, low, close, volume FROM candles
        WHERE exchange = 'hyperliquid' AND symbol = 'BTC/USDT' AND timeframe = '5m'
        ORDER BY timestamp DESC LIMIT 100""",
    "SELECT agent_id, toStartOfHour": """
        SELECT agent_id, toStartOfHour(timestamp), avg(win_rate) FROM agent_performance
        WHERE timestamp > now() - INTERVAL 7 DAY GROUP BY 1, 2 ORDER BY 2, 1""",
    "SELECT agent_id, sum(pnl)": """
        SELECT agent_id, sum(toFloat64(net_pnl)), count(), avg(toFloat64(pnl_percent)) FROM trades_history
        WHERE closed_at > now() - INTERVAL 30 DAY AND exchange != 'sandbox' GROUP BY 1 ORDER BY 2 DESC""",
    "SELECT toStartOfHour": """
        SELECT toStartOfHour(timestamp), symbol, max(high) - min(low), avg(volume) FROM candles
        WHERE exchange = 'hyperliquid' AND timeframe = '1h' AND timestamp > now() - INTERVAL 7 DAY
        GROUP BY 1, 2 ORDER BY 1, 2""",
}


def times(hours: int) -> list[Any]:
    """opened_at, closed_at, duration, entry_reason and exit_reason of a trade that was left so many hours ago."""
    return [NOW - timedelta(hours=hours + 1), NOW - timedelta(hours=hours), 3600, "in", "out"]


@pytest.fixture(scope="module")
def client(warehouse: Any) -> Iterator[Client]:
    with clickhouse_connect.get_client(dsn=warehouse.settings.clickhouse_url) as client:
        yield client


@pytest.fixture(scope="module")
def hybrid(client: Client, warehouse: Any) -> str:
    """Name of the facade's database after the design's own workers have inserted through its doors."""
    facade = f"{warehouse.settings.clickhouse_facade_prefix}hybrid"
    door = f"{facade}_write"
    with psycopg.connect(warehouse.settings.postgres_url) as connection:
        connection.execute("SELECT 1")
    minutes = [NOW - timedelta(minutes=minute) for minute in range(1, 3 * 24 * 60)]
    client.insert(
        f"{door}.market_ohlcv",
        [
            [at, symbol, "1m", 100 + index % 7, 110 + index % 11, 90 - index % 5, 101, 1.5, 150.0, 3]
            for symbol in ("BTC/USDT", "ETH/USDT")
            for index, at in enumerate(minutes)
        ],
        column_names=[
            "timestamp", "symbol", "timeframe", "open", "high", "low", "close", "volume", "quote_volume", "trades",
        ],
    )  # fmt: skip
    client.insert(
        f"{door}.trades_history",
        [
            [f"t{n}", f"agent-{n % 3}", "u", "BTC/USDT", "long", 100.0, 101.0, 1.0, 3.0, n - 4.5, 0.1, 0.01, *times(n)]
            for n in range(20)
        ],
        column_names=[
            "id", "agent_id", "user_id", "symbol", "side", "entry_price", "exit_price", "size", "leverage", "pnl",
            "pnl_percent", "fee", "opened_at", "closed_at", "duration", "entry_reason", "exit_reason",
        ],
    )  # fmt: skip
    client.insert(
        f"{door}.agent_performance",
        [
            [f"agent-{n % 3}", NOW - timedelta(hours=n), 100.0, 100.0, 1.0, 1.0, 4, 3, 1, 0.25 * (n % 4), 1.0, 0.1]
            for n in range(60)
        ],
        column_names=[
            "agent_id", "timestamp", "balance", "equity", "pnl", "pnl_percent", "total_trades", "winning_trades",
            "losing_trades", "win_rate", "sharpe_ratio", "max_drawdown",
        ],
    )  # fmt: skip
    return facade


@pytest.mark.parametrize("statement", printed("table", design="hybrid"))
def test_a_printed_table_is_a_facade_with_the_same_columns(
    client: Client, warehouse: Any, hybrid: str, statement: Statement
) -> None:
    scratch = f"{warehouse.name}_printed"
    client.command(f"CREATE DATABASE {scratch}")
    try:
        client.command(
            statement.text.replace(f"CREATE TABLE {statement.name}", f"CREATE TABLE {scratch}.{statement.name}")
        )
        wanted = clickhouse_columns(client, scratch, statement.name)
    finally:
        client.command(f"DROP DATABASE {scratch}")
    shown = clickhouse_columns(client, hybrid, statement.name)
    assert list(shown) == list(wanted)
    wider = {name: kind for name, kind in WIDER.items() if name in wanted}
    assert families(shown) == families(wanted) | wider
    door = clickhouse_columns(client, f"{hybrid}_write", statement.name)
    assert list(door) == [name for name in wanted if name != "date"]


@pytest.mark.parametrize(
    "statement",
    [p for p in printed("query", design="hybrid") if p.values[0] is None or "FROM trades " not in p.values[0].summary],
)
def test_a_printed_query_equals_the_same_question_asked_of_the_canonical_tables(
    client: Client, warehouse: Any, hybrid: str, statement: Statement
) -> None:
    start = next(start for start in CANONICAL if statement.summary.startswith(start))
    text = statement.text
    for value in BOUND.get(start, ()):
        text = text.replace("?", value, 1)
    with clickhouse_connect.get_client(dsn=warehouse.settings.clickhouse_url, database=hybrid) as application:
        rows = application.query(text).result_rows
    wanted = client.query(CANONICAL[start]).result_rows
    assert wanted
    assert sorted(rows, key=str) == sorted(wanted, key=str)


def test_the_printed_inserts_run_in_the_doors_database(
    warehouse: Any, hybrid: str, statements: list[Statement]
) -> None:
    inserts = [s for s in statements if s.design == "hybrid" and s.text.startswith("INSERT")]
    assert len(inserts) == 2
    values = {
        "market_ohlcv": [NOW - timedelta(days=9), "SOL/USDT", "1m", 1.0, 2.0, 0.5, 1.5, 10.0, 15.0, 3],
        "trades_history": [
            "printed",
            "agent-9",
            "u",
            "SOL/USDT",
            "short",
            2.0,
            1.0,
            1.0,
            2.0,
            1.0,
            50.0,
            0.1,
            *times(960),
        ],
    }
    with clickhouse_connect.get_client(
        dsn=warehouse.settings.clickhouse_url, database=f"{hybrid}_write"
    ) as application:
        for insert in inserts:
            table = insert.text.split()[2]
            literals = [f"'{v:%Y-%m-%d %H:%M:%S}'" if isinstance(v, datetime) else repr(v) for v in values[table]]
            text = insert.text
            for literal in literals:
                text = text.replace("?", literal, 1)
            application.command(text)
    with clickhouse_connect.get_client(dsn=warehouse.settings.clickhouse_url, database=hybrid) as application:
        assert application.query(
            "SELECT close FROM market_ohlcv WHERE symbol = 'SOL/USDT' AND timeframe = '1m'"
        ).result_rows == [(1.5,)]
        assert application.query("SELECT pnl, duration FROM trades_history WHERE id = 'printed'").result_rows == [
            (1.0, 3600)
        ]
