"""The picture of outcomes, also where there is little to draw."""

from __future__ import annotations

import base64

import pytest

from dagster_project.lib.outcomes.plot import Group, outcomes_png


@pytest.mark.parametrize("points", [[], [(0.0, 0.0, False)], [(0.5, 1.5, True), (2.0, 0.1, False)]])
def test_a_picture_is_drawn_of_none_one_and_two_scored_decisions(points: list[tuple[float, float, bool]]) -> None:
    states = [Group("pending", "none", False, 99, 0, None), Group("no_market", "none", True, 368, 0, None)]
    assert base64.b64decode(outcomes_png(states, points)).startswith(b"\x89PNG")
