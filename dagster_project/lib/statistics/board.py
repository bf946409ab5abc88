"""Leaderboard beside its comparison: is an agent really better than the one behind it?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

BASIS = "all trades"
UNDECIDED = "undecided"
ADDED = ("next_agent", "probability_better", "decisions_needed", "verdict", "verdict_watched")

Row = Mapping[str, Any]


def with_neighbours(board: Iterable[Row], pairs: Iterable[Row]) -> list[dict[str, Any]]:
    """Rows of leaderboard in the order of rank, each with how it compares with the next one of its board.

    Adds `next_agent`, `probability_better` (that its decisions earn more on the notional, None where nothing can be
    said), `decisions_needed`, `verdict` and `verdict_watched`; all None for the last of a board.

    Args:
        pairs: rows of agent_comparison, either way round.
    """
    found: dict[tuple[str, ...], tuple[float | None, int | None, Any, Any]] = {}
    turned = {"better": "worse", "worse": "better"}
    for pair in pairs:
        if pair["basis"] != BASIS:
            continue
        home, a, b = (pair["exchange"], pair["origin_group"]), pair["agent_a"], pair["agent_b"]
        chance, needed = pair["probability_b_better"], pair["decisions_needed"]
        verdict, watched = pair["verdict"], pair["verdict_watched"]
        found[*home, b, a] = (chance, needed, verdict, watched)
        other_way = turned.get(verdict, verdict), turned.get(watched, watched)
        found[*home, a, b] = (None if chance is None else 1 - chance, needed, *other_way)
    ordered = sorted(board, key=lambda row: (row["exchange"], row["origin_group"], row["rank"]))
    rows = []
    for place, row in enumerate(ordered):
        home = (row["exchange"], row["origin_group"])
        after = ordered[place + 1] if place + 1 < len(ordered) else None
        if after is None or (after["exchange"], after["origin_group"]) != home:
            rows.append(dict(row) | dict.fromkeys(ADDED))
            continue
        # Who closed no trade of known size is in no pair.
        nothing = (None, None, UNDECIDED, UNDECIDED)
        compared = found.get((*home, row["agent_id"], after["agent_id"]), nothing)
        rows.append(dict(row) | dict(zip(ADDED, (after["agent_id"], *compared), strict=True)))
    return rows
