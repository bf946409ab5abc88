"""Names that would be formulas, or nothing, come out of the plots as they are."""

from __future__ import annotations

import base64
import io
import warnings
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from dagster_project.defs.transform import pictures
from dagster_project.lib.performance.plot import equity_png

NAMES = ("$x^$", "costs $5 or $6", "_hidden", "a\\b", "[red]x[/]", "100%")


def daily(agents: tuple[str, ...]) -> list[dict[str, Any]]:
    return [
        {"agent_id": agent, "day": date(2025, 1, 1 + day), "equity": 100 + day, "drawdown": 0.0, "currency": "U$D$"}
        for agent in agents
        for day in range(3)
    ]


def pair(a: str, b: str) -> dict[str, Any]:
    return {
        "a": a,
        "b": b,
        "days": 3,
        "decisions_a": 1,
        "decisions_b": 2,
        "difference": 0.1,
        "low": -0.1,
        "high": 0.3,
        "verdict": "undecided",
        "verdict_watched": "undecided",
    }


def test_every_agent_is_in_the_legend_under_its_own_name() -> None:
    figure = pictures.equity_figure(daily(NAMES), NAMES, "venue real")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert pictures.png(figure).startswith(b"\x89PNG")
    (legend,) = figure.legends
    shown = [text.get_text().replace("\\$", "$").strip() for text in legend.get_texts()]
    assert shown == list(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_figure_of_any_name_is_drawn(name: str) -> None:
    one = {"bin": 3, "chosen": "traded", "avg_confidence": 0.25, "accuracy": 0.5, "accuracy_low": 0.2}
    drawn = (
        pictures.forest_figure([pair(name, "b"), pair("a", name)], "a", "b", name),
        pictures.calibration_figure([one | {"accuracy_high": 0.8, "decisions": 4}], [], name),
    )
    for figure in drawn:
        assert pictures.png(figure).startswith(b"\x89PNG")
    start = datetime(2025, 1, 1, tzinfo=UTC)
    hours = [(start + timedelta(hours=hour), 100.0 + hour) for hour in range(3)]
    picture = base64.b64decode(equity_png({(name, "venue"): hours}))
    assert io.BytesIO(picture).read(4) == b"\x89PNG"
