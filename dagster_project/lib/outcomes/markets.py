"""Which stored candles score an instrument, and reading them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from dagster_project.lib.candles.windows import step_ms
from dagster_project.lib.daily_marks import Instrument, markets_for
from dagster_project.lib.outcomes.grid import Grid
from dagster_project.lib.queries import query

if TYPE_CHECKING:
    import psycopg
    from clickhouse_connect.driver.client import Client


@dataclass(frozen=True)
class Source:
    """Stored candles of one market in one timeframe. `first` is the start of its first day, `head` when its newest
    candle closes (epoch ms)."""

    exchange: str
    symbol: str
    timeframe: str
    first: int
    head: int

    @property
    def step(self) -> int:
        """Length of a candle in ms."""
        return step_ms(self.timeframe)


@dataclass
class Markets:
    """What is stored of every market, and which sources score an instrument."""

    sources: Sequence[Source]
    _ranked: dict[Instrument, list[Source]] = field(default_factory=dict)

    def for_instrument(self, instrument: Instrument) -> list[Source]:
        """Best market first (see `markets_for`), finest candles first."""
        if instrument not in self._ranked:
            order = markets_for(instrument, {(one.exchange, one.symbol) for one in self.sources})
            place = {market: number for number, market in enumerate(order)}
            fitting = [one for one in self.sources if (one.exchange, one.symbol) in place]
            self._ranked[instrument] = sorted(fitting, key=lambda one: (place[one.exchange, one.symbol], one.step))
        return self._ranked[instrument]


def markets(client: Client) -> Markets:
    """Every source as it is stored now."""
    rows = client.query(
        "SELECT exchange, symbol, timeframe, toInt64(toUnixTimestamp(toDateTime(min(day), 'UTC'))) * 1000,"
        " toUnixTimestamp64Milli(max(head)) FROM market_days GROUP BY exchange, symbol, timeframe"
        " HAVING max(head) > 0 ORDER BY exchange, symbol, timeframe"
    ).result_rows
    found = []
    for exchange, symbol, timeframe, first, last in rows:
        found.append(Source(exchange, symbol, timeframe, first, last + step_ms(timeframe)))
    return Markets(found)


def read(client: Client, connection: psycopg.Connection, source: Source, start: int, end: int) -> Grid:
    """The candles of a source in [start, end) (ms) with what the gap ledger knows about those that are not there."""
    import numpy as np

    bounds = {"start": start, "end": end}
    names = {"exchange": source.exchange, "symbol": source.symbol, "timeframe": source.timeframe}
    table = client.query_arrow(query("outcome_candles"), parameters=names | bounds, use_strings=True)
    time, *prices = (table.column(name).to_numpy() for name in ("time", "open", "high", "low", "close"))
    return Grid(
        source.step,
        time.astype(np.int64),
        *(one.astype(np.float64) for one in prices),
        empty=_confirmed_empty(connection, names, start, end),
        until=min(source.head, end),
    )


def _confirmed_empty(
    connection: psycopg.Connection, names: dict[str, str], start: int, end: int
) -> Iterable[tuple[int, int]]:
    rows = connection.execute(
        "SELECT (extract(epoch FROM gap_start) * 1000)::bigint, (extract(epoch FROM gap_end) * 1000)::bigint"
        " FROM ops.ingest_gaps WHERE exchange = %(exchange)s AND symbol = %(symbol)s AND timeframe = %(timeframe)s"
        " AND state = 'confirmed_empty' AND gap_end > %(first)s AND gap_start < %(last)s",
        names | {"first": _moment(start), "last": _moment(end)},
    )
    return [(first, last) for first, last in rows]


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
