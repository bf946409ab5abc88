"""Asks venues for their own candles of a derived timeframe and records where they differ from ours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from dagster_project.lib.candles.disputes import Dispute, compare
from dagster_project.lib.candles.ingest import Client as Venue
from dagster_project.lib.candles.ingest import Open
from dagster_project.lib.candles.rows import Candles, check, parse
from dagster_project.lib.candles.windows import DAY, Range, day_start, moment, step_ms
from dagster_project.lib.queries import query, statement
from dagster_project.settings import Market

if TYPE_CHECKING:
    import psycopg
    from clickhouse_connect.driver.client import Client


@dataclass
class Outcome:
    """How many markets could be judged, and the disputes of each."""

    judged: int = 0
    unanswered: int = 0
    disputes: dict[Market, list[Dispute]] = field(default_factory=dict)


async def compare_with_venue(
    open_venue: Open,
    client: Client,
    connection: psycopg.Connection,
    markets: Sequence[Market],
    day: date,
    timeframe: str,
) -> Outcome:
    """Compares one UTC day of every market whose base is finer than `timeframe`, up to our last derived candle.

    Every dispute becomes a row in `ops.candle_disputes`.
    """
    import ccxt

    outcome = Outcome()
    window = Range(day_start(day), day_start(day) + DAY)
    venues: dict[tuple[str, str | None], list[Market]] = {}
    for market in markets:
        known = (market.first is None or market.first <= day) and (market.last is None or day <= market.last)
        if known and step_ms(market.timeframe) < step_ms(timeframe):
            venues.setdefault((market.ccxt_id, market.base_url), []).append(market)
    for (ccxt_id, base_url), asked in venues.items():
        async with open_venue(ccxt_id, base_url) as venue:
            for market in asked:
                ours = _derived(client, market, timeframe, window)
                if len(ours) == 0:
                    continue
                try:
                    theirs = await _venue_candles(venue, market, timeframe, window)
                except ccxt.BaseError:
                    outcome.unanswered += 1
                    continue
                outcome.judged += 1
                closed = int(ours.time[-1]) + step_ms(timeframe)
                found = compare(ours, theirs.between(window.start, closed))
                if found:
                    outcome.disputes[market] = found
    _record(connection, outcome, timeframe)
    return outcome


async def _venue_candles(venue: Venue, market: Market, timeframe: str, window: Range) -> Candles:
    step = step_ms(timeframe)
    rows = await venue.candles(market.symbol, timeframe, window.start, window.end, DAY // step)
    return check(parse(rows)[0], step, window.end)[0].between(window.start, window.end)


def _derived(client: Client, market: Market, timeframe: str, window: Range) -> Candles:
    import numpy as np

    names = ("exchange", "symbol")
    rows = client.query(
        query("derived_candles"),
        parameters={name: getattr(market, name) for name in names}
        | {"timeframe": timeframe, "start": moment(window.start), "end": moment(window.end)},
    ).result_columns
    if not rows:
        return parse([])[0]
    times = np.array(rows[0], np.int64)
    values = [np.array(column, np.float64) for column in rows[1:]]
    return Candles(times, *values, quote_volume=np.full(len(times), np.nan), trades=np.full(len(times), -1))


def _record(connection: psycopg.Connection, outcome: Outcome, timeframe: str) -> None:
    rows = [
        {
            "exchange": market.exchange,
            "symbol": market.symbol,
            "timeframe": timeframe,
            "timestamp": moment(one.time),
            "field": one.field,
            "derived": one.derived,
            "venue": one.venue,
        }
        for market, disputes in outcome.disputes.items()
        for one in disputes
    ]
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(statement("dispute"), rows)
