"""Hours of candles for the marts: a slim copy of ClickHouse's `candles_1h`, the same in both warehouses.

Days that were written to since they were copied (market_days counts the writes) are copied anew; the rest stays.
Made-up candles are left out, except those of the sandbox. An instrument that agents decide on is described by the best
fitting market, as its positions are valued.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from dagster_project.lib.daily_marks import SANDBOX, Instrument, markets_for
from dagster_project.lib.statistics.store import line

if TYPE_CHECKING:
    import psycopg
    from clickhouse_connect.driver.client import Client

COLUMNS = ("exchange", "symbol", "hour", "open", "high", "low", "close", "volume", "origin", "writes")
# Market days copied at a time: 24 rows each.
DAYS_AT_A_TIME = 2_000

MarketDay = tuple[str, str, date, int]


def copy_hours(connection: psycopg.Connection, client: Client) -> tuple[int, int]:
    """Copies what is new or changed. Returns the market days looked at and the rows written.

    Args:
        connection: autocommit.
    """
    stale = stale_days(_stored(client), _copied(connection))
    written = 0
    for start in range(0, len(stale), DAYS_AT_A_TIME):
        rows = list(_hours(client, stale[start : start + DAYS_AT_A_TIME]))
        if rows:
            client.insert("hourly_candles_versions", rows, column_names=COLUMNS)
            written += _upsert(connection, rows)
    return len(stale), written


def stale_days(stored: Iterable[MarketDay], copied: dict[tuple[str, str, date], int]) -> list[MarketDay]:
    """Market days (exchange, symbol, UTC day, writes) that were written to since they were copied."""
    return sorted(day for day in stored if copied.get(day[:3], -1) < day[3])


def assign_markets(instruments: Iterable[Instrument], markets: Sequence[Instrument]) -> list[tuple[str, str, str, str]]:
    """Each instrument with the market that describes it; instruments without one are left out."""
    found = []
    for instrument in sorted(set(instruments)):
        if fitting := markets_for(instrument, markets):
            found.append((*instrument, *fitting[0]))
    return found


def instruments_and_markets(
    connection: psycopg.Connection, client: Client
) -> tuple[list[Instrument], list[Instrument]]:
    """What agents decided on or traded, and the markets with copied hours."""
    decided = connection.execute(
        "SELECT DISTINCT exchange, symbol FROM decisions UNION SELECT DISTINCT exchange, symbol FROM trades"
    ).fetchall()
    traded = client.query("SELECT DISTINCT exchange, symbol FROM trades_history").result_rows
    markets = connection.execute("SELECT DISTINCT exchange, symbol FROM hourly_candles ORDER BY 1, 2").fetchall()
    return [(row[0], row[1]) for row in (*decided, *traded)], [(row[0], row[1]) for row in markets]


def _stored(client: Client) -> list[MarketDay]:
    rows = client.query(
        "SELECT exchange, symbol, toDate32(day) AS day, toInt64(sum(touches)) FROM market_days"
        " GROUP BY exchange, symbol, day"
    ).result_rows
    return [(row[0], row[1], row[2], row[3]) for row in rows]


def _copied(connection: psycopg.Connection) -> dict[tuple[str, str, date], int]:
    rows = connection.execute(
        "SELECT exchange, symbol, (hour AT TIME ZONE 'UTC')::date, min(writes) FROM hourly_candles GROUP BY 1, 2, 3"
    )
    return {(row[0], row[1], row[2]): row[3] for row in rows}


def _hours(client: Client, days: Sequence[MarketDay]) -> Iterator[tuple[Any, ...]]:
    writes = {day[:3]: day[3] for day in days}
    markets = sorted({day[:2] for day in days})
    rows = client.query(
        """
        SELECT exchange, symbol, timestamp, open, high, low, close, volume, toString(origin)
        FROM candles_1h
        WHERE (exchange, symbol) IN {markets:Array(Tuple(String, String))}
            AND timestamp >= {first:Date32} AND timestamp < {last:Date32} + INTERVAL 1 DAY
            AND (origin != 'synthetic' OR exchange = {sandbox:String})
        ORDER BY exchange, symbol, timestamp
        """,
        parameters={
            "markets": markets,
            "first": min(day[2] for day in days),
            "last": max(day[2] for day in days),
            "sandbox": SANDBOX,
        },
    ).result_rows
    for exchange, symbol, hour, *values in rows:
        if (seen := writes.get((exchange, symbol, _day(hour)))) is not None:
            yield exchange, symbol, hour, *values, seen


def _day(hour: datetime) -> date:
    return hour.date()


def _upsert(connection: psycopg.Connection, rows: Sequence[tuple[Any, ...]]) -> int:
    names = ", ".join(COLUMNS)
    changes = ", ".join(f"{name} = excluded.{name}" for name in COLUMNS[3:])
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE fresh_hours (LIKE hourly_candles) ON COMMIT DROP")
        with cursor.copy(f"COPY fresh_hours ({names}) FROM STDIN".encode()) as copy:
            for row in rows:
                copy.write(line((*row[:2], f"{row[2].replace(tzinfo=None).isoformat()}Z", *row[3:])))
        cursor.execute(
            f"INSERT INTO hourly_candles ({names}) SELECT {names} FROM fresh_hours"
            f" ON CONFLICT (exchange, symbol, hour) DO UPDATE SET {changes}".encode()
        )
        return cursor.rowcount
