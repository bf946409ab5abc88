"""Sharpe ratios: moments as scipy's and empyrical's, intervals that hold, verdicts that luck does not get."""

from __future__ import annotations

import math

import empyrical
import numpy as np
import pytest
from scipy import integrate, stats

from dagster_project.lib.statistics.sharpe import ABOVE, BELOW, UNDECIDED, board, expected_best


def random_board(seed: int, agents: int, days: int, mean: float = 0.0) -> dict[str, list[float]]:
    draw = np.random.default_rng(seed)
    return {f"a{agent}": list(0.02 * (draw.standard_t(5, days) + mean)) for agent in range(agents)}


@pytest.mark.parametrize("seed", range(5))
def test_ratio_and_moments_are_what_others_say(seed: int) -> None:
    returns = random_board(seed, 3, 10 + 40 * seed)
    for row in board(returns):
        own = np.array(returns[row.agent])
        assert row.sharpe == pytest.approx(empyrical.sharpe_ratio(own, annualization=365), rel=1e-12)
        assert row.skewness == pytest.approx(stats.skew(own), rel=1e-12)
        assert row.kurtosis == pytest.approx(stats.kurtosis(own, fisher=False), rel=1e-12)
        assert row.days == len(own)
        assert row.agents == 3


def test_days_make_a_ratio_surer_and_tails_less_sure() -> None:
    """Bailey and Lopez de Prado (2012): a ratio is surer for many days, less so with fat tails and left skew."""
    draw = np.random.default_rng(1)
    normal = draw.standard_normal(400)
    normal = (normal - normal.mean()) / normal.std(ddof=1) * 0.01
    skewed = -draw.exponential(1, 400)
    skewed = (skewed - skewed.mean()) / skewed.std(ddof=1) * 0.01
    few, many, risky = (
        board({"one": list(series + 0.001)})[0] for series in (normal[:100] - normal[:100].mean(), normal, skewed)
    )
    assert few.probability_positive < many.probability_positive
    assert risky.sharpe == pytest.approx(many.sharpe, rel=1e-9)
    assert risky.std_error > many.std_error
    ratio, days = many.sharpe / math.sqrt(365), 400
    spread = math.sqrt(1 - many.skewness * ratio + (many.kurtosis - 1) / 4 * ratio**2)
    # With many days Student's t is the paper's normal distribution.
    assert many.probability_positive == pytest.approx(stats.norm.cdf(ratio * math.sqrt(days - 1) / spread), abs=2e-3)
    assert many.luck == 0
    assert many.probability_above_luck == many.probability_positive
    assert many.probability_below_luck == pytest.approx(1 - many.probability_positive)


@pytest.mark.parametrize("agents", [2, 6, 20, 500])
def test_luck_is_the_expected_highest_of_so_many(agents: int) -> None:
    """Their formula is an approximation: within 8% of the integral over the distribution of the maximum."""
    highest, _ = integrate.quad(
        lambda x: x * agents * stats.norm.pdf(x) * stats.norm.cdf(x) ** (agents - 1), -10, 10, epsabs=1e-10
    )
    equal = np.zeros(agents)
    assert expected_best(equal, np.full(agents, 0.1)) == pytest.approx(0.1 * highest, rel=0.08)
    apart = np.linspace(-1, 1, agents)
    assert expected_best(apart, np.zeros(agents)) == pytest.approx(np.std(apart, ddof=1) * highest, rel=0.08)


@pytest.mark.parametrize("days", [10, 60])
def test_an_interval_holds_the_true_ratio_19_times_in_20(days: int) -> None:
    true = 0.1 / math.sqrt(5 / 3) * math.sqrt(365)
    rows = [row for seed in range(40) for row in board(random_board(seed, 25, days, 0.1))]
    assert 0.925 < np.mean([row.low <= true <= row.high for row in rows]) < 0.975


@pytest.mark.parametrize(("agents", "days"), [(1, 20), (6, 10), (20, 60)])
def test_boards_without_skill_have_a_verdict_once_in_20_at_most(agents: int, days: int) -> None:
    verdicts = [any(row.verdict != UNDECIDED for row in board(random_board(seed, agents, days))) for seed in range(300)]
    assert np.mean(verdicts) < 0.08


def test_who_is_surely_good_or_bad_is_called_so() -> None:
    draw = np.random.default_rng(3)
    returns = {f"idle{agent}": list(draw.normal(0, 0.01, 250)) for agent in range(4)}
    returns |= {"good": list(draw.normal(0.01, 0.01, 250)), "bad": list(draw.normal(-0.01, 0.01, 250))}
    found = {row.agent: row for row in board(returns)}
    assert [found[agent].verdict for agent in ("good", "bad", "idle0")] == [ABOVE, BELOW, UNDECIDED]
    assert found["good"].days_needed == found["bad"].days_needed == 0
    assert found["idle0"].days_needed is None or found["idle0"].days_needed > 0


def test_days_needed_end_the_doubt() -> None:
    draw = np.random.default_rng(4)
    series = draw.normal(0, 0.01, 40)
    series = series - series.mean() + 0.0015
    (short,) = board({"one": list(series)})
    assert short.verdict == UNDECIDED
    assert short.days_needed
    assert 40 + short.days_needed < 400
    longer = np.tile(series, -(-(40 + short.days_needed) // 40) + 1)
    assert board({"one": list(longer)})[0].verdict == ABOVE


def test_what_has_no_ratio_is_not_on_the_board_and_no_try_of_luck() -> None:
    returns = {"none": [], "once": [0.1], "equal": [0.01] * 9, "still": [0.0] * 30, "two": [0.01, -0.02]}
    (row,) = board(returns)
    assert (row.agent, row.agents, row.days) == ("two", 1, 2)
    assert row.low < row.sharpe < row.high
    assert board({}) == []


@pytest.mark.parametrize("scale", [1e-9, 1e6])
def test_the_size_of_returns_does_not_matter(scale: float) -> None:
    returns = random_board(9, 2, 30, 0.3)
    plain, scaled = board(returns), board({name: [one * scale for one in own] for name, own in returns.items()})
    for one, other in zip(plain, scaled, strict=True):
        assert other.sharpe == pytest.approx(one.sharpe, rel=1e-9)
        assert other.high == pytest.approx(one.high, rel=1e-9)
        assert other.probability_above_luck == pytest.approx(one.probability_above_luck, rel=1e-9)
