"""Small rules: retries, gaps, corrections, quirks, what a day still needs."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagster_project.lib.candles.corrections import Stored, changes
from dagster_project.lib.candles.disputes import compare
from dagster_project.lib.candles.gaps import Gap, Rule, judge, window_state
from dagster_project.lib.candles.ledger import Known
from dagster_project.lib.candles.plan import Policy, chunks, days_of, plan_day
from dagster_project.lib.candles.quirks import quirks
from dagster_project.lib.candles.retries import retry_after, wait_seconds, worth_retrying
from dagster_project.lib.candles.rows import Candles, parse
from dagster_project.lib.candles.windows import DAY, Range, day_start
from dagster_project.settings import Market

STEP, T0 = 60_000, 1_740_787_200_000
DAY0 = date(2025, 3, 1)
MARKET = Market("venue", "A/B", "1m")


def candles(*closes: float, first: int = T0) -> Candles:
    return parse([[first + n * STEP, 1.0, 9.0, 0.5, close, 1.0] for n, close in enumerate(closes)])[0]


@pytest.mark.parametrize(
    ("name", "again"),
    [
        ("NetworkError", True),
        ("RequestTimeout", True),
        ("ExchangeNotAvailable", True),
        ("OnMaintenance", True),
        ("RateLimitExceeded", True),
        ("DDoSProtection", True),
        ("BadResponse", True),
        ("NullResponse", True),
        ("BadSymbol", False),
        ("BadRequest", False),
        ("AuthenticationError", False),
        ("PermissionDenied", False),
        ("NotSupported", False),
        ("ExchangeError", False),
    ],
)
def test_only_what_passes_by_itself_is_tried_again(name: str, again: bool) -> None:
    import ccxt

    assert worth_retrying(getattr(ccxt, name)("x")) is again


def test_a_connection_that_dies_in_the_middle_of_a_body_is_tried_again() -> None:
    import aiohttp
    import ccxt

    error = ccxt.ExchangeError("binance GET http://127.0.0.1/klines")
    error.__cause__ = aiohttp.ClientPayloadError("Response payload is not completed")
    assert worth_retrying(error)


@given(st.integers(1, 50), st.floats(0, 1), st.floats(0, 1000))
def test_waits_grow_never_undercut_the_venue_and_end(attempt: int, jitter: float, asked: float) -> None:
    assert 0.5 <= wait_seconds(attempt, None, jitter) <= 75
    assert asked <= wait_seconds(attempt, asked, jitter) <= max(asked * 1.05, asked + 1)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "3"}, 3.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"Retry-After": "soon"}, None),
        ({}, None),
        (None, None),
    ],
)
def test_retry_after(headers: dict[str, str] | None, seconds: float | None) -> None:
    assert retry_after(headers) == seconds


@pytest.mark.parametrize(
    ("answers", "age", "refused", "state"),
    [
        (3, 3_600_000, False, "confirmed_empty"),
        (2, 3_600_000, False, "missing"),
        (3, 3_599_999, False, "missing"),
        (0, 10**9, False, "missing"),
        (9, 10**9, True, "missing"),
    ],
)
def test_a_hole_is_the_venues_truth_only_after_answers_age_and_no_refused_row(
    answers: int, age: int, refused: bool, state: str
) -> None:
    hole = Range(T0, T0 + STEP)
    assert judge(hole, answers, hole.end + age, Rule(3, 3_600_000), refused=refused)[0] == state


@pytest.mark.parametrize(
    ("expected", "got", "empty", "over", "failed", "state"),
    [
        (1440, 1440, 0, True, False, "complete"),
        (1440, 1430, 10, True, False, "complete"),
        (1440, 0, 1440, True, False, "confirmed_empty"),
        (700, 700, 0, False, False, "open"),
        (1440, 1439, 0, True, False, "partial"),
        (1440, 0, 0, True, False, "missing"),
        (1440, 0, 0, True, True, "failed"),
        (1440, 1440, 0, True, True, "complete"),
    ],
)
def test_window_state(expected: int, got: int, empty: int, over: bool, failed: bool, state: str) -> None:
    assert window_state(expected=expected, got=got, empty=empty, over=over, failed=failed) == state


def stored(rows: Candles, rank: int = 2, revision: int = 0) -> Stored:
    count = len(rows)
    return Stored(
        rows,
        np.full(count, revision),
        np.full(count, rank, np.int8),
        np.array(["venue"] * count),
        np.zeros(count, np.int64),
    )


@given(st.lists(st.tuples(st.sampled_from([1.0, 2.0]), st.sampled_from([1.0, 2.0])), min_size=1, max_size=20))
def test_a_new_revision_only_where_values_differ(pairs: list[tuple[float, float]]) -> None:
    before, after = candles(*(a for a, _ in pairs)), candles(*(b for _, b in pairs))
    found = changes(stored(before, revision=4), after, "venue")
    assert found.rows.time.tolist() == [T0 + n * STEP for n, (a, b) in enumerate(pairs) if a != b]
    assert found.revision.tolist() == [5] * len(found.rows)
    assert found.corrections == len(found.rows)


def test_new_candles_are_no_corrections() -> None:
    found = changes(stored(candles(1.0)), candles(1.0, 1.5), "venue")
    assert (found.rows.time.tolist(), found.revision.tolist(), found.corrections) == ([T0 + STEP], [0], 0)


@pytest.mark.parametrize(
    ("rank", "origin", "written"), [(0, "venue", 1), (2, "synthetic", 0), (1, "venue", 1), (2, "venue", 0)]
)
def test_a_real_candle_replaces_a_made_up_one_even_if_equal_and_never_the_reverse(
    rank: int, origin: str, written: int
) -> None:
    assert len(changes(stored(candles(1.0), rank=rank), candles(1.0), origin).rows) == written
    if origin == "synthetic":
        assert len(changes(stored(candles(1.0), rank=rank), candles(1.7), origin).rows) == 0


def test_disputes_name_the_field_and_both_sides() -> None:
    found = compare(candles(1.0, 1.0, 1.0), candles(1.0, 1.25, first=T0))
    assert [(one.field, one.derived, one.venue) for one in found] == [("presence", 1.0, None), ("close", 1.0, 1.25)]
    assert compare(candles(1.0), candles(1.0)) == []


def test_quirks_are_known_by_name_and_defaults_fill_the_rest() -> None:
    assert quirks("binance").shape == "binance"
    assert quirks("hyperliquid").history_candles == 5000
    assert quirks("kraken").limit == 720
    assert quirks("unheard_of").limit == 500


START = day_start(DAY0)
EMPTY = Gap(Range(START, START + 10 * STEP), "confirmed_empty", "x", 3, 0, 0)
SEEN = Gap(Range(START, START + 10 * STEP), "missing", "x", 1, 0, 0)


@pytest.mark.parametrize(
    ("stored_count", "known", "gaps", "now", "verify", "action"),
    [
        (0, None, (), START + 2 * DAY, False, "fetch"),
        (1440, None, (), START + 2 * DAY, False, "book"),
        (1440, Known("complete", 1440, 1440, 0, True), (), START + 2 * DAY, False, "skip"),
        (1440, Known("complete", 1440, 1440, 0, True), (), START + 2 * DAY, True, "compare"),
        (1440, Known("complete", 1440, 1440, 0, False), (), START + 2 * DAY, False, "compare"),
        (1440, Known("complete", 1440, 1440, 0, False), (), START + DAY + 3_700_000, False, "skip"),
        (1430, Known("complete", 1440, 1430, 10, True), (EMPTY,), START + 2 * DAY, False, "skip"),
        (1430, Known("partial", 1440, 1430, 0, False), (SEEN,), START + 2 * DAY, False, "fetch"),
        (0, Known("complete", 1440, 1440, 0, True), (), START + 2 * DAY, False, "fetch"),  # the rows are gone
        (60, Known("open", 60, 60, 0, False), (), START + 3_600_000 + 5_000, False, "skip"),
        (60, Known("open", 60, 60, 0, False), (), START + 3_660_000 + 5_000, False, "fetch"),
    ],
)
def test_what_a_day_needs(
    stored_count: int, known: Known | None, gaps: tuple[Gap, ...], now: int, verify: bool, action: str
) -> None:
    closed = (now - 5_000) // STEP * STEP
    day = plan_day(
        MARKET, DAY0, step=STEP, closed_end=closed, now=now, stored=stored_count, since=START, known=known, gaps=gaps,
        policy=Policy(verify=verify),
    )  # fmt: skip
    assert day is not None
    assert day.action == action


def test_a_day_without_a_closed_candle_is_no_day() -> None:
    assert plan_day(
        MARKET, DAY0, step=STEP, closed_end=START, now=START, stored=0, since=None, known=None, gaps=(), policy=Policy()
    ) is None  # fmt: skip


def test_days_outside_of_a_recording_are_not_asked_for() -> None:
    days = [date(2025, 3, number) for number in range(1, 11)]
    market = Market("venue", "A/B", "1m", first=date(2025, 3, 3), last=date(2025, 3, 5))
    assert [day.day for day in days_of(market, days)] == [3, 4, 5]


@given(st.lists(st.booleans(), max_size=30), st.integers(1, 5))
def test_chunks_are_neighbours_and_lose_no_day(wanted: list[bool], most: int) -> None:
    days = [
        day
        for number, want in enumerate(wanted)
        if (
            day := plan_day(
                MARKET, date.fromordinal(DAY0.toordinal() + number), step=STEP, closed_end=START + 100 * DAY,
                now=START + 100 * DAY, stored=0 if want else 1440, since=0,
                known=None if want else Known("complete", 1440, 1440, 0, True), gaps=(), policy=Policy(),
            )
        )
    ]  # fmt: skip
    groups = list(chunks(days, most))
    assert [day for group in groups for day in group] == [day for day in days if day.action == "fetch"]
    for group in groups:
        assert len(group) <= most
        assert all(a.window.end == b.window.start for a, b in pairwise(group))
