"""Comparisons against scipy, and how often they are wrong when there is nothing to find."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from dagster_project.lib.statistics.jackknife import EFFECT, holm, watched
from dagster_project.lib.statistics.pairs import Sums, all_days, same_markets


def test_one_pair_a_day_is_scipys_paired_t_test() -> None:
    draw = np.random.default_rng(1)
    a, b = draw.normal(0, 1, 25), draw.normal(0.5, 2, 25)
    rows = [Sums(name, "BTC", day, 1, float(x[day])) for name, x in (("a", a), ("b", b)) for day in range(25)]
    expected = stats.ttest_rel(b, a)
    for compare in (same_markets, all_days):
        (pair,) = compare(rows)
        assert (pair.a, pair.b, pair.days) == ("a", "b", 25)
        assert pair.difference == pytest.approx((b - a).mean())
        if compare is same_markets:
            assert pair.p_value == pytest.approx(expected.pvalue, rel=1e-9)
            assert (pair.low, pair.high) == pytest.approx(tuple(expected.confidence_interval()), rel=1e-9)
            assert pair.p_adjusted == pair.p_value
        assert pair.std_error == pytest.approx(stats.sem(b - a), rel=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_uneven_days_are_left_out_one_by_one(seed: int) -> None:
    draw = np.random.default_rng(seed)
    rows = [
        Sums(name, market, day, int(count), float(draw.normal() * count))
        for name in "abcd"
        for market in ("BTC", "ETH", "SOL")
        for day in range(6)
        if (count := draw.integers(0, 4))
    ]
    for pair in same_markets(rows):
        cells: dict[tuple[str, int], dict[str, tuple[int, float]]] = {}
        for row in rows:
            if row.member in (pair.a, pair.b):
                cells.setdefault((row.market, row.day), {})[row.member] = (row.count, row.total)
        shared = {cell: both for cell, both in cells.items() if len(both) == 2}

        def estimate(without: int | None, pair=pair, shared=shared) -> float:
            total = weights = 0.0
            for (_, day), both in shared.items():
                if day == without:
                    continue
                (n, x), (m, y) = both[pair.a], both[pair.b]
                weight = n * m / (n + m)
                total, weights = total + weight * (y / m - x / n), weights + weight
            return total / weights

        days = sorted({day for _, day in shared})
        assert (pair.days, pair.cells) == (len(days), len(shared))
        assert pair.difference == pytest.approx(estimate(None))
        spread = sum((estimate(day) - estimate(None)) ** 2 for day in days)
        assert pair.std_error == pytest.approx(math.sqrt((len(days) - 1) / len(days) * spread))


def test_all_days_counts_days_of_either_and_few_days_have_little_freedom() -> None:
    draw = np.random.default_rng(4)
    rows = [Sums("busy", "", day, 3, float(draw.normal())) for day in range(60)]
    rows += [Sums("rare", "", day, 3, float(draw.normal(0, 5))) for day in (3, 70)]
    (pair,) = all_days(rows)
    assert (pair.days, pair.cells, pair.decisions_a, pair.decisions_b) == (61, None, 180, 6)
    assert pair.std_error is not None
    assert pair.low is not None
    # The error is that of the two days of `rare`: its t has about one degree of freedom, 12.7 errors wide.
    assert (pair.difference - pair.low) / pair.std_error > 8


def test_nothing_to_say_is_undecided_and_null() -> None:
    same = [Sums(name, "BTC", day, 1, 0.25) for name in "ab" for day in range(10)]
    once = [Sums("c", "BTC", 3, 5, 1.0), Sums("d", "BTC", 3, 5, 2.0)]
    for pairs in (same_markets(same + once), all_days(same + once)):
        for pair in pairs:
            if {pair.a, pair.b} in ({"a", "b"}, {"c", "d"}):
                found = (pair.std_error, pair.low, pair.high, pair.p_value, pair.p_adjusted, pair.probability_b_better)
                assert found == (None,) * 6
                assert (pair.decisions_needed, pair.verdict) == (None, "undecided")
                assert (pair.p_watched, pair.verdict_watched) == (None, "undecided")
    assert same_markets([]) == all_days([]) == []
    assert same_markets([Sums("a", "BTC", 1, 1, 1.0)]) == all_days([Sums("a", "BTC", 1, 1, 1.0)]) == []
    apart = [Sums("a", "BTC", 1, 1, 1.0), Sums("b", "ETH", 1, 1, 1.0), Sums("b", "BTC", 2, 1, 1.0)]
    assert same_markets(apart) == []


def test_undecided_pairs_need_more_and_decided_ones_nothing() -> None:
    draw = np.random.default_rng(7)
    rows = [
        Sums(name, market, day, 2, float(draw.normal(shift, 1)))
        for name, shift in (("a", 0.0), ("b", 0.05), ("c", 2.0))
        for market in ("BTC", "ETH")
        for day in range(80)
    ]
    pairs = {(pair.a, pair.b): pair for pair in same_markets(rows)}
    assert (pairs["a", "c"].verdict, pairs["a", "c"].decisions_needed) == ("better", 0)
    undecided = pairs["a", "b"]
    assert undecided.verdict == "undecided"
    assert undecided.decisions_needed is None or undecided.decisions_needed > 0


def test_holm_by_hand() -> None:
    adjusted = holm(np.array([0.04, np.nan, 0.01, 0.03, 0.9]))
    assert adjusted[[0, 2, 3, 4]] == pytest.approx([0.09, 0.04, 0.09, 0.9])
    assert np.isnan(adjusted[1])


def test_a_board_without_differences_is_seldom_told_apart() -> None:
    """Days move everybody: Welch's t over trades finds something on every third board, this on one in twenty."""
    draw = np.random.default_rng(11)
    false_boards = by_trades = 0
    boards = 200
    for _ in range(boards):
        rows, returns = [], {name: [] for name in "abcd"}
        for day in range(12):
            moved = draw.normal()
            for name, side in zip("abcd", (1, -1, 1, 1), strict=True):
                found = draw.standard_t(4, draw.integers(1, 7)) + side * moved
                returns[name] += list(found)
                rows.append(Sums(name, "", day, len(found), float(found.sum())))
        false_boards += any(pair.verdict != "undecided" for pair in all_days(rows))
        values = [
            stats.ttest_ind(returns[a], returns[b], equal_var=False)[1] for a, b in itertools.combinations("abcd", 2)
        ]
        by_trades += bool(np.nanmin(holm(np.array(values))) < 0.05)
    assert false_boards <= 0.1 * boards
    assert by_trades > 2 * false_boards


@pytest.mark.parametrize(("score", "days"), [(0.0, 5), (1.5, 10), (-4.0, 30), (5.0, 60)])
def test_a_watched_p_value_is_one_over_the_bayes_factor(score: float, days: int) -> None:
    """Noncentral t against central t, integrated over the prior of the effect by scipy."""
    from scipy import integrate

    def likelihood(effect: float) -> float:
        density = stats.nct.pdf(score, days - 1, effect * math.sqrt(days))
        return float(density * stats.norm.pdf(effect, 0, math.sqrt(EFFECT)))

    mixed, _ = integrate.quad(likelihood, -3, 3, points=[score / math.sqrt(days)], limit=200)
    expected = min(1.0, float(stats.t.pdf(score, days - 1)) / mixed)
    (found,) = watched(np.array([score]), np.array([days]), np.array([days - 1]))
    assert found == pytest.approx(expected, rel=1e-6)
    assert found >= 2 * stats.t.sf(abs(score), days - 1)


def test_who_looks_every_day_is_misled_by_one_look_and_not_by_the_watched_verdict() -> None:
    draw = np.random.default_rng(12)
    once = lasting = late = 0
    boards = 40
    for _ in range(boards):
        rows, seen, lasts = [], False, False
        for day in range(30):
            moved = draw.normal()
            for name, side in zip("abcd", (1, -1, 1, 1), strict=True):
                found = draw.standard_t(5, draw.integers(1, 5)) + side * moved
                rows.append(Sums(name, "", day, len(found), float(found.sum())))
            pairs = all_days(rows) if day else []
            seen |= any(pair.verdict != "undecided" for pair in pairs)
            lasts |= any(pair.verdict_watched != "undecided" for pair in pairs)
        late += any(pair.verdict != "undecided" for pair in pairs)
        once, lasting = once + seen, lasting + lasts
    assert once > 0.15 * boards
    assert lasting <= 0.05 * boards
    assert late <= 0.12 * boards


def test_a_real_difference_lasts() -> None:
    draw = np.random.default_rng(13)
    means = {"a": 0.0, "b": 0.8}
    rows = [Sums(name, "BTC", day, 1, float(draw.normal(means[name]))) for name in means for day in range(90)]
    (pair,) = all_days(rows)
    assert (pair.verdict, pair.verdict_watched) == ("better", "better")
    assert pair.p_adjusted is not None
    assert pair.p_watched is not None
    assert pair.p_adjusted < pair.p_watched < 0.05
