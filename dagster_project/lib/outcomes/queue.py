"""Which decisions are due: new or changed ones, those whose trades changed, and those whose candles came or changed.

Each step reads what changed since it last looked and queues it in one transaction with how far it looked, so that a
kill loses nothing. Candles are looked at before they are read for scoring: what is written in between is queued again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from dagster_project.lib.outcomes.markets import Markets, Source
from dagster_project.lib.outcomes.method import Method
from dagster_project.lib.queries import statement

if TYPE_CHECKING:
    import psycopg
    from clickhouse_connect.driver.client import Client

# A transaction may commit this long after it stamped its rows, and clocks of writers may differ by as much.
OVERLAP = timedelta(minutes=10)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Changed:
    """Candles of one source in [start, end) that are new or corrected."""

    source: Source
    start: datetime
    end: datetime


def looked_until(connection: psycopg.Connection) -> datetime:
    """The newest change of a decision that was queued before this run, less what may have come late; else the epoch."""
    seen = _seen(connection, "decisions")
    return seen - OVERLAP if seen else EPOCH


def queue_all(connection: psycopg.Connection, client: Client, markets: Markets, method: Method) -> None:
    """Queues everything that is due. `connection` is in autocommit."""
    connection.execute(
        "INSERT INTO outcome_methods (method, parameters) VALUES (%s, %s::jsonb) ON CONFLICT (method) DO NOTHING",
        (method.name, method.parameters),
    )
    connection.execute("UPDATE ops.outcome_queue SET is_due = true WHERE NOT is_due AND method <> %s", (method.name,))
    queue_decisions(connection)
    queue_trades(connection, client)
    queue_candles(connection, client, markets, method)
    queue_gaps(connection, markets, method)


def queue_decisions(connection: psycopg.Connection) -> None:
    """New and changed decisions; all of them once more when a late transaction was missed."""
    with connection.transaction():
        newest = _newest(connection, "SELECT max(updated_at) FROM decisions")
        since = _seen(connection, "decisions")
        connection.execute(statement("outcome_queue_decisions"), {"since": since - OVERLAP if since else EPOCH})
        row = connection.execute(
            "SELECT (SELECT count(*) FROM decisions) = (SELECT count(*) FROM ops.outcome_queue)"
        ).fetchone()
        if row is not None and not row[0]:
            connection.execute(statement("outcome_queue_decisions"), {"since": EPOCH})
        _see(connection, "decisions", newest)


def queue_trades(connection: psycopg.Connection, client: Client) -> None:
    """Decisions of changed trades, those included that already left PostgreSQL."""
    since = _seen(connection, "trades")
    archived = client.query("SELECT max(updated_at) FROM trades_history_versions", tz_mode="aware").result_rows[0][0]
    with connection.transaction():
        newest = _newest(connection, "SELECT max(updated_at) FROM trades")
        if since is not None:
            changed: list[Any] = list(
                client.query(
                    "SELECT id, decision_id, updated_at FROM trades_history_versions"
                    " WHERE updated_at >= {since:DateTime64(6, 'UTC')}",
                    parameters={"since": since - OVERLAP},
                    tz_mode="aware",
                ).result_rows
            )
            changed += connection.execute(
                "SELECT id, decision_id, updated_at FROM trades WHERE updated_at >= %s", (since - OVERLAP,)
            ).fetchall()
            ids, decisions, versions = zip(*changed, strict=True) if changed else ((), (), ())
            connection.execute(
                statement("outcome_queue_trades"),
                {"ids": list(ids), "decisions": list(decisions), "versions": list(versions)},
            )
        _see(connection, "trades", max((one for one in (newest, archived) if one), default=None))


def queue_candles(connection: psycopg.Connection, client: Client, markets: Markets, method: Method) -> None:
    """Decisions whose windows hold candles that were written since the last look."""
    stored = {(one.exchange, one.symbol, one.timeframe): one for one in markets.sources}
    before = {
        tuple(row[:4]): (int(row[4]), row[5])
        for row in connection.execute(
            "SELECT exchange, symbol, timeframe, day, touches, ingested_at FROM ops.outcome_days"
        )
    }
    rows = client.query(
        "SELECT exchange, symbol, timeframe, day, sum(touches) AS touched FROM market_days"
        " GROUP BY exchange, symbol, timeframe, day ORDER BY exchange, symbol, timeframe, day"
    ).result_rows
    touched: dict[Source, list[tuple[date, int, datetime | None]]] = {}
    for exchange, symbol, timeframe, day, touches in rows:
        known = before.get((exchange, symbol, timeframe, day))
        source = stored.get((exchange, symbol, timeframe))
        if source and (known is None or known[0] != touches):
            touched.setdefault(source, []).append((day, int(touches), known[1] if known else None))
    for source, days in touched.items():
        ingested = _ingested(client, source, [day for day, _, _ in days])
        ranges = _merged(_ranges(client, source, days))
        with connection.transaction(), connection.cursor() as cursor:
            _mark(connection, markets, [Changed(source, *one) for one in ranges], method)
            cursor.executemany(
                "INSERT INTO ops.outcome_days (exchange, symbol, timeframe, day, touches, ingested_at)"
                " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (exchange, symbol, timeframe, day)"
                " DO UPDATE SET touches = excluded.touches, ingested_at = excluded.ingested_at",
                [
                    (source.exchange, source.symbol, source.timeframe, day, touches, ingested.get(day, EPOCH))
                    for day, touches, _ in days
                ],
            )


def queue_gaps(connection: psycopg.Connection, markets: Markets, method: Method) -> None:
    """Decisions that a gap kept from being scored, where the venue has confirmed since that there was nothing."""
    stored = {(one.exchange, one.symbol, one.timeframe): one for one in markets.sources}
    with connection.transaction():
        since = _seen(connection, "gaps") or EPOCH
        rows = connection.execute(
            "SELECT exchange, symbol, timeframe, gap_start, gap_end, checked_at FROM ops.ingest_gaps"
            " WHERE state = 'confirmed_empty' AND checked_at >= %s",
            (max(since - OVERLAP, EPOCH),),
        ).fetchall()
        changed = [Changed(stored[row[0], row[1], row[2]], row[3], row[4]) for row in rows if tuple(row[:3]) in stored]
        _mark(connection, markets, changed, method, gaps_only=True)
        _see(connection, "gaps", max((row[5] for row in rows), default=None))


def _mark(
    connection: psycopg.Connection,
    markets: Markets,
    changes: Iterable[Changed],
    method: Method,
    *,
    gaps_only: bool = False,
) -> None:
    changes = list(changes)
    if not changes:
        return
    instruments = connection.execute("SELECT DISTINCT exchange, symbol FROM ops.outcome_queue").fetchall()
    fitting = {(exchange, symbol): set(markets.for_instrument((exchange, symbol))) for exchange, symbol in instruments}
    for change in changes:
        step = timedelta(milliseconds=change.source.step)
        for (exchange, symbol), sources in fitting.items():
            if change.source in sources:
                connection.execute(
                    statement("outcome_queue_candles"),
                    {
                        "exchange": exchange,
                        "symbol": symbol,
                        "start": change.start,
                        "end": change.end,
                        "lookback": timedelta(minutes=method.lookback) + 2 * step,
                        "horizon": timedelta(minutes=method.horizon),
                        "head": EPOCH + timedelta(milliseconds=change.source.head),
                        "gaps_only": gaps_only,
                    },
                )


def _ingested(client: Client, source: Source, days: list[date]) -> dict[date, datetime]:
    rows = client.query(
        "SELECT toDate(timestamp) AS day, max(ingested_at) FROM market_ohlcv WHERE exchange = {exchange:String}"
        " AND symbol = {symbol:String} AND timeframe = {timeframe:String}"
        " AND timestamp >= {first:Date} AND timestamp < {last:Date} + INTERVAL 1 DAY GROUP BY day",
        parameters=_names(source) | {"first": min(days), "last": max(days)},
        tz_mode="aware",
    ).result_rows
    return {row[0]: row[1] for row in rows}


def _ranges(
    client: Client, source: Source, days: list[tuple[date, int, datetime | None]]
) -> Iterable[tuple[datetime, datetime]]:
    """What changed on each day: all of one that was not known, else from the first to the last candle written since."""
    step = timedelta(milliseconds=source.step)
    for day, _, ingested in days:
        start = datetime(day.year, day.month, day.day, tzinfo=UTC)
        if ingested is None:
            yield start, start + timedelta(days=1)
            continue
        count, first, last = client.query(
            "SELECT count(), min(timestamp), max(timestamp) FROM market_ohlcv WHERE exchange = {exchange:String}"
            " AND symbol = {symbol:String} AND timeframe = {timeframe:String}"
            " AND timestamp >= {day:Date} AND timestamp < {day:Date} + INTERVAL 1 DAY"
            " AND ingested_at >= {since:DateTime64(3, 'UTC')}",
            parameters=_names(source) | {"day": day, "since": max(ingested - OVERLAP, EPOCH)},
            tz_mode="aware",
        ).result_rows[0]
        if count:
            yield first, last + step


def _merged(ranges: Iterable[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    merged: list[tuple[datetime, datetime]] = []
    for start, end in sorted(ranges):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _names(source: Source) -> dict[str, Any]:
    return {"exchange": source.exchange, "symbol": source.symbol, "timeframe": source.timeframe}


def _newest(connection: psycopg.Connection, query: str) -> datetime | None:
    row = connection.execute(query.encode()).fetchone()
    return row[0] if row else None


def _seen(connection: psycopg.Connection, source: str) -> datetime | None:
    row = connection.execute("SELECT seen FROM ops.outcome_progress WHERE source = %s", (source,)).fetchone()
    return row[0] if row else None


def _see(connection: psycopg.Connection, source: str, newest: datetime | None) -> None:
    """Never backwards; a source that is still empty counts as looked at."""
    connection.execute(
        "INSERT INTO ops.outcome_progress AS known (source, seen) VALUES (%s, %s) ON CONFLICT (source)"
        " DO UPDATE SET seen = greatest(known.seen, excluded.seen)",
        (source, newest or EPOCH),
    )
