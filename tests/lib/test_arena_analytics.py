"""The published object has the original's keys and numbers."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from dagster_project.lib.arena_analytics import TABLES, payload, true_at

MOMENT = datetime(2025, 10, 26, 4, 18, 24, 432235, tzinfo=UTC)


def row(**other: Any) -> dict[str, Any]:
    figures = dict.fromkeys(itertools.chain.from_iterable(TABLES.values()), 0.0)
    last = {"last_trade_exit_time": MOMENT, "last_trade_doc_id": "t", "last_convo_timestamp": None}
    return {"agent_id": "a", **figures, **last, "last_convo_doc_id": None, **other}


def test_keys_and_nesting_are_the_originals(shared_data: Path) -> None:
    for file in (shared_data / "arena").glob("analytics-*.json"):
        (official,) = json.loads(file.read_text())["analytics"]
        mine = payload(row(), MOMENT)
        assert mine.keys() == official.keys()
        for name, figures in TABLES.items():
            assert len(figures) == len(set(figures))
            assert mine[name].keys() == official[name].keys()


def test_numbers_are_as_the_original_writes_them() -> None:
    found = payload(row(total_fees_paid=Decimal("329.625167"), win_rate=0.1 + 0.2, total_trades=19.0), MOMENT)
    assert found["updated_at"] == 1761452304.432235
    assert found["fee_pnl_moves_breakdown_table"]["total_fees_paid"] == 329.625167
    assert found["winners_losers_breakdown_table"]["win_rate"] == 0.30000000000000004
    assert json.dumps(found["overall_trades_overview_table"]["total_trades"]) == "19"


def test_figures_are_as_old_as_their_newest_part() -> None:
    assert true_at(row()) == MOMENT
    later = MOMENT.replace(year=2026)
    assert true_at(row(last_convo_timestamp=later)) == later
    assert true_at(row(last_trade_exit_time=None)).year == 1970
