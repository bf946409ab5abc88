"""Agents' logs as rows: ids that repeat or go back, lines written twice, prices that explain the cash or do not."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from dagster_project.lib import cookiegg_logs, hkuds_logs
from dagster_project.lib.trading_rows import Reject, Row

PRICES: hkuds_logs.Prices = {
    "B": {"2025-11-02": (Decimal(100), Decimal(110)), "2025-11-03": (Decimal(120), None)},
}
Log = Callable[[list[Any]], Path]


@pytest.fixture
def log(tmp_path: Path) -> Log:
    def write(found: list[Any]) -> Path:
        path = tmp_path / "position.jsonl"
        path.write_text("".join(one if isinstance(one, str) else json.dumps(one) + "\n" for one in found))
        return path

    return write


def line(number: int, day: str, cash: float, action: str | None = "buy_crypto", held: float = 1, **more: Any) -> Any:
    done = {} if action is None else {"this_action": {"action": action, "symbol": "B", "amount": 1}}
    return {"date": day, "id": number, **done, "positions": {"B": held, "CASH": cash}, **more}


def agent() -> hkuds_logs.Agent:
    return hkuds_logs.Agent("a", "x", "paper", PRICES)


def keys(found: Any) -> list[str]:
    return [one.key for one in found]


def test_ids_that_repeat_or_go_back_are_told_apart_and_said(log: Log) -> None:
    path, one = log([
        line(0, "2025-11-01", 1000, None, 0),
        line(5, "2025-11-02", 900),
        line(5, "2025-11-02", 800),
        line(5, "2025-11-02", 800),
        line(3, "2025-11-02", 700),
        line(5, "2025-11-03", 580),
    ]), agent()  # fmt: skip
    assert keys(hkuds_logs.steps(path, one)) == [
        "2025-11-01-0", "2025-11-02-5", "2025-11-02-5-2", "2025-11-02-5-2", "2025-11-02-3", "2025-11-03-5",
    ]  # fmt: skip
    assert (one.oddities.repeated, one.oddities.twice, one.oddities.backward) == (1, 1, 2)
    twice = [row for row in hkuds_logs.decisions(path, one) if isinstance(row, Row)][1:3]
    assert twice[0].values == twice[1].values


def test_a_price_counts_only_where_it_explains_the_cash(log: Log) -> None:
    path, one = log([
        line(0, "2025-11-01", 1000, None, 0),
        line(1, "2025-11-02", 900),
        line(2, "2025-11-02", 750),
        line(3, "2025-11-03", 870, "sell_crypto"),
        line(4, "2025-11-04", 770),
    ]), agent()  # fmt: skip
    found = [row for row in hkuds_logs.orders(path, one) if isinstance(row, Row)]
    assert [row.values["average_price"] for row in found] == [100, None, 120, None]
    assert [row.values["side"] for row in found] == ["buy", "buy", "sell", "buy"]
    assert one.oddities.unexplained == 2


def test_equity_is_there_only_where_all_that_is_held_has_a_price(log: Log) -> None:
    path, one = log([
        line(0, "2025-11-01", 1000, None, 0),
        line(1, "2025-11-02", 950),
        line(2, "2025-11-02", 900, held=2),
        line(3, "2025-11-03", 900, "no_trade", 2),
        line(4, "2025-11-04", 1140, "sell_crypto", 0),
    ]), agent()  # fmt: skip
    found = [row for row in hkuds_logs.equity_snapshots(path, one) if isinstance(row, Row)]
    assert [(f"{row.values['captured_at']:%m-%d}", row.values["equity"]) for row in found] == [
        ("11-02", 1000), ("11-03", 1120), ("11-05", 1140),
    ]  # fmt: skip
    assert one.oddities.unpriced == 1


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("{nope\n", "not JSON"),
        ([1], "is not an object"),
        ({"date": "2025-11-02", "positions": {}}, "id is missing"),
        ({"date": "today", "id": 1, "positions": {}}, "date is not a day"),
        ({"date": "2025-11-02", "id": 1}, "positions is missing"),
    ],
)
def test_a_bad_line_is_refused_and_its_neighbours_are_not(log: Log, bad: Any, reason: str) -> None:
    path = log([line(0, "2025-11-01", 1000, None, 0), bad, line(2, "2025-11-02", 900)])
    found = list(hkuds_logs.decisions(path, agent()))
    assert [type(one) for one in found] == [Reject, Row]
    assert isinstance(found[0], Reject)
    assert found[0].reason.startswith(reason)


def test_an_unknown_action_is_refused(log: Log) -> None:
    (found,) = hkuds_logs.decisions(log([line(1, "2025-11-02", 900, "pray")]), agent())
    assert isinstance(found, Reject)
    assert found.reason.startswith("action is 'pray', not one of buy_crypto")


def test_messages_are_a_list_or_one(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    said = [{"role": "user", "content": "go"}]
    path.write_text(json.dumps({"new_messages": said}) + "\n" + json.dumps({"new_messages": said[0]}) + '\n{"a": 1}\n')
    found = list(hkuds_logs.messages(path, "a-day"))
    assert [row.values["position_in_thread"] for row in found if isinstance(row, Row)] == [0, 1]
    assert isinstance(found[2], Reject)


def test_a_fill_that_contradicts_the_state_is_refused() -> None:
    bot = cookiegg_logs.Bot("b", "x", "paper")
    order = {
        "timestamp": "2025-11-05T11:10:13.560Z",
        "side": "SELL",
        "symbol": "B",
        "quantity": 1,
        "price": 2,
        "orderId": "7",
    }
    fill = {"exit_time": 1762341013, "side": "SELL", "symbol": "B", "quantity": 1, "price": 2, "orderId": "7"}
    (own,) = cookiegg_logs.orders({"trades": [order]}, bot)
    same, wrong, new = cookiegg_logs.fills([fill, fill | {"price": 3}, fill | {"orderId": "8"}], {"7": order}, bot)
    assert isinstance(own, Row)
    assert isinstance(same, Row)
    assert isinstance(new, Row)
    assert same.values == own.values
    assert isinstance(wrong, Reject)
    assert wrong.reason == "price is 3, and 2 in trading-state.json"
    assert (new.values["id"], new.values["side"]) == ("b-8", "sell")
