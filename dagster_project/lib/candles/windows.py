"""Time windows of candles. Times are epoch milliseconds (UTC); ranges are half-open `[start, end)` of open times."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from math import ceil
from typing import TYPE_CHECKING, NamedTuple

from dagster_project.settings import TIMEFRAMES

if TYPE_CHECKING:
    import numpy as np

DAY = 86_400_000


class Range(NamedTuple):
    """Open times from `start` up to, but without, `end`."""

    start: int
    end: int


def step_ms(timeframe: str) -> int:
    """The length of one candle.

    Raises:
        ValueError: the timeframe is not one that divides a UTC day.
    """
    try:
        return TIMEFRAMES[timeframe] * 1000
    except KeyError:
        raise ValueError(f"timeframe {timeframe!r} is not one of {', '.join(TIMEFRAMES)}") from None


def day_start(day: date) -> int:
    """Midnight UTC of `day`."""
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1000


def day_of(time: int) -> date:
    """The UTC day that `time` is in."""
    return datetime.fromtimestamp(time // 1000, UTC).date()


def moment(time: int) -> datetime:
    """`time` as an aware datetime in UTC."""
    return datetime.fromtimestamp(time / 1000, UTC)


def closed_end(local_now: int, venue_now: int | None, settle: int, step: int) -> int:
    """End of the range of open times whose candles are closed.

    A candle is closed once `settle` ms have passed since its end on both clocks; the slower clock decides.
    """
    now = local_now if venue_now is None else min(local_now, venue_now)
    return (now - settle) // step * step


def expected_count(window: Range, step: int) -> int:
    """Number of grid points in a window whose bounds are on the grid."""
    return max(0, (window.end - window.start) // step)


def clip(window: Range, end: int) -> Range:
    """The part of `window` before `end`; empty (start == end) if there is none."""
    return Range(window.start, max(window.start, min(window.end, end)))


def merge(ranges: Iterable[Range]) -> list[Range]:
    """Sorted ranges with touching and overlapping ones joined; empty ones dropped."""
    merged: list[Range] = []
    for one in sorted(one for one in ranges if one.end > one.start):
        if merged and one.start <= merged[-1].end:
            merged[-1] = Range(merged[-1].start, max(merged[-1].end, one.end))
        else:
            merged.append(one)
    return merged


def subtract(window: Range, holes: Iterable[Range]) -> list[Range]:
    """What is left of `window` without `holes`."""
    left, position = [], window.start
    for hole in merge(holes):
        if hole.start > position:
            left.append(Range(position, min(hole.start, window.end)))
        position = max(position, hole.end)
        if position >= window.end:
            break
    if position < window.end:
        left.append(Range(position, window.end))
    return [one for one in left if one.end > one.start]


def difference(ranges: Iterable[Range], holes: Iterable[Range]) -> list[Range]:
    """What is left of all `ranges` without `holes`, in one sweep."""
    left: list[Range] = []
    cuts, at = merge(holes), 0
    for one in merge(ranges):
        while at < len(cuts) and cuts[at].end <= one.start:
            at += 1
        stop = at
        while stop < len(cuts) and cuts[stop].start < one.end:
            stop += 1
        left += subtract(one, cuts[at:stop])
        at = max(at, stop - 1)
    return left


def runs(times: np.ndarray, step: int) -> list[Range]:
    """Sorted unique open times as ranges without holes."""
    import numpy as np

    if len(times) == 0:
        return []
    cuts = np.flatnonzero(np.diff(times) != step) + 1
    starts = times[np.concatenate(([0], cuts))]
    ends = times[np.concatenate((cuts - 1, [len(times) - 1]))] + step
    return [Range(int(a), int(b)) for a, b in zip(starts, ends, strict=True)]


def missing_slots(window: Range, times: np.ndarray, step: int) -> np.ndarray:
    """Grid points in `window` that are not among `times` (sorted, unique, on the grid)."""
    import numpy as np

    inside = times[slice(*np.searchsorted(times, window))]
    absent = np.ones(expected_count(window, step), bool)
    absent[(inside - window.start) // step] = False
    return window.start + np.flatnonzero(absent) * step


def missing(window: Range, times: np.ndarray, step: int) -> list[Range]:
    """Ranges of grid points in `window` that are not among `times` (sorted, unique, on the grid)."""
    return runs(missing_slots(window, times, step), step)


def pages(window: Range, step: int, limit: int) -> Iterator[Range]:
    """`window` in pieces of at most `limit` grid points."""
    for start in range(window.start, window.end, step * limit):
        yield Range(start, min(start + step * limit, window.end))


def cover(ranges: Iterable[Range], step: int, limit: int) -> list[Range]:
    """Few pages of at most `limit` grid points that contain all `ranges`; what lies between close ones is included."""
    out: list[Range] = []
    for one in merge(ranges):
        for piece in pages(one, step, limit):
            if out and piece.end - out[-1].start <= limit * step:
                out[-1] = Range(out[-1].start, piece.end)
            else:
                out.append(piece)
    return out


def days_per_chunk(step: int, limit: int, most: int = 31) -> int:
    """How many UTC days to fetch together so that pages are full: the first count that wastes under 1% of them.

    1m candles in pages of 1,000: 2 pages hold one day and 28% of them is empty; 36 pages hold 25 days exactly.
    """
    per_day = DAY // step

    def waste(days: int) -> float:
        return ceil(days * per_day / limit) * limit / (days * per_day)

    return next((days for days in range(1, most + 1) if waste(days) < 1.01), min(range(1, most + 1), key=waste))
