"""Facades in ClickHouse: the printed definitions, reading, writing through the doors, and what both refuse."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import clickhouse_connect
import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError

from tests.conftest import Warehouse

DAY = "toDateTime64('2026-03-01', 3, 'UTC')"
MADE_UP = (
    "INSERT INTO market_ohlcv (exchange, symbol, timeframe, timestamp, open, high, low, close, volume, quote_volume,"
    " trades, origin) SELECT '{exchange}', '{symbol}', '{timeframe}', "
    + DAY
    + " + toIntervalMinute({minutes} * number),"
    " {price}, {price} + 2, {price} - 1, {price} + number % 3, 1.5 + number, 10, 4, '{origin}' FROM numbers({count})"
)
TRADE = {
    "id": "7c1b1c1e-0000-4000-8000-000000000001",
    "agent_id": "a0000000-0000-4000-8000-000000000001",
    "user_id": "b0000000-0000-4000-8000-000000000001",
    "symbol": "BTC",
    "side": "long",
    "entry_price": 64123.45,
    "exit_price": 64200.1,
    "size": 0.001,
    "leverage": 3,
    "pnl": 0.07665,
    "pnl_percent": 1.2,
    "fee": 0.01,
    "opened_at": "2026-03-01 00:00:00.123",
    "closed_at": "2026-03-02 00:00:00.123",
    "duration": 86400,
    "entry_reason": "breakout",
    "exit_reason": "tp_hit",
}


@pytest.fixture(scope="module")
def client(warehouse: Warehouse) -> Iterator[Client]:
    with clickhouse_connect.get_client(dsn=warehouse.settings.clickhouse_url) as client:
        yield client


@pytest.fixture(scope="module")
def prefix(warehouse: Warehouse) -> str:
    return warehouse.settings.clickhouse_facade_prefix


@pytest.fixture(scope="module")
def candles(client: Client) -> None:
    """Two venues list BTC/USDT, one of them in 5m too; one venue has ETH/USDT in 1h; the sandbox has both."""
    for exchange, symbol, timeframe, minutes, count, price, origin in (
        ("binance", "BTC/USDT", "1m", 1, 3000, 100, "venue"),
        ("okx", "BTC/USDT", "5m", 5, 400, 101, "venue"),
        ("okx", "ETH/USDT", "1h", 60, 50, 50, "venue"),
        ("sandbox", "BTC/USDT", "1m", 1, 1000, 7, "synthetic"),
        ("sandbox", "SOL/USDT", "1m", 1, 1000, 7, "synthetic"),
    ):
        client.command(
            MADE_UP.format(
                exchange=exchange,
                symbol=symbol,
                timeframe=timeframe,
                minutes=minutes,
                count=count,
                price=price,
                origin=origin,
            )
        )


@pytest.fixture(scope="module")
def hybrid_document(shared_data: Path) -> str:
    return (shared_data.parent / "designs" / "hybrid.md").read_text()


def rows(client: Client, query: str) -> list[Any]:
    return list(client.query(query).result_rows)


def insert(client: Client, table: str, row: dict[str, Any]) -> None:
    client.raw_insert(table, insert_block=json.dumps(row).encode(), fmt="JSONEachRow")


def set_home(client: Client, exchange: str) -> None:
    client.command(f"INSERT INTO house_settings (name, value) VALUES ('exchange', '{exchange}')")


# What differs from the printed type, and why.
DIFFERENT_TYPES = {
    ("trades_history", "leverage"): "Nullable(Float64)",  # UInt8 has no room for a leverage of 0.5
}


def acceptable(table: str, column: str, printed: str) -> set[str]:
    """Printed type, the same with NULL for unknown, the same in UTC; ids are text."""
    if (table, column) in DIFFERENT_TYPES:
        return {DIFFERENT_TYPES[table, column]}
    kind = re.sub(r"DateTime64\(3\)", "DateTime64(3, 'UTC')", printed)
    return {kind, f"Nullable({kind})"} if kind != "UUID" else {"String"}


def test_columns_are_the_printed_ones(client: Client, prefix: str, hybrid_document: str) -> None:
    printed = re.findall(r"CREATE TABLE (\w+) \(.*?ORDER BY \([^;]*;", hybrid_document, re.DOTALL)
    assert len(printed) == 6
    scratch = f"{prefix}printed"
    client.command(f"CREATE DATABASE `{scratch}`")
    try:
        for statement in re.findall(r"CREATE TABLE \w+ \(.*?ORDER BY \([^;]*;", hybrid_document, re.DOTALL):
            client.command(re.sub(r"CREATE TABLE (\w+)", rf"CREATE TABLE `{scratch}`.\1", statement).rstrip(";"))
        for table in printed:
            columns = "SELECT name, type, default_kind FROM system.columns WHERE database = '{}' AND table = '{}'"
            theirs = rows(client, columns.format(scratch, table))
            ours = {row[0]: row[1:] for row in rows(client, columns.format(f"{prefix}hybrid", table))}
            assert list(ours) == [row[0] for row in theirs], table
            for name, kind, default in theirs:
                assert ours[name][0] in acceptable(table, name, kind), f"{table}.{name}"
                assert bool(ours[name][1]) == (default == "MATERIALIZED"), f"SELECT * of {table}"
    finally:
        client.command(f"DROP DATABASE `{scratch}`")


@pytest.mark.usefixtures("candles")
def test_market_ohlcv_is_the_candles_of_one_venue_per_symbol(client: Client, prefix: str) -> None:
    columns = "timestamp, symbol, timeframe, open, high, low, close, volume, quote_volume, trades"
    facade = rows(client, f"SELECT {columns} FROM {prefix}hybrid.market_ohlcv ORDER BY ALL")
    canonical = rows(
        client,
        f"SELECT {columns} FROM candles WHERE exchange = 'binance' OR (exchange = 'okx' AND symbol = 'ETH/USDT')"
        " ORDER BY ALL",
    )
    assert facade == canonical
    assert {row[2] for row in facade if row[1] == "BTC/USDT"} == {"1m", "5m", "15m", "30m", "1h", "4h", "1d"}
    assert {row[2] for row in facade if row[1] == "ETH/USDT"} == {"1h", "4h", "1d"}


@pytest.mark.usefixtures("candles")
def test_the_home_exchange_is_a_setting_and_the_sandbox_can_be_home(client: Client, prefix: str) -> None:
    count = (
        f"SELECT symbol, count() FROM {prefix}hybrid.market_ohlcv WHERE timeframe IN ('1m', '5m') GROUP BY 1 ORDER BY 1"
    )
    try:
        set_home(client, "okx")
        assert rows(client, count) == [("BTC/USDT", 400)]
        set_home(client, "sandbox")
        assert rows(client, count) == [("BTC/USDT", 1200), ("SOL/USDT", 1200)]
        assert rows(client, f"SELECT DISTINCT chain FROM {prefix}quantbot.ohlcv_candles") == [("sandbox",)]
    finally:
        set_home(client, "")
    assert rows(client, f"SELECT DISTINCT chain FROM {prefix}quantbot.ohlcv_candles ORDER BY 1") == [
        ("binance",),
        ("okx",),
    ]


@pytest.mark.usefixtures("candles")
def test_the_printed_queries_run(client: Client, prefix: str, hybrid_document: str) -> None:
    row = {**TRADE, "id": "recent", "agent_id": "q1", "closed_at": "2099-01-01 00:00:00"}
    insert(client, f"{prefix}hybrid_write.trades_history", row)
    insert(client, f"{prefix}hybrid_write.trades_history", {**row, "id": "recent2", "pnl": -0.02, "pnl_percent": 0.2})
    for hour, rate in ((1, 0.5), (2, 0.7)):
        insert(
            client,
            f"{prefix}hybrid_write.agent_performance",
            {"agent_id": "q1", "timestamp": f"2099-01-01 0{hour}:10:00", "win_rate": rate},
        )
    blocks = re.findall(r"```sql\n(.*?)```", hybrid_document, re.DOTALL)
    queries = [q for block in blocks for q in block.split(";") if "SELECT" in q and "CREATE" not in q]
    assert len(queries) == 3
    client.database = f"{prefix}hybrid"
    try:
        hours, best, volatility = (rows(client, query) for query in queries)
    finally:
        client.database = prefix.removesuffix("_")
    assert [(row[0], round(row[2], 6)) for row in hours] == [("q1", 0.5), ("q1", 0.7)]
    assert best == [("q1", pytest.approx(0.05665), 2, pytest.approx(0.7))]
    assert volatility == rows(
        client,
        "SELECT toStartOfHour(timestamp) AS hour, symbol, max(high) - min(low), avg(volume) FROM candles"
        " WHERE timeframe = '1h' AND timestamp > now() - INTERVAL 7 DAY AND exchange != 'sandbox'"
        " GROUP BY hour, symbol ORDER BY hour",
    )


def test_the_printed_select_of_candles_runs(client: Client, prefix: str, candles: None) -> None:
    newest = rows(
        client,
        "SELECT timestamp, symbol, timeframe, open, high, low, close, volume"
        f" FROM {prefix}hybrid.market_ohlcv WHERE symbol = 'BTC/USDT' AND timeframe = '5m'"
        " ORDER BY timestamp DESC LIMIT 3",
    )
    assert [row[0].strftime("%d %H:%M") for row in newest] == ["03 01:55", "03 01:50", "03 01:45"]


def test_a_trade_written_through_its_door_is_read_everywhere_once(client: Client, prefix: str) -> None:
    for _ in range(2):
        insert(client, f"{prefix}hybrid_write.trades_history", TRADE)
    read = client.query(f"SELECT * FROM {prefix}hybrid.trades_history WHERE id = '{TRADE['id']}'")
    (row,) = read.named_results()
    assert {key: value for key, value in row.items() if not key.endswith("_at")} == {
        key: value for key, value in TRADE.items() if not key.endswith("_at")
    }
    assert row["closed_at"].isoformat(timespec="milliseconds").startswith("2026-03-02T00:00:00.123")
    ((exchange, quantity, net_pnl, user),) = rows(
        client, f"SELECT exchange, quantity, net_pnl, user_id FROM trades_history WHERE id = '{TRADE['id']}'"
    )
    assert (exchange, quantity, net_pnl, user) == (
        "hyperliquid",
        Decimal("0.001"),
        Decimal("0.07665"),
        TRADE["user_id"],
    )
    insert(client, f"{prefix}hybrid_write.agent_performance", {"agent_id": TRADE["agent_id"], "balance": 5})
    joined = rows(
        client,
        f"SELECT t.id, p.balance FROM {prefix}hybrid.trades_history AS t"
        f" INNER JOIN {prefix}hybrid.agent_performance AS p ON p.agent_id = t.agent_id"
        " INNER JOIN trades_history AS c ON c.agent_id = t.agent_id AND c.id = t.id"
        f" WHERE t.agent_id = '{TRADE['agent_id']}' AND t.id = '{TRADE['id']}'",
    )
    assert joined == [(TRADE["id"], 5.0)]


def test_a_trade_that_postgresql_archived_wins_over_the_same_one_from_a_door(client: Client, prefix: str) -> None:
    row = {**TRADE, "id": "archived"}
    client.command(
        "INSERT INTO trades_history_versions (id, agent_id, exchange, symbol, side, status, currency, quantity,"
        " closed_at, origin, details, created_at, updated_at, net_pnl) VALUES ('archived', '"
        f"{row['agent_id']}', 'bybit', 'BTC', 'long', 'closed', 'USD', 1, '{row['closed_at']}', 'live', '{{}}',"
        " '2026-03-02 00:00:01', '2026-03-02 00:00:01', 9)"
    )
    insert(client, f"{prefix}hybrid_write.trades_history", row)
    assert rows(client, "SELECT exchange, net_pnl FROM trades_history WHERE id = 'archived'") == [("bybit", Decimal(9))]


DOORS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    (
        "hybrid.agent_decisions_log",
        {
            "id": "d1",
            "agent_id": "a1",
            "symbol": "BTC",
            "action": "open_long",
            "confidence": 87,
            "executed": True,
            "technical_score": 1.5,
            "news_score": -2,
            "onchain_score": 0,
            "sentiment_score": 0.25,
            "final_score": 3,
        },
        {"created_at": "2026-03-01 10:00:00.500"},
    ),
    (
        "hybrid.orders_history",
        {
            "id": "o1",
            "agent_id": "a1",
            "user_id": "u",
            "symbol": "BTC",
            "order_type": "limit",
            "side": "buy",
            "price": 64000.5,
            "amount": 0.25,
            "filled": 0.125,
            "status": "cancelled",
        },
        {"created_at": "2026-03-01 10:00:00", "updated_at": "2026-03-01 10:00:01"},
    ),
    (
        "hybrid.news_articles",
        {
            "id": "n1",
            "source": "rss",
            "title": "ETF approved",
            "content": "The SEC said yes",
            "url": "https://x",
            "author": "",
            "sentiment": 0.5,
            "impact": 9,
            "symbols": ["BTC", "ETH"],
        },
        {"published_at": "2026-03-01 10:00:00", "processed_at": "2026-03-01 10:01:00"},
    ),
    (
        "hybrid.sentiment_data",
        {
            "id": "s1",
            "symbol": "BTC",
            "sentiment_type": "social",
            "score": -0.25,
            "volume": 12,
            "confidence": 0.75,
            "source": "reddit",
        },
        {"timestamp": "2026-03-01 10:00:00"},
    ),
    (
        "hybrid.onchain_transactions",
        {
            "id": "w1",
            "transaction_hash": "0xabc",
            "transaction_type": "exchange_inflow",
            "symbol": "ETH",
            "from_address": "0x1",
            "to_address": "0x2",
            "amount": 1.5e21,
            "amount_usd": 4.5e9,
            "impact_score": 7,
            "blockchain": "ethereum",
        },
        {"detected_at": "2026-03-01 10:00:00"},
    ),
    (
        "hybrid.exchange_flows",
        {
            "symbol": "ETH",
            "exchange_name": "binance",
            "inflow": 10.5,
            "outflow": 4,
            "net_flow": 6.5,
            "transaction_count": 3,
        },
        {"hour": "2026-03-01 10:00:00"},
    ),
    (
        "hybrid.market_tickers",
        {"symbol": "BTC", "bid": 1.5, "ask": 2.5, "last": 2},
        {"timestamp": "2026-03-01 10:00:00"},
    ),
    (
        "hybrid.market_orderbook",
        {"symbol": "BTC", "bid_prices": [2, 1], "bid_sizes": [5, 6], "ask_prices": [3], "ask_sizes": [7]},
        {"timestamp": "2026-03-01 10:00:00"},
    ),
    (
        "quantbot.simulation_events",
        {
            "simulation_run_id": 7,
            "token_address": "So1",
            "chain": "solana",
            "seq": 1,
            "event_type": "entry",
            "price": 1.2345678901234567e-9,
            "size": 1,
            "remaining_position": 1,
            "pnl_so_far": 0,
            "indicators_json": '{"rsi": 30}',
            "position_state_json": "{}",
            "metadata_json": "{}",
        },
        {"event_time": "2026-03-01 10:00:00"},
    ),
    (
        "quantbot.simulation_aggregates",
        {
            "simulation_run_id": 7,
            "token_address": "So1",
            "chain": "solana",
            "final_pnl": 1.5,
            "max_drawdown": 0.5,
            "volatility": 0.25,
            "sharpe_ratio": 2,
            "sortino_ratio": 3,
            "win_rate": 0.5,
            "trade_count": 4,
            "reentry_count": 1,
            "ladder_entries_used": 2,
            "ladder_exits_used": 3,
        },
        {},
    ),
    (
        "tradingagents.technical_indicators",
        {
            "symbol": "AAPL",
            "exchange": "nasdaq",
            "timeframe": "1d",
            "indicator": "rsi",
            "parameters": "14",
            "value": 55.5,
        },
        {"timestamp": "2026-03-01 00:00:00"},
    ),
    (
        "tradingagents.ml_features",
        {
            "symbol": "AAPL",
            "exchange": "nasdaq",
            "timeframe": "1d",
            "feature_set": "base",
            "feature_version": "2",
            "features": {"rsi": 55.5},
        },
        {"timestamp": "2026-03-01 00:00:00"},
    ),
]


@pytest.mark.parametrize(("table", "row", "times"), DOORS, ids=[door[0] for door in DOORS])
def test_what_a_door_takes_is_read_once(
    client: Client, prefix: str, table: str, row: dict[str, Any], times: dict[str, Any]
) -> None:
    database, name = table.split(".")
    for _ in range(2):
        insert(client, f"{prefix}{database}_write.{name}", {**row, **times})
    key = next(iter(row))
    found = list(client.query(f"SELECT * FROM {prefix}{table} WHERE {key} = '{row[key]}'").named_results())
    assert len(found) == 1
    assert {name: found[0][name] for name in row} == row
    assert {name: str(found[0][name])[:19] for name in times} == {name: value[:19] for name, value in times.items()}


def test_candles_written_through_three_designs_are_candles(client: Client, prefix: str) -> None:
    values = {"open": 1, "high": 3, "low": 0.5, "close": 2, "volume": 10}
    for minute in (0, 1):
        at = {"timestamp": f"2026-04-01 00:0{minute}:00", **values}
        insert(client, f"{prefix}hybrid_write.market_ohlcv", {**at, "symbol": "H/USDT", "timeframe": "1m"})
        insert(
            client,
            f"{prefix}quantbot_write.ohlcv_candles",
            {**at, "token_address": "So1", "chain": "solana", "interval": "1m"},
        )
        insert(
            client,
            f"{prefix}tradingagents_write.market_data",
            {**at, "symbol": "AAPL", "exchange": "nasdaq", "timeframe": "1m", "trades": 5},
        )
    assert rows(
        client,
        "SELECT exchange, symbol, count() FROM candles_stored WHERE toDate(timestamp) = '2026-04-01'"
        " GROUP BY 1, 2 ORDER BY 1",
    ) == [("hyperliquid", "H/USDT", 2), ("nasdaq", "AAPL", 2), ("solana", "So1", 2)]
    assert rows(
        client,
        "SELECT `interval`, close, volume FROM"
        f" {prefix}quantbot.ohlcv_candles WHERE token_address = 'So1' AND chain = 'solana' ORDER BY timestamp",
    ) == [("1m", 2.0, 10.0), ("1m", 2.0, 10.0)]
    assert rows(
        client, f"SELECT count(), sum(trades) FROM {prefix}tradingagents.market_data WHERE symbol = 'AAPL'"
    ) == [(2, 10)]


def test_a_candle_that_is_still_open_does_not_land(client: Client, prefix: str) -> None:
    client.command(
        f"INSERT INTO {prefix}hybrid_write.market_ohlcv (timestamp, symbol, timeframe, open, high, low, close, volume)"
        " SELECT toStartOfHour(now()) - toIntervalHour(number), 'OPEN/USDT', '1h', 1, 1, 1, 1, 1 FROM numbers(2)"
    )
    assert rows(client, "SELECT count() FROM market_ohlcv WHERE symbol = 'OPEN/USDT'") == [(1,)]


def test_quotes_are_those_of_the_last_hour_and_older_ones_stay_in_the_store(client: Client, prefix: str) -> None:
    client.command(
        f"INSERT INTO {prefix}tradingagents_write.realtime_quotes"
        " (timestamp, symbol, exchange, bid, ask, price, volume)"
        " SELECT now64(3) - toIntervalMinute(40 * number), 'MSFT', 'nasdaq', 1, 2, 1.5, 100 FROM numbers(4)"
    )
    assert rows(
        client, f"SELECT count(), any(price) FROM {prefix}tradingagents.realtime_quotes WHERE symbol = 'MSFT'"
    ) == [(2, 1.5)]
    assert rows(client, "SELECT count(), any(last) FROM market_tickers WHERE symbol = 'MSFT'") == [(4, 1.5)]


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "1e21"])
def test_money_that_does_not_fit_is_refused_and_its_column_named(client: Client, prefix: str, value: str) -> None:
    with pytest.raises(DatabaseError, match=r"entry_price|Decimal"):
        client.command(
            f"INSERT INTO {prefix}hybrid_write.trades_history (id, agent_id, entry_price, closed_at)"
            f" SELECT 'torture', 'a', {value}, now64(3)"
        )
    assert rows(client, "SELECT count() FROM trades_history_versions WHERE id = 'torture'") == [(0,)]


def test_sandbox_rows_are_not_shown_among_real_ones(client: Client, prefix: str) -> None:
    try:
        set_home(client, "sandbox")
        insert(client, f"{prefix}hybrid_write.trades_history", {**TRADE, "id": "made-up", "agent_id": "robot"})
        assert rows(client, f"SELECT id FROM {prefix}hybrid.trades_history") == [("made-up",)]
    finally:
        set_home(client, "")
    assert rows(client, f"SELECT count() FROM {prefix}hybrid.trades_history WHERE id = 'made-up'") == [(0,)]
    assert rows(client, "SELECT exchange FROM trades_history WHERE id = 'made-up'") == [("sandbox",)]


def test_a_view_refuses_inserts_which_is_why_there_are_doors(client: Client, prefix: str) -> None:
    with pytest.raises(DatabaseError, match="not supported by storage View"):
        client.command(f"INSERT INTO {prefix}quantbot.simulation_events (simulation_run_id, seq) VALUES (1, 1)")
