"""From venues to committed rows: all markets side by side, in bounded memory, resumable after a kill at any point.

Order of a batch: rows are acknowledged by ClickHouse, then the ledger is written. A kill in between leaves rows without
a ledger entry; the next run counts them and only books them.
"""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from dagster_project.lib.candles.corrections import changes
from dagster_project.lib.candles.fetch import Ask, Fetched, Source, fetch
from dagster_project.lib.candles.gaps import TOO_OLD, Gap, judge, window_state
from dagster_project.lib.candles.ledger import Entry, Ledger
from dagster_project.lib.candles.plan import Day, Policy, chunks, days_of, plan_day
from dagster_project.lib.candles.quirks import Quirks
from dagster_project.lib.candles.retries import one_line, worth_retrying
from dagster_project.lib.candles.rows import Refused, empty
from dagster_project.lib.candles.store import CandleStore, Key, Write, key_of, no_candles
from dagster_project.lib.candles.windows import (
    DAY,
    Range,
    closed_end,
    day_of,
    day_start,
    days_per_chunk,
    difference,
    expected_count,
    merge,
    missing,
    step_ms,
)
from dagster_project.settings import Market

if TYPE_CHECKING:
    import numpy as np

SANDBOX = "sandbox"
FAILED_CHUNKS = 2  # a market that failed this often in a row is left alone for the rest of the run

LANES = 2  # chunks of one market at a time
LINGER = 1.0  # seconds that a batch waits for more rows; small parts cost ClickHouse a merge each

T = TypeVar("T")


class Client(Source, Protocol):
    """An open venue; `dagster_project.resources.exchange.VenueClient` is one."""

    quirks: Quirks
    requests: int
    retries: int

    async def clock(self) -> int | None:
        """The venue's time in epoch ms, or None."""
        ...


Open = Callable[[str, str | None], AbstractAsyncContextManager[Client]]
"""(ccxt id, base URL) -> an open venue."""


@dataclass
class MarketReport:
    """What a run did for one market.

    `days` counts days by their state after the run; `last` is the newest open time in ClickHouse (ms).
    """

    market: Market
    days: Counter[str] = field(default_factory=Counter)
    expected: int = 0
    stored: int = 0
    empty: int = 0
    written: int = 0
    corrections: int = 0
    quarantined: int = 0
    skipped: int = 0
    failure: str | None = None
    last: int | None = None

    @property
    def missing(self) -> int:
        """Closed candles that are neither stored nor confirmed empty."""
        return self.expected - self.stored - self.empty


@dataclass
class Report:
    """What a run did. `entries` are the days that were checked, in the order of writing."""

    markets: dict[Market, MarketReport]
    requests: int = 0
    retries: int = 0
    hours_built: int = 0
    coverage: dict[tuple[Market, date], float] = field(default_factory=dict)

    @property
    def failures(self) -> dict[Market, str]:
        """Markets that the venue did not answer for, with the reason."""
        return {market: one.failure for market, one in self.markets.items() if one.failure}


@dataclass(frozen=True)
class _Done:
    """Rows to write, and the ledger's entries about them."""

    write: Write
    entries: list[Entry]


def now_ms() -> int:
    """The local clock, epoch ms."""
    return int(time.time() * 1000)


async def ingest(
    open_venue: Open,
    store: CandleStore,
    ledger: Ledger,
    markets: Sequence[Market],
    days: Sequence[date],
    policy: Policy,
    on_commit: Callable[[int], None] = lambda rows: None,
) -> Report:
    """Brings all markets up to date for the given UTC days.

    Venue trouble is isolated per market and reported; trouble with a database is raised.

    Args:
        on_commit: called with the number of rows after each committed batch.
    """
    report = Report({market: MarketReport(market) for market in markets})
    if not markets or not days:
        return report
    with ThreadPoolExecutor(1, "candle-writer") as writer_thread:
        run = _Run(open_venue, store, ledger, sorted(days), policy, on_commit, report, writer_thread)
        await run.all_markets()
    return report


class _Run:
    def __init__(
        self,
        open_venue: Open,
        store: CandleStore,
        ledger: Ledger,
        days: Sequence[date],
        policy: Policy,
        on_commit: Callable[[int], None],
        report: Report,
        writer_thread: ThreadPoolExecutor,
    ) -> None:
        self._open_venue = open_venue
        self._store = store
        self._ledger = ledger
        self._days = days
        self._policy = policy
        self._on_commit = on_commit
        self._report = report
        self._thread = writer_thread
        self._queue: asyncio.Queue[_Done | None] = asyncio.Queue(maxsize=8)

    async def all_markets(self) -> None:
        window = Range(day_start(self._days[0]), day_start(self._days[-1]) + DAY)
        self._counts = await self._blocking(lambda: self._store.counts(window))
        self._known = await self._blocking(lambda: self._ledger.windows(window))
        gaps = await self._blocking(lambda: self._ledger.gaps(window))
        self._gaps: dict[tuple[Key, int], list[Gap]] = {}
        for key, known in gaps.items():
            for gap in known:
                self._gaps.setdefault((key, gap.range.start // DAY * DAY), []).append(gap)
        venues: dict[tuple[str, str | None], list[Market]] = {}
        for market in self._report.markets:
            venues.setdefault((market.ccxt_id, market.base_url), []).append(market)
        async with asyncio.TaskGroup() as group:
            writer = group.create_task(self._write_all())
            fetchers = [group.create_task(self._venue(*venue, markets)) for venue, markets in venues.items()]
            await asyncio.wait(fetchers)
            await self._queue.put(None)
            await writer
        self._report.hours_built += await self._blocking(lambda: self._store.roll_hours(day_of(now_ms())))
        heads = await self._blocking(self._store.heads)
        for market, one in self._report.markets.items():
            one.last = heads.get(key_of(market))

    async def _blocking(self, call: Callable[[], T]) -> T:
        """Runs a database call in the one thread that uses the connections."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, call)

    async def _venue(self, ccxt_id: str, base_url: str | None, markets: list[Market]) -> None:
        import ccxt

        try:
            async with self._open_venue(ccxt_id, base_url) as client:
                local, venue_now = now_ms(), await client.clock()
                clock = _Clock(local if venue_now is None else min(local, venue_now), max(local, venue_now or 0))
                gate = asyncio.Semaphore(self._policy.chunks)
                async with asyncio.TaskGroup() as group:
                    for market in markets:
                        group.create_task(self._market(client, clock, gate, market))
                self._report.requests += client.requests
                self._report.retries += client.retries
        except ccxt.BaseError as error:
            for market in markets:
                self._report.markets[market].failure = one_line(error)

    async def _market(self, client: Client, clock: _Clock, gate: asyncio.Semaphore, market: Market) -> None:
        step = step_ms(market.timeframe)
        closed = closed_end(clock.now, None, self._policy.settle, step)
        plans = [day for one in days_of(market, self._days) if (day := self._plan(market, one, step, closed, clock))]
        report = self._report.markets[market]
        for day in plans:
            if day.action == "skip":
                self._count(day, day.stored, sum(expected_count(gap.range, step) for gap in day.settled), "complete")
                report.skipped += 1
        booked = [self._book(day, step, clock) for day in plans if day.action == "book"]
        if booked:
            await self._queue.put(
                _Done(Write(market, "venue", changes(no_candles(), empty(), "venue"), no_candles()), booked)
            )
        lane = _Lane(market, step, clock, closed, client)
        async with asyncio.TaskGroup() as group:
            for days in chunks(plans, days_per_chunk(step, client.quirks.limit)):
                group.create_task(self._chunk(lane, gate, days))

    async def _chunk(self, lane: _Lane, gate: asyncio.Semaphore, days: list[Day]) -> None:
        """Fetches one chunk and hands it to the writer. Two chunks of a market overlap: with one at a time all markets
        came to the end of theirs together, and a fifth of the venue's budget was lost."""
        report = self._report.markets[lane.market]
        async with lane.places, gate:
            stored = no_candles()
            if any(day.stored for day in days):
                window = Range(days[0].window.start, days[-1].window.end)
                stored = await self._blocking(lambda: self._store.stored(lane.market, window))
            chunk = _Chunk(
                lane.market, days, lane.step, lane.clock, lane.closed, self._policy, lane.client.quirks, stored
            )
            fetched = None
            if lane.failed < FAILED_CHUNKS:
                fetched = await fetch(lane.client, chunk.ask())
                error = fetched.error
                lane.failed = 0 if error is None else lane.failed + 1 if worth_retrying(error) else FAILED_CHUNKS
                report.failure = fetched.failure or report.failure
            # Not in the event loop: 13,000 rows would hold up ccxt's limiter, which forgives no lost time.
            await self._queue.put(await asyncio.to_thread(chunk.done, fetched, report.failure))

    def _plan(self, market: Market, day: date, step: int, closed: int, clock: _Clock) -> Day | None:
        key, start = key_of(market), day_start(day)
        stored, since = self._counts.get((key, day), (0, None))
        return plan_day(
            market, day, step=step, closed_end=closed, now=clock.now, stored=stored, since=since,
            known=self._known.get((key, start)), gaps=self._gaps.get((key, start), []), policy=self._policy,
        )  # fmt: skip

    def _book(self, day: Day, step: int, clock: _Clock) -> Entry:
        """The entry of a day that is all there but not in the ledger, after a kill between both."""
        blank = sum(expected_count(gap.range, step) for gap in day.settled)
        state = window_state(expected=day.expected, got=day.stored, empty=blank, over=day.over, failed=False)
        settled = day.since is not None and day.since >= day.window.end + self._policy.recheck_after
        return Entry(
            day.market, day.window, state, day.expected, day.stored, blank, None, clock.now,
            rechecked=clock.now if settled else None, gaps=day.settled,
        )  # fmt: skip

    async def _write_all(self) -> None:
        item = await self._queue.get()
        while item is not None:
            batch, deadline = [item], time.monotonic() + LINGER
            while sum(len(one.write.changes.rows) for one in batch) < self._policy.batch_rows:
                try:
                    item = await asyncio.wait_for(self._queue.get(), max(0.0, deadline - time.monotonic()))
                except TimeoutError:
                    item = None
                    break
                if item is None:
                    await self._queue.put(None)
                    break
                batch.append(item)
            await self._blocking(lambda batch=batch: self._commit(batch))
            item = await self._queue.get()

    def _commit(self, batch: list[_Done]) -> None:
        rows = self._store.write([one.write for one in batch])
        entries = [entry for one in batch for entry in one.entries]
        self._store.note_counts((key_of(one.market), day_of(one.window.start), one.got) for one in entries)
        self._ledger.record(entries)
        if rows:
            self._report.hours_built += self._store.roll_hours(day_of(now_ms()))
        for one in batch:
            report = self._report.markets[one.write.market]
            report.written += len(one.write.changes.rows)
            report.corrections += one.write.changes.corrections
            for entry in one.entries:
                report.quarantined += len(entry.refused)
                self._tally(report, entry)
        self._on_commit(rows)

    def _count(self, day: Day, got: int, blank: int, state: str) -> None:
        report = self._report.markets[day.market]
        report.days[state] += 1
        report.expected += day.expected
        report.stored += got
        report.empty += blank
        self._report.coverage[day.market, day_of(day.window.start)] = (got + blank) / day.expected

    def _tally(self, report: MarketReport, entry: Entry) -> None:
        report.days[entry.state] += 1
        report.expected += entry.expected
        report.stored += entry.got
        report.empty += entry.empty
        share = (entry.got + entry.empty) / entry.expected if entry.expected else 0.0
        self._report.coverage[entry.market, day_of(entry.window.start)] = share


@dataclass(frozen=True)
class _Clock:
    """`now` is the slower of both clocks, `latest` the faster one; epoch ms."""

    now: int
    latest: int


@dataclass
class _Lane:
    """The chunks of one market on their way; `failed` counts those in a row that the venue did not answer."""

    market: Market
    step: int
    clock: _Clock
    closed: int
    client: Client
    failed: int = 0
    places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(LANES))


@dataclass(frozen=True)
class _Chunk:
    """Neighbouring days of one market that the venue is asked about together."""

    market: Market
    days: list[Day]
    step: int
    clock: _Clock
    closed: int
    policy: Policy
    quirks: Quirks
    stored: Any

    @property
    def _origin(self) -> str:
        return "synthetic" if self.market.exchange == SANDBOX else "venue"

    @property
    def _horizon(self) -> int:
        """Open times before this one are older than what the venue keeps."""
        if not self.quirks.history_candles:
            return 0
        return (self.clock.now // self.step - self.quirks.history_candles) * self.step

    def _wanted(self, day: Day, times: np.ndarray) -> list[Range]:
        """Slots of a day that are neither stored nor settled nor too old."""
        left = difference(missing(day.due, times, self.step), [gap.range for gap in day.settled])
        return [Range(max(one.start, self._horizon), one.end) for one in left if one.end > self._horizon]

    def ask(self) -> Ask:
        times = self.stored.candles.time
        wanted = {day.window: self._wanted(day, times) for day in self.days}
        ranges = [one for holes in wanted.values() for one in holes]
        for day in self.days:
            if day.action == "compare":
                ranges.append(Range(max(day.due.start, min(self._horizon, day.due.end)), day.due.end))
            elif not day.over and wanted[day.window]:
                first = wanted[day.window][0].start
                ranges.append(Range(max(day.window.start, first - self.policy.overlap * self.step), first))
        known = {gap.range: gap.answers for day in self.days for gap in day.known_gaps if gap.state == "missing"}
        return Ask(
            self.market.symbol, self.market.timeframe, self.step, merge(ranges), merge(
                one for holes in wanted.values() for one in holes
            ), self.closed, self.clock.now, self.clock.latest, self.quirks.limit, self.policy.rule,
            self.policy.confirm_delay, known,
        )  # fmt: skip

    def done(self, fetched: Fetched | None, failure: str | None) -> _Done:
        """What to write, and an entry per day. `fetched` is None when the venue was not asked."""
        import numpy as np

        result = fetched or Fetched(empty(), [], [])
        write = Write(self.market, self._origin, changes(self.stored, result.candles, self._origin), self.stored)
        times = np.sort(np.concatenate((self.stored.candles.time, result.candles.time)), kind="stable")
        times = times[np.diff(times, prepend=-1) != 0]
        failed = fetched is None or fetched.error is not None
        return _Done(write, [self._entry(day, result, write, times, failed, failure) for day in self.days])

    def _entry(
        self, day: Day, fetched: Fetched, write: Write, times: np.ndarray, failed: bool, failure: str | None
    ) -> Entry:
        inside = (times >= day.due.start) & (times < day.due.end)
        got = int(inside.sum())
        refused = [one for one in fetched.refused if one.time is None or day.due.start <= one.time < day.due.end]
        gaps = self._gaps(day, fetched, times, refused, failure if failed else None)
        settled = sum(expected_count(gap.range, self.step) for gap in gaps if gap.state != "missing")
        state = window_state(expected=day.expected, got=got, empty=settled, over=day.over, failed=failed)
        cause = next((gap.cause for gap in gaps if gap.state == "missing"), None) or (failure if failed else None)
        replaced = self.stored.candles.time[write.changes.replaced]
        compared = (
            day.action == "compare" or day.since is None or day.since >= day.window.end + self.policy.recheck_after
        )
        fresh = compared and not failed and day.over and self.clock.now >= day.window.end + self.policy.recheck_after
        return Entry(
            day.market, day.window, state, day.expected, got, settled, cause, self.clock.now,
            corrections=int(((replaced >= day.due.start) & (replaced < day.due.end)).sum()),
            rechecked=self.clock.now if fresh else None, gaps=tuple(gaps), refused=tuple(refused),
        )  # fmt: skip

    def _gaps(
        self, day: Day, fetched: Fetched, times: np.ndarray, refused: list[Refused], failure: str | None
    ) -> list[Gap]:
        now = self.clock.now
        bad = {one.time for one in refused}
        gaps = [gap for gap in day.settled if not self._any_in(times, gap.range)]
        left = difference(missing(day.due, times, self.step), [gap.range for gap in gaps])
        old = difference(left, [Range(self._horizon, day.due.end)]) if self._horizon else []
        gaps += [Gap(one, "unavailable", TOO_OLD, 0, now, now) for one in old]
        left = difference(left, old)
        settled = {one: count for one, count in fetched.holes if one.end > day.due.start and one.start < day.due.end}
        for hole, count in settled.items():
            piece = Range(max(hole.start, day.due.start), min(hole.end, day.due.end))
            refused_here = bool(bad) and any(slot in bad for slot in range(*piece, self.step))
            state, cause = judge(piece, count, now, self.policy.rule, refused=refused_here)
            if failure:
                state, cause = "missing", failure
            gaps.append(Gap(piece, state, cause, count, self._first_seen(day, piece) or now, now))
        for rest in difference(left, settled):
            gaps.append(Gap(rest, "missing", failure or "not asked yet", 0, self._first_seen(day, rest) or now, now))
        return _joined(sorted(gaps, key=lambda gap: gap.range))

    @staticmethod
    def _any_in(times: np.ndarray, window: Range) -> bool:
        first, after = times.searchsorted(window)
        return bool(after > first)

    @staticmethod
    def _first_seen(day: Day, hole: Range) -> int | None:
        """When the gap that held this hole was first seen, if the ledger had one."""
        at = bisect_right(day.known_gaps, hole.start, key=lambda gap: gap.range.start) - 1
        known = day.known_gaps[at] if at >= 0 else None
        return known.first_seen if known and known.range.end >= hole.end else None


def _joined(gaps: Iterable[Gap]) -> list[Gap]:
    """Neighbouring gaps of the same kind as one; the smaller number of answers counts."""
    out: list[Gap] = []
    for gap in gaps:
        last = out[-1] if out else None
        if last and last.range.end == gap.range.start and (last.state, last.cause) == (gap.state, gap.cause):
            out[-1] = Gap(
                Range(last.range.start, gap.range.end), gap.state, gap.cause, min(last.answers, gap.answers),
                min(last.first_seen, gap.first_seen), gap.checked,
            )  # fmt: skip
        else:
            out.append(gap)
    return out
