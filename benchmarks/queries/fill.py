"""Rows of marts and of ClickHouse's history, made by the engines themselves from a row number."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg
from clickhouse_connect.driver.client import Client

from dagster_project.lib.candles.store import CandleStore

SYMBOLS = ("BTC", "ETH", "SOL", "BNB", "DOGE", "XRP")
DAYS = 730
VERSIONS = 10
# Candles of history lie on minutes that end now, so that "the last seven days" means something.
CANDLES = """
INSERT INTO market_ohlcv (exchange, symbol, timeframe, timestamp, open, high, low, close, volume)
SELECT 'binance', {symbol:String}, '1m',
    toStartOfMinute(now64(3, 'UTC')) - toIntervalMinute(number + 1) AS at,
    100 + 10 * sin(number / 5000) AS o, o * 1.0005, o * 0.9995, o * (1 + 0.0004 * sin(number)), 1 + number % 97
FROM numbers({candles:UInt64})
SETTINGS max_partitions_per_insert_block = 0
"""
# By agents of very different sizes: the square of an even draw.
TRADES = """
INSERT INTO trades_history_versions (id, agent_id, exchange, symbol, side, status, currency, quantity, entry_price,
    exit_price, gross_pnl, net_pnl, pnl_percent, fee, opened_at, closed_at, prompt_version, origin, details, created_at,
    updated_at)
SELECT concat('t', toString(number)),
    concat('agent-', toString(toUInt32(pow(rand(1) / 4294967296, 2) * {agents:UInt32}))), 'hyperliquid',
    arrayElement(['BTC', 'ETH', 'SOL', 'BNB', 'DOGE', 'XRP'], 1 + number % 6),
    if(number % 3 = 0, 'short', 'long'), 'closed', 'USD', 1, 100, 101, 1, (rand(2) % 2001 - 1000) / 10 AS net,
    net / 100, 0.5, at - INTERVAL 3 HOUR,
    now64(6) - toIntervalSecond(number * {days:UInt32} * 86400 / {trades:UInt64}) AS at,
    concat('v', toString(number % 10)), 'live', '{}', at, at
FROM numbers({trades:UInt64})
SETTINGS max_partitions_per_insert_block = 0
"""
_DAY = {"postgres": "date '2024-01-01' + ({0})::int", "clickhouse": "toDate32('2024-01-01') + toIntervalDay({0})"}
_HOUR = {
    "postgres": "timestamptz '2024-01-01 00:00+00' + ({0}) * interval '1 hour'",
    "clickhouse": "toDateTime64('2024-01-01 00:00:00', 6, 'UTC') + toIntervalHour({0})",
}


@dataclass(frozen=True)
class Mart:
    """How many rows, and the columns that queries look for, by row number `n`; the others follow from their types."""

    rows: int
    columns: dict[str, str]


def marts(engine: str, agents: int, trades: int) -> dict[str, Mart]:
    """The marts that are asked, at the size that these numbers of agents and trades give in two years."""
    whole = "div(n, {0})" if engine == "postgres" else "intDiv(n, {0})"
    home = {"exchange": "'hyperliquid'", "origin_group": "'real'"}
    agent = {**home, "agent_id": f"concat('agent-', n % {agents})"}
    symbol = " ".join(f"WHEN {place} THEN '{name}'" for place, name in enumerate(SYMBOLS))

    def by(count: int) -> str:
        return whole.format(count)

    def of(expr: str) -> str:
        return f"CASE {expr} % {len(SYMBOLS)} {symbol} END"

    return {
        "leaderboard": Mart(agents, {**agent, "rank": "n + 1"}),
        "agent_daily": Mart(agents * DAYS, {**agent, "day": _DAY[engine].format(by(agents))}),
        "prompt_performance": Mart(
            agents * VERSIONS,
            {**agent, "scope": "'agent'", "prompt_version": f"concat('v', {by(agents)})", "regime": "'all'"},
        ),
        # What the view prompt_days reads.
        "int_prompt_days": Mart(
            agents * VERSIONS * DAYS // 5,
            {
                **agent,
                "prompt_version": f"concat('v', {by(agents)} % {VERSIONS})",
                "symbol": of(by(agents * VERSIONS)),
                "day": _DAY[engine].format(f"{by(agents * VERSIONS)} * 5"),
            },
        ),
        "market_volatility": Mart(
            len(SYMBOLS) * DAYS * 24,
            {"exchange": home["exchange"], "symbol": of("n"), "hour": _HOUR[engine].format(by(len(SYMBOLS)))},
        ),
        "trade_facts": Mart(
            trades,
            {
                **agent,
                "trade_id": "concat('t', n)",
                "symbol": of("n"),
                "prompt_version": f"concat('v', n % {VERSIONS})",
                "closed_at": _HOUR[engine].format(f"n % {DAYS * 24}"),
            },
        ),
    }


def fill_history(client: Client, candles: int, trades: int, agents: int, say: Callable[[str], None]) -> None:
    """Candles of 20 markets and closed trades, as they lie after years."""
    markets = 20
    for number in range(markets):
        values = {"symbol": f"M{number:02}/USDT", "candles": candles // markets}
        client.command(CANDLES, parameters=values)
        say(f"candles of {number + 1} of {markets} markets")
    say(f"hours of {CandleStore(client).roll_hours(datetime.now(UTC).date()):,} days of markets")
    client.command(TRADES, parameters={"trades": trades, "agents": agents, "days": DAYS})
    say(f"{trades:,} trades in ClickHouse")


def fill_postgres(connection: psycopg.Connection[Any], agents: int, trades: int, say: Callable[[str], None]) -> None:
    """Rows of the marts that dbt made in the schema analytics. `connection` owns them and is in autocommit."""
    for name, mart in marts("postgres", agents, trades).items():
        columns = connection.execute(
            "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute"
            " WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
            [f"analytics.{name}"],
        ).fetchall()
        connection.execute(
            f"INSERT INTO analytics.{name} SELECT {', '.join(_casts('postgres', columns, mart))}"
            f" FROM generate_series(0::bigint, {mart.rows - 1}) AS n".encode()
        )
        connection.execute(f"ANALYZE analytics.{name}".encode())
        say(f"{mart.rows:,} rows of {name} in PostgreSQL")


def fill_clickhouse(client: Client, database: str, agents: int, trades: int, say: Callable[[str], None]) -> None:
    """The same rows in ClickHouse."""
    for name, mart in marts("clickhouse", agents, trades).items():
        columns = client.query(
            "SELECT name, type FROM system.columns WHERE database = {database:String} AND table = {name:String}"
            " ORDER BY position",
            parameters={"database": database, "name": name},
        ).result_rows
        client.command(
            f"INSERT INTO `{database}`.{name} SELECT {', '.join(_casts('clickhouse', columns, mart))}"
            f" FROM (SELECT toInt64(number) AS n FROM numbers({mart.rows}))"
            " SETTINGS max_partitions_per_insert_block = 0"
        )
        say(f"{mart.rows:,} rows of {name} in ClickHouse")


def _casts(engine: str, columns: Any, mart: Mart) -> Iterator[str]:
    unknown = set(mart.columns) - {name for name, _ in columns}
    if unknown:
        raise ValueError(f"no such columns in the mart: {', '.join(sorted(unknown))}")
    for name, kind in columns:
        yield f"CAST({mart.columns.get(name) or _by_type(engine, kind)} AS {kind}) AS {name}"


def _by_type(engine: str, kind: str) -> str:
    low = kind.lower()
    if "timestamp" in low or "datetime" in low:
        return _HOUR[engine].format("n % 17520")
    if "date" in low:
        return _DAY[engine].format("n % 730")
    if "bool" in low:
        return "n % 2 = 0"
    if "string" in low or low == "text":
        return "'x'"
    return "n % 1000" if "int" in low else "(n % 1000) / 1000.0"
