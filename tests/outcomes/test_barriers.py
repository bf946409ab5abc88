"""The fast triple barrier against a slow one, and what a decision may not know."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dagster_project.lib.outcomes.barriers import Bets, Scores, score
from dagster_project.lib.outcomes.grid import Grid
from dagster_project.lib.outcomes.method import METHOD, Method
from tests.outcomes.oracle import Bar, Bet, judge

MINUTE = 60_000
SMALL = Method(horizon=8, lookback=6, fewest_returns=3, percent=0.01, fee_rate=0.0004)


def made(seed: int, slots: int, holes: float, quiet: float, step: int) -> tuple[dict[int, Bar], set[int]]:
    """A random walk in ticks of 0.5: equal prices, and barriers that are touched exactly, are common."""
    draw = np.random.default_rng(seed)
    bars, empty, last = {}, set(), 100.0
    for slot in range(slots):
        kind = draw.random()
        if kind < holes:
            continue
        if kind < holes + quiet:
            empty.add(slot * step)
            continue
        opening = last + 0.5 * draw.integers(-2, 3)
        close = opening + 0.5 * draw.integers(-3, 4)
        high = max(opening, close) + 0.5 * draw.integers(0, 3)
        low = min(opening, close) - 0.5 * draw.integers(0, 3)
        bars[slot * step] = Bar(opening, high, low, close)
        last = close
    return bars, empty


def grid_of(bars: dict[int, Bar], empty: set[int], step: int, until: int = 0) -> Grid:
    time = np.array(sorted(bars), np.int64)

    def prices(name: str) -> np.ndarray:
        return np.array([getattr(bars[at], name) for at in time], float)

    ranges = [(at, at + step) for at in empty]
    return Grid(step, time, prices("open"), prices("high"), prices("low"), prices("close"), ranges, until)


def bets_of(bets: list[Bet]) -> Bets:
    def prices(name: str) -> np.ndarray:
        return np.array([np.nan if getattr(bet, name) is None else getattr(bet, name) for bet in bets], float)

    return Bets(
        np.array([bet.decided * 1000 for bet in bets], np.int64),
        np.array([bet.side for bet in bets], np.int64),
        np.array([bet.pays_fees for bet in bets], bool),
        prices("take_profit"),
        prices("stop_loss"),
    )


def agree(expected: dict, scores: Scores, place: int) -> None:
    for name, value in expected.items():
        found = getattr(scores, name)[place]
        if value is None:
            assert np.isnan(found), name
        elif isinstance(value, bool):
            assert found == int(value), name
        elif name == "deviation":
            assert found == pytest.approx(value, abs=1e-6), name
        elif isinstance(value, float):
            assert found == pytest.approx(value, rel=1e-9, abs=1e-12), name
        else:
            assert found == value, name
    if expected["state"] != "scored":
        assert np.isnan(scores.net[place])
        assert scores.is_correct[place] == -1


bet = st.builds(
    Bet,
    decided=st.integers(-3 * MINUTE, 60 * MINUTE),
    side=st.sampled_from([1, -1, 0]),
    pays_fees=st.booleans(),
    take_profit=st.none() | st.integers(180, 220).map(lambda ticks: ticks / 2),
    stop_loss=st.none() | st.integers(180, 220).map(lambda ticks: ticks / 2),
)


@settings(max_examples=200)
@given(
    bets=st.lists(bet, min_size=1, max_size=4),
    seed=st.integers(0, 2**32),
    slots=st.integers(0, 60),
    holes=st.sampled_from([0.0, 0.0, 0.02, 0.2]),
    quiet=st.sampled_from([0.0, 0.1, 0.5]),
    minutes=st.sampled_from([1, 2, 5]),
)
@example(bets=[Bet(0, 1, True, 101.0, 99.0)], seed=0, slots=40, holes=0.0, quiet=0.0, minutes=1)
def test_fast_equals_slow(bets: list[Bet], seed: int, slots: int, holes: float, quiet: float, minutes: int) -> None:
    step = minutes * MINUTE
    bars, empty = made(seed, slots, holes, quiet, step)
    empty = {at for at in empty if not bars or at > min(bars)}  # what came before the first candle is not known
    # Barriers of which the default widths would be decided by the last bits of a deviation prove nothing.
    head = (max(bars) + step) if bars else 0
    scores = score(bets_of(bets), grid_of(bars, empty, step, head), head, SMALL)
    for place, one in enumerate(bets):
        expected = judge(one, bars, empty, step, head, SMALL)
        if expected.get("deviation") is not None and min(SMALL.widest, expected["deviation"]) != SMALL.widest:
            expected = {name: expected[name] for name in ("state", "entry_at", "entry_price", "deviation")} | (
                expected if _decided_by_own(expected) else {}
            )
        agree(expected, scores, place)


def _decided_by_own(expected: dict) -> bool:
    return expected.get("target_source") == expected.get("stop_source") == "decision"


@given(seed=st.integers(0, 2**32), side=st.sampled_from([1, -1, 0]), cut=st.integers(0, 6))
def test_a_planted_future_candle_changes_nothing_that_was_known(seed: int, side: int, cut: int) -> None:
    """Barrier widths hang on closed candles only; the entry on nothing after its own candle's open."""
    bars, _ = made(seed, 40, 0.0, 0.0, MINUTE)
    decided = 12 * MINUTE + cut * 10_000
    one = bets_of([Bet(decided, side, True)])
    head = 40 * MINUTE
    before = score(one, grid_of(bars, set(), MINUTE), head, SMALL)
    entry_at = -(-decided // MINUTE) * MINUTE
    # The candle that runs at the decision closes after it, so it is as unknown as those that follow.
    planted = {
        at: bar if at + MINUTE <= decided else Bar(bar.open, bar.high * 3, bar.low / 3, bar.close * 2)
        for at, bar in bars.items()
    }
    after = score(one, grid_of(planted, set(), MINUTE), head, SMALL)
    assert before.entry_at[0] == after.entry_at[0] == entry_at
    for known in ("entry_price", "deviation", "target_price", "stop_price", "target_source", "stop_source"):
        assert getattr(before, known)[0] == getattr(after, known)[0], known
    assert after.barrier[0] in ("stop", "move")  # and it does change what came after


def test_the_batch_does_not_change_a_figure() -> None:
    """Read with other candles around it, and beside other decisions, a decision scores the same to the last bit."""
    bars, empty = made(7, 400, 0.0, 0.05, MINUTE)
    bets = [Bet(at * 47_123, (-1, 0, 1)[at % 3], True) for at in range(150, 400)]
    whole = score(bets_of(bets), grid_of(bars, empty, MINUTE), 400 * MINUTE, SMALL)
    assert {"scored", "pending"} == set(whole.state) | {"pending"}
    for place, one in enumerate(bets):
        first = one.decided - (SMALL.lookback + 2) * MINUTE
        near = {at: bar for at, bar in bars.items() if first <= at < one.decided + 2 * SMALL.horizon * MINUTE + MINUTE}
        alone = score(bets_of([one]), grid_of(near, empty, MINUTE), 400 * MINUTE, SMALL)
        for name in Scores.__dataclass_fields__:
            left, right = getattr(whole, name)[place], getattr(alone, name)[0]
            assert left == right or (left != left and right != right), (place, name)


LONG = Bet(0, 1, True, take_profit=102.0, stop_loss=99.0)
FLAT = Bar(100, 100, 100, 100)


@pytest.mark.parametrize(
    ("bet", "second", "barrier", "price"),
    [
        (LONG, Bar(100, 102, 100, 101), "target", 102.0),
        (LONG, Bar(100, 103, 98, 100), "stop", 99.0),  # both in one candle
        (LONG, Bar(97, 98, 96, 98), "stop", 97.0),  # opens beyond the stop
        (LONG, Bar(105, 106, 104, 105), "target", 102.0),  # opens beyond the target: not better than its price
        (replace(LONG, side=-1, take_profit=98.0, stop_loss=101.0), Bar(100, 100, 98, 99), "target", 98.0),
        (replace(LONG, side=-1, take_profit=98.0, stop_loss=101.0), Bar(103, 104, 97, 99), "stop", 103.0),
        (LONG, FLAT, "horizon", 100.0),
        # A target below the entry of a long is none: the default of 1% stands in.
        (replace(LONG, take_profit=99.5), Bar(100, 101, 100, 101), "target", 101.0),
    ],
)
def test_rules_for_one_candle(bet: Bet, second: Bar, barrier: str, price: float) -> None:
    bars = {slot * MINUTE: FLAT for slot in range(8)} | {MINUTE: second}
    scores = score(bets_of([bet]), grid_of(bars, set(), MINUTE), 8 * MINUTE, SMALL)
    assert scores.barrier[0] == barrier
    assert scores.exit_price[0] == pytest.approx(price)


def test_fees_separate_right_from_the_right_direction() -> None:
    bars = {slot * MINUTE: FLAT for slot in range(8)} | {7 * MINUTE: Bar(100, 100.05, 100, 100.05)}
    scores = score(bets_of([LONG, replace(LONG, pays_fees=False)]), grid_of(bars, set(), MINUTE), 8 * MINUTE, SMALL)
    assert list(scores.is_direction_correct) == [1, 1]
    assert list(scores.is_correct) == [0, 1]  # 0.05% does not pay for 0.08%


def test_other_parameters_are_another_method() -> None:
    assert METHOD.name != replace(METHOD, fee_rate=0.001).name
    assert Method().name == METHOD.name
