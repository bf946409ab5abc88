"""Asking a venue for ranges of candles until every slot is there or the venue has shown that it is not.

The length of an answer proves nothing: ccxt#26252 and ccxt#19476 are pages that ended early in silence,
freqtrade#11460 is one pair in four with holes when many are loaded. What counts is which open times an answer holds,
and how far it went.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Protocol

from dagster_project.lib.candles.gaps import Rule
from dagster_project.lib.candles.retries import one_line
from dagster_project.lib.candles.rows import Candles, Refused, check, concat, empty, parse
from dagster_project.lib.candles.windows import Range, cover, difference, missing_slots

if TYPE_CHECKING:
    import numpy as np

PROBE_FROM = 3  # pages
STUCK = 3  # the same question asked this often without a step forward ends the search


class Source(Protocol):
    """Whoever answers with rows of candles; `dagster_project.resources.exchange.VenueClient` does."""

    async def candles(self, symbol: str, timeframe: str, start: int, end: int | None, limit: int) -> Sequence[Any]:
        """Rows from open time `start` on; see VenueClient.candles."""
        ...


@dataclass(frozen=True)
class Ask:
    """What to fetch of one market. Times in epoch ms.

    Args:
        ranges: open times to ask for.
        wanted: open times whose absence is to be settled; a subset of what `ranges` cover.
        closed_end: open times from here on are not closed yet.
        now: the slower of the venue's clock and ours.
        latest: the later of both clocks; a row after it is in the future.
        limit: candles per call.
        confirm_delay: seconds between two rounds about the same hole.
        known: answers that earlier checks already hold for a hole, by its range.
    """

    symbol: str
    timeframe: str
    step: int
    ranges: list[Range]
    wanted: list[Range]
    closed_end: int
    now: int
    latest: int
    limit: int
    rule: Rule
    confirm_delay: float = 1.0
    known: dict[Range, int] = field(default_factory=dict)


@dataclass
class Fetched:
    """What came of an Ask.

    `holes` are wanted ranges without a candle with the number of answers that went past them; `error` is why the venue
    could not be asked about everything (then nothing is concluded about `holes`).
    """

    candles: Candles
    refused: list[Refused]
    holes: list[tuple[Range, int]]
    error: BaseException | None = None

    @property
    def failure(self) -> str | None:
        """The error in one line."""
        return None if self.error is None else one_line(self.error)


async def fetch(source: Source, ask: Ask) -> Fetched:
    """Fetches `ask.ranges` page by page, side by side, then asks again about every hole.

    Venue errors end up in the result, with everything that came before them.
    """
    work = _Work(source, ask)
    error = await work.first_pass()
    if error is None:
        error = await work.settle()
    return work.result(error)


class _Work:
    def __init__(self, source: Source, ask: Ask) -> None:
        self._source = source
        self._ask = ask
        self._parts: list[Candles] = []
        self._refused: dict[tuple[str, str], Refused] = {}
        self._passed: list[Range] = []

    async def first_pass(self) -> BaseException | None:
        """All pages side by side; holes that earlier checks left are for `settle`, which needs one answer for many."""
        fresh = difference(self._ask.ranges, self._ask.known)
        pages = cover(fresh, self._ask.step, self._ask.limit)
        if len(pages) >= PROBE_FROM:
            try:
                pages = await self._probe(fresh)
            except Exception as error:
                return _venue_error(error)
        tasks = [asyncio.create_task(self._page(page)) for page in pages]
        if not tasks:
            return None
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        errors = [error for task in done if not task.cancelled() and (error := task.exception())]
        return _venue_error(errors[0]) if errors else None

    async def _probe(self, fresh: list[Range]) -> list[Range]:
        """One answer without an end shows where candles begin; the pages left to ask for, none if there are none."""
        start = fresh[0].start
        rows = await self._source.candles(self._ask.symbol, self._ask.timeframe, start, None, self._ask.limit)
        top = self._take(rows, start)
        if top is None:
            return cover(fresh, self._ask.step, self._ask.limit) if rows else []
        return cover(difference(fresh, [Range(start, top + self._ask.step)]), self._ask.step, self._ask.limit)

    async def settle(self) -> BaseException | None:
        """Rounds about the holes, until none is left, all are sure, or nothing new can be learnt now."""
        rule = self._ask.rule
        for number in range(rule.answers):
            open_holes = [
                hole
                for hole, answers in self._holes()
                if answers < rule.answers and (number == 0 or (answers and self._ask.now - hole.end >= rule.age))
            ]
            if not open_holes:
                return None
            if number:
                await asyncio.sleep(self._ask.confirm_delay * (1 + random.random()))  # noqa: S311  spreads load
            try:
                await self._round(open_holes)
            except Exception as error:
                return _venue_error(error)
        return None

    async def _round(self, holes: list[Range]) -> None:
        position, stuck = holes[0].start, 0
        while True:
            reach = position + self._ask.limit * self._ask.step
            last = max(min(hole.end, reach) for hole in holes if hole.start < reach)
            count = min(self._ask.limit, max(2, (last - position) // self._ask.step + 1))
            top = await self._go_past(position, count)
            stuck = stuck + 1 if top is None else 0
            if stuck == STUCK:
                return
            if top is None:
                continue
            left = [max(hole.start, top + self._ask.step) for hole in holes if hole.end > top + self._ask.step]
            if not left:
                return
            position = left[0]

    async def _page(self, page: Range) -> None:
        rows = await self._source.candles(
            self._ask.symbol, self._ask.timeframe, page.start, page.end, (page.end - page.start) // self._ask.step
        )
        self._take(rows, page.start)

    async def _go_past(self, position: int, count: int) -> int | None:
        """Asks from `position` on without an end; the last open time of the answer, None if it is before `position`."""
        rows = await self._source.candles(self._ask.symbol, self._ask.timeframe, position, None, count)
        return self._take(rows, position)

    def _take(self, rows: Sequence[Any], start: int) -> int | None:
        candles, refused = parse(rows)
        good, wrong = check(candles, self._ask.step, self._ask.latest)
        for one in refused + wrong:
            self._refused[one.key, one.reason] = one
        if len(good) == 0 or good.time[-1] < start:
            return None
        top = int(good.time[-1])
        self._passed.append(Range(start, top))
        self._parts.append(self._inside(good))
        return top

    def _inside(self, candles: Candles) -> Candles:
        import numpy as np

        mask = np.zeros(len(candles), bool)
        for one in self._ask.ranges:
            mask |= (candles.time >= one.start) & (candles.time < min(one.end, self._ask.closed_end))
        return candles if mask.all() else candles.take(mask)

    def _times(self) -> np.ndarray:
        return concat(self._parts).sorted_unique().time

    def _holes(self) -> list[tuple[Range, int]]:
        """Wanted slots without a candle, as ranges whose slots have the same number of answers, in order of time."""
        import numpy as np

        times, step = self._times(), self._ask.step
        slots = np.concatenate([missing_slots(wanted, times, step) for wanted in self._ask.wanted] or [times[:0]])
        if len(slots) == 0:
            return []
        answers = np.zeros(len(slots), np.int64)
        for known, count in self._ask.known.items():
            answers[slice(*np.searchsorted(slots, known))] = count
        for passed in self._passed:
            answers[slice(*np.searchsorted(slots, passed))] += 1
        breaks = np.flatnonzero((np.diff(slots) != step) | (np.diff(answers) != 0)) + 1
        cuts = [0, *breaks.tolist(), len(slots)]
        return [(Range(int(slots[a]), int(slots[b - 1]) + step), int(answers[a])) for a, b in pairwise(cuts)]

    def result(self, error: BaseException | None) -> Fetched:
        parts = concat(self._parts)
        return Fetched(
            parts.sorted_unique() if len(parts) else empty(), list(self._refused.values()), self._holes(), error
        )


def _venue_error(error: BaseException) -> BaseException:
    """The error if it is the venue's; anything else is a bug of ours and is raised."""
    import ccxt

    if isinstance(error, ccxt.BaseError):
        return error
    raise error
