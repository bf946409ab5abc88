"""One batch of due decisions about one instrument: read, scored, written. Times are epoch ms unless said otherwise."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from dagster_project.lib.outcomes.barriers import GAP, MINUTE, NO_MARKET, PENDING, SCORED, Bets, Scores, nothing, score
from dagster_project.lib.outcomes.markets import Markets, Source, read
from dagster_project.lib.outcomes.method import Method
from dagster_project.lib.outcomes.trades import Result, Trade, linked, result
from dagster_project.lib.queries import statement

if TYPE_CHECKING:
    import psycopg
    from clickhouse_connect.driver.client import Client

ROWS = 20_000  # decisions read at once
SPAN = 31 * 24 * 60 * MINUTE  # candles of a batch: a month of minutes is 45,000 rows

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)  # no decision is older
NO_SIDE = "no_side"
ENTER, KEEP, LEAVE, STAY_OUT = "enter", "keep", "leave", "stay_out"
SIDES = {1: "long", -1: "short"}


@dataclass(frozen=True)
class Due:
    """A decision to score. `decided` in epoch microseconds, prices in the quote currency."""

    exchange: str
    symbol: str
    decided_at: datetime
    id: str
    decided: int
    action: str | None
    take_profit: float | None
    stop_loss: float | None
    trade_id: str | None
    version: datetime


def due(connection: psycopg.Connection, rows: int = ROWS) -> Iterator[list[Due]]:
    """Due decisions in batches of one instrument and at most `SPAN`. Each is given once, done or not."""
    after: dict[str, Any] = {"exchange": "", "symbol": "", "decided_at": EPOCH, "id": "", "rows": rows}
    while found := [Due(*row) for row in connection.execute(statement("outcome_due"), after)]:
        yield from _batches(found)
        last = found[-1]
        after |= {"exchange": last.exchange, "symbol": last.symbol, "decided_at": last.decided_at, "id": last.id}


def _batches(found: Sequence[Due]) -> Iterator[list[Due]]:
    batch: list[Due] = []
    for one in found:
        if batch and (
            (one.exchange, one.symbol) != (batch[0].exchange, batch[0].symbol)
            or one.decided - batch[0].decided > SPAN * 1000
        ):
            yield batch
            batch = []
        batch.append(one)
    if batch:
        yield batch


@dataclass(frozen=True)
class Stake:
    """What a decision put at stake: the side that is judged, 0 for staying out."""

    kind: str
    side: int
    pays_fees: bool
    has_barriers: bool


def stake(one: Due, trades: Iterable[Trade]) -> Stake | None:
    """What is judged about a decision; None when nobody can say which way it went.

    A hold with a target and a stop keeps the position that they belong to. A close is right when the position would
    have lost: it is the opposite position, without fees, for the exit is paid sooner or later.
    """
    if one.action in ("long", "short"):
        return Stake(ENTER, 1 if one.action == "long" else -1, True, True)
    if one.action == "hold":
        if one.take_profit and one.stop_loss and one.take_profit != one.stop_loss:
            return Stake(KEEP, 1 if one.take_profit > one.stop_loss else -1, False, True)
        return Stake(STAY_OUT, 0, False, False)
    sides = {trade.side for trade in trades}
    if one.action == "close" and len(sides) == 1:
        return Stake(LEAVE, -1 if sides == {"long"} else 1, False, False)
    return None


def process(
    connection: psycopg.Connection, client: Client, batch: Sequence[Due], markets: Markets, method: Method
) -> dict[str, int]:
    """Scores one batch and writes it in one transaction. Returns how many decisions are in which state."""
    trades = linked(connection, client, {one.id: one.trade_id for one in batch})
    stakes = [stake(one, trades.get(one.id, ())) for one in batch]
    instrument = (batch[0].exchange, batch[0].symbol)
    sources = markets.for_instrument(instrument)
    sided = np.array([place for place, one in enumerate(stakes) if one is not None], np.int64)
    bets = _bets([batch[place] for place in sided], [one for one in stakes if one is not None])
    scores, chosen = _score(connection, client, bets, sources, method)
    where = {int(place): number for number, place in enumerate(sided)}
    counts: dict[str, int] = {}
    rows = []
    for place, one in enumerate(batch):
        number = where.get(place)
        traded = trades.get(one.id)
        at_stake = stakes[place]
        outcome = result(traded) if traded and (at_stake is None or at_stake.kind != LEAVE) else None
        version = max((trade.updated_at for trade in traded), default=None) if traded else None
        source = None if number is None else chosen[number]
        row = _row(one, at_stake, number, scores, source, outcome, method)
        counts[row[2]] = counts.get(row[2], 0) + 1
        rows.append((*row, version))
    _write(connection, rows)
    return counts


def _bets(batch: Sequence[Due], stakes: Sequence[Stake]) -> Bets:
    def price(name: str) -> np.ndarray:
        values = (
            getattr(one, name) if at_stake.has_barriers else None for one, at_stake in zip(batch, stakes, strict=True)
        )
        return np.array([math.nan if value is None else value for value in values], np.float64)

    return Bets(
        np.array([one.decided for one in batch], np.int64),
        np.array([one.side for one in stakes], np.int64),
        np.array([one.pays_fees for one in stakes], bool),
        price("take_profit"),
        price("stop_loss"),
    )


def _score(
    connection: psycopg.Connection, client: Client, bets: Bets, sources: Sequence[Source], method: Method
) -> tuple[Scores, list[Source | None]]:
    """Each decision by the first source that has all it needs, else in the state that the first one left it in.

    A source that has candles after the decision and not yet to its horizon is waited for.
    """
    size = len(bets)
    scores = nothing(size, NO_MARKET)
    chosen: list[Source | None] = [None] * size
    left = np.arange(size)
    for source in sources:
        if not len(left):
            break
        asked = bets.take(left)
        start = int(asked.decided.min()) // 1000 - method.lookback * MINUTE - 2 * source.step
        end = int(asked.decided.max()) // 1000 + 2 * method.horizon * MINUTE + 2 * source.step
        if source.head <= start or source.first >= end:
            earlier = source.head <= asked.decided // 1000
            found = nothing(len(left), NO_MARKET)
            found.state[earlier] = PENDING
        else:
            found = score(asked, read(client, connection, source, start, end), source.head, method)
            # Decided before the market was collected: that is no hole.
            found.state[(found.state == GAP) & (asked.decided // 1000 < source.first)] = NO_MARKET
        better = (found.state == SCORED) | (scores.state[left] == NO_MARKET)
        for name in Scores.__dataclass_fields__:
            getattr(scores, name)[left[better]] = getattr(found, name)[better]
        for place in left[better & (found.state != NO_MARKET)]:
            chosen[place] = source
        waits = (found.state == PENDING) & (source.head > asked.decided // 1000)
        left = left[(found.state != SCORED) & ~waits]
    return scores, chosen


_BATCH = (
    "decision_id text, decision_version timestamptz, state text, method text, stake text, side text,"
    " market_exchange text, market_symbol text, timeframe text, volatility float8, entry_at int8, entry_price float8,"
    " target_price float8, target_source text, stop_price float8, stop_source text, exit_at int8, exit_price float8,"
    " barrier text, gross float8, net float8, favorable float8, adverse float8, is_correct bool,"
    " is_direction_correct bool, window_end int8, trade_count int4, trade_pnl numeric, trade_percent numeric,"
    " trade_hold_minutes numeric, trade_version timestamptz"
)
_FIGURES = ("gross", "net", "favorable", "adverse")


def _row(
    one: Due,
    at_stake: Stake | None,
    number: int | None,
    scores: Scores,
    source: Source | None,
    traded: Result | None,
    method: Method,
) -> tuple[Any, ...]:
    """Values of `_BATCH`, the last one excepted."""
    state = NO_SIDE if number is None else str(scores.state[number])
    head = (
        *(one.id, one.version, state, method.name),
        *((at_stake.kind, SIDES.get(at_stake.side)) if at_stake else (None, None)),
        *((source.exchange, source.symbol, source.timeframe) if source else (None, None, None)),
    )
    tail = (traded.count, traded.pnl, traded.percent, traded.hold_minutes) if traded else (0, None, None, None)
    if number is None or state != SCORED:
        # Nothing within two horizons of the decision can change it any more, whatever its candles are.
        window_end = one.decided // 1000 + 2 * method.horizon * MINUTE + 24 * 60 * MINUTE
        return (*head, *(None,) * 16, window_end, *tail)

    def figure(name: str) -> float | None:
        value = float(getattr(scores, name)[number])
        return None if math.isnan(value) else value

    def answer(name: str) -> bool | None:
        value = int(getattr(scores, name)[number])
        return None if value < 0 else bool(value)

    entry_at = int(scores.entry_at[number])
    return (
        *head,
        *(figure("deviation"), entry_at, figure("entry_price")),
        *(figure("target_price"), scores.target_source[number]),
        *(figure("stop_price"), scores.stop_source[number]),
        *(int(scores.exit_at[number]), figure("exit_price"), scores.barrier[number]),
        *(figure(name) for name in _FIGURES),
        *(answer("is_correct"), answer("is_direction_correct")),
        entry_at + method.horizon * MINUTE,
        *tail,
    )


def _write(connection: psycopg.Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE IF NOT EXISTS outcome_batch ({_BATCH}) ON COMMIT DELETE ROWS".encode())
        with cursor.copy("COPY outcome_batch FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        # Without it PostgreSQL expects a thousand rows where there are twenty thousand.
        cursor.execute("ANALYZE outcome_batch")
        for name in ("outcome_write", "outcome_done", "outcome_project"):
            cursor.execute(statement(name))
