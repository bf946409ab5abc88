"""What the board marks behind figures that are less than they seem."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from dagster_project.commands.board import ONE_LOOK, _figures, _is_behind

DAY = datetime(2025, 10, 25, 4, tzinfo=UTC)


def entry(**other: Any) -> dict[str, Any]:
    return {
        "equity": 125,
        "equity_source": "snapshot",
        "equity_at": DAY,
        "last_closed_at": DAY,
        "return_since_inception": 0.25,
        "net_pnl": 5,
        "wins": 1,
        "trades": 3,
        "scored_trades": 2,
        "win_rate": None,
        "probability_better": 0.99999,
        "verdict": "better",
        "verdict_watched": "undecided",
    } | other


@pytest.mark.parametrize(
    ("reported", "closed", "behind"),
    [
        (DAY, DAY.replace(hour=23), False),
        (DAY, DAY.replace(day=26, hour=0), True),
        (DAY.replace(day=27), DAY, False),
        (DAY, None, False),
        (None, DAY, False),
    ],
)
def test_reported_equity_is_behind_when_trades_closed_on_a_later_day(
    reported: datetime | None, closed: datetime | None, behind: bool
) -> None:
    row = entry(equity_at=reported, last_closed_at=closed)
    assert _is_behind(row) == behind
    assert _figures(row)["equity"] == ("125.00°" if behind else "125.00")


def test_a_verdict_for_one_look_is_marked_and_wins_are_out_of_known_results() -> None:
    figures = _figures(entry())
    assert (figures["beats next"], figures["won"]) == (f">99% better{ONE_LOOK}", "1/2")
    assert _figures(entry(verdict_watched="better"))["beats next"] == ">99% better"
    assert _figures(entry(verdict=None, verdict_watched=None, probability_better=None))["beats next"] == ""
