"""Compares every pair of a family (prompt versions of an agent, agents of a board) from sums per day.

Two bases. `same_markets`: within each market and day on which both acted, B's mean less A's, weighted by
n_a n_b / (n_a + n_b), the weight that is best when returns vary alike. `all_days`: mean of all of B's results less the
mean of all of A's, each on the markets and days it chose. Returns are shares of the notional. Memory is bounded by
blocks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dagster_project.lib.statistics.jackknife import NEVER, Judged, holm, judge, std_error, welch_freedom

if TYPE_CHECKING:
    from numpy.typing import NDArray

ALPHA = 0.05
BLOCK = 2_000_000  # pairs of results, or cells of a matrix, held at a time


@dataclass(frozen=True)
class Pair:
    """B against A; fields as the columns of prompt_pairs and agent_pairs. None is not known."""

    a: str
    b: str
    days: int
    cells: int | None
    decisions_a: int
    decisions_b: int
    mean_a: float
    mean_b: float
    difference: float
    std_error: float | None
    low: float | None
    high: float | None
    p_value: float | None
    p_adjusted: float | None
    probability_b_better: float | None
    decisions_needed: int | None
    verdict: str
    p_watched: float | None
    verdict_watched: str


@dataclass(frozen=True, slots=True)
class Sums:
    """Results of one member on one market and UTC day: how many, and the sum of their net returns."""

    member: str
    market: str
    day: int
    count: int
    total: float


@dataclass(frozen=True)
class _Estimate:
    a: NDArray
    b: NDArray
    days: NDArray
    cells: NDArray | None
    count_a: NDArray
    count_b: NDArray
    mean_a: NDArray
    mean_b: NDArray
    difference: NDArray
    error: NDArray
    freedom: NDArray


def same_markets(rows: Sequence[Sums]) -> list[Pair]:
    """Pairs that share a market and day, ordered by names (code points)."""
    names, member, count, total = _columns(rows)
    estimate = _on_shared_cells(rows, len(names), member, count, total)
    return [] if estimate is None else _pairs(names, estimate)


def all_days(rows: Sequence[Sums]) -> list[Pair]:
    """Every pair, ordered by names (code points)."""
    names, member, count, total = _columns(rows)
    if len(names) < 2:
        return []
    return _pairs(names, _on_all_days(rows, len(names), member, count, total))


def _columns(rows: Sequence[Sums]) -> tuple[list[str], NDArray, NDArray, NDArray]:
    import numpy as np

    names = sorted({row.member for row in rows})
    place = {name: number for number, name in enumerate(names)}
    member = np.fromiter((place[row.member] for row in rows), np.int64, len(rows))
    count = np.fromiter((row.count for row in rows), np.float64, len(rows))
    return names, member, count, np.fromiter((row.total for row in rows), np.float64, len(rows))


def _on_shared_cells(
    rows: Sequence[Sums], members: int, member: NDArray, count: NDArray, total: NDArray
) -> _Estimate | None:
    import numpy as np

    cell_of: dict[tuple[str, int], int] = {}
    cell = np.fromiter((cell_of.setdefault((row.market, row.day), len(cell_of)) for row in rows), np.int64, len(rows))
    dates = sorted({day for _, day in cell_of})
    number = {day: place for place, day in enumerate(dates)}
    day = np.fromiter((number[row.day] for row in rows), np.int64, len(rows))
    order = np.lexsort((member, cell))
    parts = [
        _summed(keys, values)
        for first, second in _meetings(cell[order])
        for keys, values in [_met(order[first], order[second], members, len(dates), member, day, count, total)]
    ]
    if not parts:
        return None
    keys, (weight, by_a, by_b, cells, count_a, count_b) = _summed(
        np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts], axis=1)
    )
    pair, place = np.unique(keys // len(dates), return_inverse=True)

    def add(values: NDArray) -> NDArray:
        return np.bincount(place, values, len(pair))

    whole, days = add(weight), np.bincount(place, minlength=len(pair))
    difference = add(by_b - by_a) / whole
    with np.errstate(invalid="ignore", divide="ignore"):
        # A pair that met on one day has nothing left without it: 0/0, which counts as no deviation.
        share = np.where(days[place] > 1, weight / (whole[place] - weight), 0)
    moved = share * ((by_b - by_a) / weight - difference[place])
    return _Estimate(
        pair // members,
        pair % members,
        days,
        add(cells).astype(np.int64),
        add(count_a).astype(np.int64),
        add(count_b).astype(np.int64),
        add(by_a) / whole,
        add(by_b) / whole,
        difference,
        std_error(add(moved**2), days),
        days - 1,
    )


def _meetings(cell: NDArray) -> Iterator[tuple[NDArray, NDArray]]:
    """Positions of every two rows of one cell, in blocks; `cell` is sorted."""
    import numpy as np

    _, starts, sizes = np.unique(cell, return_index=True, return_counts=True)
    for size in np.unique(sizes[sizes > 1]):
        left, right = np.triu_indices(int(size), 1)
        own = starts[sizes == size]
        step = max(1, BLOCK // len(left))
        for start in range(0, len(own), step):
            some = own[start : start + step, None]
            yield (some + left).ravel(), (some + right).ravel()


def _met(
    a: NDArray, b: NDArray, members: int, dates: int, member: NDArray, day: NDArray, count: NDArray, total: NDArray
) -> tuple[NDArray, NDArray]:
    import numpy as np

    weight = count[a] * count[b] / (count[a] + count[b])
    key = (member[a] * members + member[b]) * dates + day[a]
    by_a, by_b = weight * total[a] / count[a], weight * total[b] / count[b]
    return key, np.stack([weight, by_a, by_b, np.ones(len(a)), count[a], count[b]])


def _summed(keys: NDArray, values: NDArray) -> tuple[NDArray, NDArray]:
    import numpy as np

    found, place = np.unique(keys, return_inverse=True)
    return found, np.stack([np.bincount(place, row, len(found)) for row in values])


def _on_all_days(rows: Sequence[Sums], members: int, member: NDArray, count: NDArray, total: NDArray) -> _Estimate:
    import numpy as np

    dates = sorted({row.day for row in rows})
    number = {day: place for place, day in enumerate(dates)}
    day = np.fromiter((number[row.day] for row in rows), np.int64, len(rows))
    counts, totals = np.zeros((members, len(dates))), np.zeros((members, len(dates)))
    np.add.at(counts, (member, day), count)
    np.add.at(totals, (member, day), total)
    whole = counts.sum(axis=1)
    mean = totals.sum(axis=1) / whole
    acted = counts > 0
    with np.errstate(invalid="ignore", divide="ignore"):
        without = (totals.sum(axis=1)[:, None] - totals) / (whole[:, None] - counts)
    moved = np.where(np.isfinite(without), without - mean[:, None], 0)
    left, right = np.triu_indices(members, 1)
    own_days = acted.sum(axis=1)
    own_error = (moved**2).sum(axis=1) * (own_days - 1) / own_days
    days, deviations = np.empty(len(left), np.int64), np.empty(len(left))
    step = max(1, BLOCK // len(dates))
    for start in range(0, len(left), step):
        a, b = left[start : start + step], right[start : start + step]
        days[start : start + step] = (acted[a] | acted[b]).sum(axis=1)
        deviations[start : start + step] = ((moved[b] - moved[a]) ** 2).sum(axis=1)
    difference = mean[right] - mean[left]
    # Without its only day a member has no mean: its pairs say nothing about their error.
    once = own_days < 2
    error = np.where(once[left] | once[right], np.nan, std_error(deviations, days))
    freedom = welch_freedom(own_error[left], own_error[right], own_days[left], own_days[right], days)
    counted = whole.astype(np.int64)
    return _Estimate(
        left, right, days, None, counted[left], counted[right], mean[left], mean[right], difference, error, freedom
    )


def _pairs(names: Sequence[str], found: _Estimate) -> list[Pair]:
    import numpy as np

    judged: Judged = judge(found.difference, found.error, found.freedom, found.days)
    adjusted, watched = holm(judged.p_value), holm(judged.watched)
    both = found.count_a + found.count_b
    needed = np.ceil(np.maximum(judged.days_factor - 1, 0) * both)
    side = np.where(found.difference > 0, "better", "worse")
    verdict, lasting = (np.where(level < ALPHA, side, "undecided") for level in (adjusted, watched))

    def known(value: Any) -> float | None:
        return float(value) if np.isfinite(value) else None

    return [
        Pair(
            a=names[int(found.a[at])],
            b=names[int(found.b[at])],
            days=int(found.days[at]),
            cells=None if found.cells is None else int(found.cells[at]),
            decisions_a=int(found.count_a[at]),
            decisions_b=int(found.count_b[at]),
            mean_a=float(found.mean_a[at]),
            mean_b=float(found.mean_b[at]),
            difference=float(found.difference[at]),
            std_error=known(judged.std_error[at]),
            low=known(judged.low[at]),
            high=known(judged.high[at]),
            p_value=known(judged.p_value[at]),
            p_adjusted=known(adjusted[at]),
            probability_b_better=known(judged.probability[at]),
            decisions_needed=int(needed[at]) if np.isfinite(needed[at]) and needed[at] <= NEVER else None,
            verdict=str(verdict[at]),
            p_watched=known(watched[at]),
            verdict_watched=str(lasting[at]),
        )
        for at in range(len(found.a))
    ]
