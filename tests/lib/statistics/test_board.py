"""An agent beside the one behind it."""

from __future__ import annotations

from typing import Any

from dagster_project.lib.statistics.board import with_neighbours


def entry(agent: str, rank: int, exchange: str = "x") -> dict[str, Any]:
    return {"exchange": exchange, "origin_group": "real", "agent_id": agent, "rank": rank}


def pair(a: str, b: str, chance: float | None, verdict: str, basis: str = "all trades") -> dict[str, Any]:
    home = {"exchange": "x", "origin_group": "real", "basis": basis, "agent_a": a, "agent_b": b}
    sure = {"decisions_needed": 7, "verdict": verdict, "verdict_watched": "undecided"}
    return home | sure | {"probability_b_better": chance}


def test_pairs_are_read_either_way_round() -> None:
    board = [entry("b", 1), entry("a", 2), entry("c", 3), entry("z", 1, "other")]
    pairs = [
        pair("a", "b", 0.9, "better"),
        pair("a", "c", 0.99, "better"),
        pair("a", "c", 0.5, "worse", "same markets"),
    ]
    rows = with_neighbours(reversed(board), pairs)
    assert [row["agent_id"] for row in rows] == ["z", "b", "a", "c"]
    by_agent = {row["agent_id"]: row for row in rows}
    assert (by_agent["b"]["next_agent"], by_agent["b"]["probability_better"]) == ("a", 0.9)
    assert by_agent["b"]["verdict"] == "better"
    assert round(by_agent["a"]["probability_better"], 9) == 0.01
    assert by_agent["a"]["verdict"] == "worse"
    assert by_agent["a"]["verdict_watched"] == "undecided"
    assert by_agent["c"]["next_agent"] is by_agent["z"]["verdict"] is None


def test_who_is_in_no_pair_is_undecided() -> None:
    first, _ = with_neighbours([entry("a", 1), entry("b", 2)], [])
    assert (first["probability_better"], first["verdict"]) == (None, "undecided")
