"""Isotonic maps know the past only."""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal

import pytest

from dagster_project.lib.statistics.recalibration import ENOUGH, Count, recalibrate

FIRST = date(2025, 1, 1)


def counts(seed: int, number: int = 400) -> list[Count]:
    draw = random.Random(seed)
    found = []
    for _ in range(number):
        day = FIRST + timedelta(days=draw.randrange(30))
        known = draw.choice((None, *[day + timedelta(days=draw.randrange(5))] * 5))
        judged = draw.choice((0, 1, 1, 2))
        found.append(
            Count(day, known, Decimal(draw.randrange(0, 101, 5)).scaleb(-2), 2, judged, draw.randint(0, judged))
        )
    return found


@pytest.mark.parametrize("seed", range(4))
def test_maps_are_scikit_learns(seed: int) -> None:
    from sklearn.isotonic import IsotonicRegression

    given = counts(seed)
    fitted = 0
    for one in recalibrate(given):
        known = [count for count in given if count.known_day is not None and count.known_day < one.day and count.judged]
        assert one.trained_on == sum(count.judged for count in known)
        assert (one.calibrated is None) == (one.trained_on < ENOUGH)
        if one.calibrated is not None:
            model = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip")
            model.fit(
                [float(count.confidence) for count in known],
                [count.correct / count.judged for count in known],
                sample_weight=[count.judged for count in known],
            )
            assert one.calibrated == pytest.approx(float(model.predict([float(one.confidence)])[0]), abs=1e-9)
            fitted += 1
    assert fitted > 100


def test_what_is_recorded_later_changes_nothing_earlier() -> None:
    given = counts(9)
    cut = FIRST + timedelta(days=15)
    turned = [
        Count(c.day, c.known_day, c.confidence, c.decisions, c.judged, c.judged - c.correct)
        if c.known_day is None or c.known_day >= cut
        else c
        for c in given
    ]
    one, other = (
        [(r.day, r.confidence, r.calibrated) for r in recalibrate(g) if r.day <= cut] for g in (given, turned)
    )
    assert one == other
    assert [r.calibrated for r in recalibrate(given)] != [r.calibrated for r in recalibrate(turned)]


def test_few_outcomes_and_none() -> None:
    assert list(recalibrate([])) == []
    alone = Count(FIRST, FIRST, Decimal("0.7"), 1, 1, 1)
    (found,) = recalibrate([alone])
    assert (found.trained_on, found.calibrated) == (0, None)
    sure = [
        Count(FIRST, FIRST, Decimal(1), ENOUGH, ENOUGH, ENOUGH),
        Count(FIRST + timedelta(days=1), None, Decimal(0), 1, 0, 0),
    ]
    *_, last = recalibrate(sure)
    assert (last.trained_on, last.calibrated) == (ENOUGH, 1.0)
