"""Windows against a plain set of open times."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagster_project.lib.candles.windows import (
    DAY,
    Range,
    closed_end,
    cover,
    day_of,
    day_start,
    days_per_chunk,
    difference,
    expected_count,
    merge,
    missing,
    pages,
    step_ms,
    subtract,
)

STEP = 60_000
slots = st.integers(0, 60)
ranges = st.lists(st.tuples(slots, slots).map(lambda pair: Range(min(pair) * STEP, max(pair) * STEP)), max_size=8)


def grid(given: list[Range]) -> set[int]:
    return {time for one in given for time in range(one.start, one.end, STEP)}


@given(ranges)
def test_merge_keeps_every_slot_in_sorted_separate_ranges(given: list[Range]) -> None:
    merged = merge(given)
    assert grid(merged) == grid(given)
    assert all(a.end < b.start for a, b in pairwise(merged))


@given(ranges, ranges)
def test_difference_is_set_difference(given: list[Range], holes: list[Range]) -> None:
    assert grid(difference(given, holes)) == grid(given) - grid(holes)
    assert all(one.end > one.start for one in difference(given, holes))


@given(ranges, slots, slots)
def test_subtract_is_set_difference_in_a_window(holes: list[Range], a: int, b: int) -> None:
    window = Range(min(a, b) * STEP, max(a, b) * STEP)
    assert grid(subtract(window, holes)) == grid([window]) - grid(holes)


@given(st.sets(slots), slots, slots)
def test_missing_is_what_the_times_lack(times: set[int], a: int, b: int) -> None:
    window = Range(min(a, b) * STEP, max(a, b) * STEP)
    found = missing(window, np.array(sorted(time * STEP for time in times), np.int64), STEP)
    assert grid(found) == grid([window]) - {time * STEP for time in times}
    assert found == merge(found)


@given(ranges, st.integers(1, 20))
def test_cover_holds_all_ranges_in_pages_within_the_limit(given: list[Range], limit: int) -> None:
    covered = cover(given, STEP, limit)
    assert grid(given) <= grid(covered)
    assert all(0 < expected_count(page, STEP) <= limit for page in covered)
    assert len(covered) <= sum(-(-expected_count(one, STEP) // limit) for one in merge(given))


def test_cover_takes_close_holes_together() -> None:
    holes = [Range(number * 10 * STEP, (number * 10 + 1) * STEP) for number in range(100)]
    assert len(cover(holes, STEP, 1000)) == 1
    assert len(list(pages(Range(0, 2500 * STEP), STEP, 1000))) == 3


@given(st.integers(0, 10**13), st.integers(-5000, 5000), st.integers(0, 60_000), st.sampled_from([STEP, 5 * STEP, DAY]))
def test_a_candle_is_closed_when_both_clocks_are_past_its_settled_end(
    now: int, skew: int, settle: int, step: int
) -> None:
    end = closed_end(now, now + skew, settle, step)
    slower = min(now, now + skew)
    assert end % step == 0
    assert end + settle <= slower < end + step + settle
    assert closed_end(now, None, settle, step) == closed_end(now, now, settle, step)


@given(st.dates(date(1970, 1, 1), date(2100, 1, 1)))
def test_days_go_there_and_back(day: date) -> None:
    assert day_start(day) % DAY == 0
    assert day_of(day_start(day)) == day_of(day_start(day) + DAY - 1) == day


@pytest.mark.parametrize(("timeframe", "limit", "days"), [("1m", 1000, 9), ("5m", 1000, 31), ("1h", 1000, 31)])
def test_chunks_fill_their_pages(timeframe: str, limit: int, days: int) -> None:
    chunk = days_per_chunk(step_ms(timeframe), limit)
    slots = chunk * DAY // step_ms(timeframe)
    wasted = -(-slots // limit) * limit / slots - 1
    assert 1 <= chunk <= days
    assert wasted < 0.01 or slots < limit


def test_unknown_timeframes_are_named() -> None:
    with pytest.raises(ValueError, match="'7m' is not one of 1m, 5m"):
        step_ms("7m")
