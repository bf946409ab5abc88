"""How sure is a Sharpe ratio, and is it more than the best of so many agents would show by luck?

The standard error is Mertens' (2002), which knows skewed returns and fat tails. The probabilistic Sharpe ratio is
Bailey and Lopez de Prado's (2012), the deflated one theirs too (2014): the probability that the true ratio is above
what the best of N agents without skill is expected to show. Student's t with days minus one degrees of freedom stands
where the papers have the normal distribution, which is too sure of short records. Both sides are deflated alike: the
worst of many looks bad by luck too. How often intervals hold and verdicts err is in docs/statistics.md.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dagster_project.lib.statistics.jackknife import CONFIDENCE, NEVER

if TYPE_CHECKING:
    from numpy.typing import NDArray

YEAR = 365
EULER = 0.5772156649015329
SMALLEST_DEVIATION = 1e-12  # below it a deviation is the rounding of equal returns, as in int_agent_risk
ABOVE, BELOW, UNDECIDED = "above luck", "below luck", "undecided"


@dataclass(frozen=True)
class Sharpe:
    """One agent of a board; fields as the columns of sharpe_ratios. Ratios are a year's, moments those of days.

    `luck` is the ratio that the best of the board's `agents` would be expected to show if none had skill;
    `probability_above_luck` that the true ratio is above it, `probability_below_luck` that it is below minus that.
    """

    agent: str
    days: int
    agents: int
    sharpe: float
    std_error: float
    low: float
    high: float
    skewness: float
    kurtosis: float
    probability_positive: float
    luck: float
    probability_above_luck: float
    probability_below_luck: float
    days_needed: int | None
    verdict: str


def board(returns: Mapping[str, Sequence[float]]) -> list[Sharpe]:
    """The agents of one board that have a Sharpe ratio (two returns that differ), ordered by name (code points).

    Args:
        returns: daily returns by agent, days without a trade among them.
    """
    import numpy as np
    from scipy import stats

    found = [(agent, one) for agent in sorted(returns) if (one := _moments(returns[agent])) is not None]
    if not found:
        return []
    days = np.array([one[0] for _, one in found], float)
    ratio, skewness, kurtosis, error = (np.array([one[at] for _, one in found]) for at in (1, 2, 3, 4))
    luck = expected_best(ratio, error)
    positive = stats.t.cdf(ratio / error, days - 1)
    above = stats.t.cdf((ratio - luck) / error, days - 1)
    below = stats.t.cdf((-ratio - luck) / error, days - 1)
    sure = 0.5 + CONFIDENCE / 2
    reach = stats.t.ppf(sure, days - 1) * error
    # The error shrinks with the root of the days: so many until the distance from luck is beyond it.
    away = np.abs(ratio) - luck
    with np.errstate(divide="ignore"):
        wanted = np.where(away > 0, (stats.norm.ppf(sure) * error / away) ** 2 * (days - 1) + 1 - days, np.inf)
    verdict = np.where(above > sure, ABOVE, np.where(below > sure, BELOW, UNDECIDED))
    year = math.sqrt(YEAR)
    return [
        Sharpe(
            agent=agent,
            days=int(days[at]),
            agents=len(found),
            sharpe=float(ratio[at] * year),
            std_error=float(error[at] * year),
            low=float((ratio[at] - reach[at]) * year),
            high=float((ratio[at] + reach[at]) * year),
            skewness=float(skewness[at]),
            kurtosis=float(kurtosis[at]),
            probability_positive=float(positive[at]),
            luck=luck * year,
            probability_above_luck=float(above[at]),
            probability_below_luck=float(below[at]),
            days_needed=_needed(float(wanted[at]), str(verdict[at])),
            verdict=str(verdict[at]),
        )
        for at, (agent, _) in enumerate(found)
    ]


def _needed(wanted: float, verdict: str) -> int | None:
    if verdict != UNDECIDED:
        return 0
    # A short record may be undecided for its few degrees of freedom alone: one day more, then ask again.
    return max(math.ceil(wanted), 1) if wanted <= NEVER else None


def expected_best(ratio: NDArray, error: NDArray) -> float:
    """Expected highest of as many ratios without skill: 0 for one.

    Their spread is that of the board's ratios, as Bailey and Lopez de Prado take it, or the errors of the ratios where
    that is more: agents that do alike vary little among each other, and are no less lucky for it.
    """
    import numpy as np
    from scipy import stats

    number = len(ratio)
    if number < 2:
        return 0.0
    spread = math.sqrt(max(float(np.var(ratio, ddof=1)), float(np.mean(error**2))))
    tails = stats.norm.isf([1 / number, 1 / (number * math.e)])
    return spread * float((1 - EULER) * tails[0] + EULER * tails[1])


def _moments(returns: Sequence[float]) -> tuple[int, float, float, float, float] | None:
    """Days, ratio, skewness, kurtosis (3 where normal) and standard error, of days; None without a ratio."""
    import numpy as np

    values = np.array(returns, float)
    days = len(values)
    if days < 2:
        return None
    mean = math.fsum(returns) / days
    away = values - mean
    deviation = math.sqrt(math.fsum(away**2) / (days - 1))
    if deviation <= SMALLEST_DEVIATION:
        return None
    # In units of the deviation, so that fourth powers of small returns stay numbers.
    away /= math.sqrt(math.fsum(away**2) / days)
    ratio, skewness, kurtosis = mean / deviation, math.fsum(away**3) / days, math.fsum(away**4) / days
    variance = (1 - skewness * ratio + (kurtosis - 1) / 4 * ratio**2) / (days - 1)
    return (days, ratio, skewness, kurtosis, math.sqrt(variance)) if variance > 1e-18 else None
