"""What a run has to do for one market: which days to skip, to book, to fetch or to compare."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from dagster_project.lib.candles.gaps import Gap, Rule
from dagster_project.lib.candles.ledger import Known
from dagster_project.lib.candles.windows import DAY, Range, clip, day_start, expected_count
from dagster_project.settings import Market

Action = Literal["skip", "book", "fetch", "compare"]
FINAL = ("complete", "confirmed_empty")


@dataclass(frozen=True)
class Policy:
    """How candles are collected. Times in ms.

    Args:
        settle: a candle counts as closed this long after its end.
        overlap: so many of today's last stored candles are fetched again and compared.
        recheck_after: a finished day is compared with the venue once this long after its end.
        rule: when a hole is the venue's truth.
        confirm_delay: seconds between two rounds about the same hole in one run.
        verify: compare every day with the venue, also finished ones.
        chunks: chunks of days in progress per venue; bounds memory (a chunk is at most 31 days of one market).
        batch_rows: rows per insert, about.
    """

    settle: int = 5_000
    overlap: int = 3
    recheck_after: int = 6 * 3_600_000
    rule: Rule = field(default_factory=Rule)
    confirm_delay: float = 1.0
    verify: bool = False
    chunks: int = 8
    batch_rows: int = 100_000


@dataclass(frozen=True)
class Day:
    """One UTC day of one market in this run.

    `due` is the part of `window` whose candles are closed; `stored` counts what ClickHouse has, of which nothing was
    written before `since` (ms; None: nothing stored); `settled` are gaps that are not asked about again.
    """

    market: Market
    window: Range
    due: Range
    action: Action
    expected: int
    stored: int
    since: int | None
    settled: tuple[Gap, ...]
    known_gaps: tuple[Gap, ...]

    @property
    def over(self) -> bool:
        """Whether all candles of the day are closed."""
        return self.due.end == self.window.end


def plan_day(
    market: Market,
    day: date,
    *,
    step: int,
    closed_end: int,
    now: int,
    stored: int,
    since: int | None,
    known: Known | None,
    gaps: Sequence[Gap],
    policy: Policy,
) -> Day | None:
    """Decides about one day; None when no candle of it is closed.

    Args:
        stored: candles that ClickHouse has of this day.
        since: when the oldest of them was written (ms).
        known: what the ledger says; it is believed only as far as ClickHouse agrees.
        gaps: the ledger's gaps of this day.
    """
    window = Range(day_start(day), day_start(day) + DAY)
    due = clip(window, closed_end)
    expected = expected_count(due, step)
    if expected == 0:
        return None
    settled = tuple(gap for gap in gaps if gap.state != "missing")
    have = stored + sum(expected_count(gap.range, step) for gap in settled) >= expected
    over = due.end == window.end
    action: Action
    if policy.verify:
        action = "compare"
    elif not have:
        action = "fetch"
    elif not over:
        action = "skip" if known and known.state == "open" and known.expected == expected else "book"
    elif known is None or known.state not in FINAL or known.got != stored:
        action = "book"
    elif not known.rechecked and now >= window.end + policy.recheck_after:
        action = "compare"
    else:
        action = "skip"
    return Day(market, window, due, action, expected, stored, since, settled, tuple(gaps))


def days_of(market: Market, days: Iterable[date]) -> Iterator[date]:
    """The days on which the venue may have data for this market."""
    return (
        day
        for day in days
        if (market.first is None or day >= market.first) and (market.last is None or day <= market.last)
    )


def chunks(days: Iterable[Day], most: int) -> Iterator[list[Day]]:
    """Days to ask the venue about in neighbouring groups of at most `most`."""
    group: list[Day] = []
    for day in days:
        if day.action not in ("fetch", "compare"):
            continue
        if group and (len(group) == most or day.window.start != group[-1].window.end):
            yield group
            group = []
        group.append(day)
    if group:
        yield group
