"""What a stated confidence is worth, by what was known when the day began.

For each UTC day on which an agent decided, an isotonic (never falling) map from confidence to the share that was right
is fitted on the outcomes recorded before that day, by scikit-learn's pool-adjacent-violators. Between confidences seen
before it is a straight line, beyond them it is flat. Nothing recorded on the day itself or later is in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

# With fewer outcomes the map says more about chance than about the agent.
ENOUGH = 30


@dataclass(frozen=True, slots=True)
class Count:
    """Decisions of one agent on one day with one confidence, whose outcomes became known on one day (or not yet)."""

    day: date
    known_day: date | None
    confidence: Decimal
    decisions: int
    judged: int
    correct: int


@dataclass(frozen=True)
class Calibrated:
    """One day and confidence; `calibrated` is None for fewer than ENOUGH outcomes known before the day."""

    day: date
    confidence: Decimal
    decisions: int
    judged: int
    correct: int
    trained_on: int
    calibrated: float | None


def recalibrate(counts: Sequence[Count]) -> Iterator[Calibrated]:
    """Every day and confidence of one agent, in order.

    Outcomes whose time of recording is not known teach nothing: nobody can say that they were known before.
    """
    outcomes = sorted(
        (count for count in counts if count.known_day is not None and count.judged),
        key=lambda count: (count.known_day, count.confidence),
    )
    days: dict[date, dict[Decimal, list[int]]] = {}
    for count in counts:
        entry = days.setdefault(count.day, {}).setdefault(count.confidence, [0, 0, 0])
        for place, number in enumerate((count.decisions, count.judged, count.correct)):
            entry[place] += number
    learnt: dict[float, list[int]] = {}
    taken, trained_on, fitted = 0, 0, None
    for day in sorted(days):
        while taken < len(outcomes) and (outcomes[taken].known_day or day) < day:
            outcome = outcomes[taken]
            entry = learnt.setdefault(float(outcome.confidence), [0, 0])
            entry[0] += outcome.judged
            entry[1] += outcome.correct
            trained_on += outcome.judged
            taken, fitted = taken + 1, None
        if fitted is None and trained_on >= ENOUGH:
            fitted = isotonic(learnt)
        for confidence, (decisions, judged, correct) in sorted(days[day].items()):
            worth = None if fitted is None else _read(fitted, float(confidence))
            yield Calibrated(day, confidence, decisions, judged, correct, trained_on, worth)


def isotonic(learnt: dict[float, list[int]]) -> tuple[list[float], list[float]]:
    """Confidences in order and the share that was right at each, never falling. `learnt`: confidence to (n, right)."""
    import numpy as np
    from sklearn.isotonic import isotonic_regression

    points = sorted(learnt)
    counts = np.array([learnt[point] for point in points], float)
    shares = isotonic_regression(counts[:, 1] / counts[:, 0], sample_weight=counts[:, 0], y_min=0, y_max=1)
    return points, [float(share) for share in shares]


def _read(fitted: tuple[list[float], list[float]], confidence: float) -> float:
    import numpy as np

    return float(np.interp(confidence, *fitted))
