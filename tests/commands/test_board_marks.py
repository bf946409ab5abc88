"""What the board marks behind figures that are less than they seem."""

from __future__ import annotations

from typing import Any

import pytest

from dagster_project.commands.board import ONE_LOOK, _figures


def entry(**other: Any) -> dict[str, Any]:
    return {
        "equity": 125,
        "equity_source": "snapshot",
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
    ("source", "mark"), [("snapshot", ""), ("closed trades", "*"), ("open positions", "*"), (None, "")]
)
def test_equity_that_nobody_reported_is_marked(source: str | None, mark: str) -> None:
    assert _figures(entry(equity_source=source))["equity"] == f"125.00{mark}"


def test_a_verdict_for_one_look_is_marked_and_wins_are_out_of_known_results() -> None:
    figures = _figures(entry())
    assert (figures["beats next"], figures["won"]) == (f">99% better{ONE_LOOK}", "1/2")
    assert _figures(entry(verdict_watched="better"))["beats next"] == ">99% better"
    assert _figures(entry(verdict=None, verdict_watched=None, probability_better=None))["beats next"] == ""
