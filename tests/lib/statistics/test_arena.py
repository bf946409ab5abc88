"""The Alpha Arena's 230 trades: what the comparison says of them, as docs/statistics.md tells it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from dagster_project.lib.statistics.pairs import Sums, all_days, same_markets


def sums(folder: Path, *, by_market: bool) -> Iterable[Sums]:
    found: dict[tuple[str, str, int], list[float]] = {}
    for trade in json.loads((folder / "arena" / "trades.json").read_text())["trades"]:
        market = trade["symbol"] if by_market else ""
        net_return = trade["realized_net_pnl"] / abs(trade["quantity"] * trade["entry_price"])
        found.setdefault((trade["model_id"], market, int(trade["entry_time"] // 86_400)), []).append(net_return)
    return [Sums(*key, len(returns), sum(returns)) for key, returns in found.items()]


def test_one_pair_of_fifteen_is_decided_over_all_trades(shared_data: Path) -> None:
    pairs = all_days(list(sums(shared_data, by_market=False)))
    assert len(pairs) == 15
    assert [(p.a, p.b, p.verdict) for p in pairs if p.verdict != "undecided"] == [("gemini-2.5-pro", "gpt-5", "worse")]
    assert all(p.decisions_needed is None or p.decisions_needed > 0 for p in pairs if p.verdict == "undecided")


def test_none_is_decided_where_two_agents_met(shared_data: Path) -> None:
    pairs = same_markets(list(sums(shared_data, by_market=True)))
    assert len(pairs) == 15
    assert {p.verdict for p in pairs} == {"undecided"}
