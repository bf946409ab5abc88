"""Made-up trades: exact money, sandbox prices, windows that join."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from dagster_project.stack.sandbox import SANDBOX_AGENTS, SANDBOX_SYMBOLS, SandboxSource, sandbox_trades

START = datetime(2025, 10, 1, tzinfo=UTC)
END = START + timedelta(days=30)


@pytest.fixture(scope="module")
def trades() -> list[dict[str, Any]]:
    return list(sandbox_trades(0, SANDBOX_AGENTS, START, END))


def test_they_are_labelled_and_whole(trades: list[dict[str, Any]]) -> None:
    assert 500 < len(trades) < 700  # five agents, four a day
    assert len({trade["id"] for trade in trades}) == len(trades)
    for trade in trades:
        assert trade["id"].startswith("sandbox-")
        assert (trade["exchange"], trade["origin"], trade["status"]) == ("sandbox", "simulated", "closed")
        assert trade["side"] in ("long", "short")
        assert trade["symbol"] in SANDBOX_SYMBOLS
        assert 0 <= trade["confidence"] <= 1
        assert trade["leverage"] >= 1
        assert trade["quantity"] > 0
        assert trade["opened_at"] < trade["closed_at"]
        assert START <= trade["closed_at"] < END
    assert {trade["agent_id"] for trade in trades} == set(SANDBOX_AGENTS)


def test_money_adds_up_exactly(trades: list[dict[str, Any]]) -> None:
    for trade in trades:
        sign = 1 if trade["side"] == "long" else -1
        gross = trade["quantity"] * (trade["exit_price"] - trade["entry_price"]) * sign
        assert abs(trade["gross_pnl"] - gross) <= Decimal("0.000000005")
        assert trade["fee"] == trade["entry_fee"] + trade["exit_fee"] > 0
        assert trade["net_pnl"] == trade["gross_pnl"] - trade["fee"]


def test_prices_are_those_of_the_sandbox_venue(trades: list[dict[str, Any]]) -> None:
    source = SandboxSource(SANDBOX_SYMBOLS)
    for trade in trades[::50]:
        for moment, price in (("opened_at", "entry_price"), ("closed_at", "exit_price")):
            last = round(trade[moment].timestamp() * 1000) - 60_000
            candle = source.rows(trade["symbol"].replace("/", ""), "1m", last, last, None, False)
            assert trade[price] == Decimal(repr(float(candle["close"][0])))


def test_windows_join_without_gap_or_overlap(trades: list[dict[str, Any]]) -> None:
    cuts = [START, START + timedelta(hours=1), START + timedelta(days=9, minutes=7), END]
    pieces = [trade for begin, end in pairwise(cuts) for trade in sandbox_trades(0, SANDBOX_AGENTS, begin, end)]
    assert sorted(pieces, key=lambda trade: trade["id"]) == sorted(trades, key=lambda trade: trade["id"])


def test_agents_do_not_influence_each_other(trades: list[dict[str, Any]]) -> None:
    alone = list(sandbox_trades(0, ["sandbox-comet"], START, END))
    assert alone == [trade for trade in trades if trade["agent_id"] == "sandbox-comet"]


def test_seeds_differ(trades: list[dict[str, Any]]) -> None:
    other = list(sandbox_trades(1, SANDBOX_AGENTS, START, END))
    assert {trade["id"] for trade in other}.isdisjoint({trade["id"] for trade in trades})
    assert [trade["net_pnl"] for trade in other] != [trade["net_pnl"] for trade in trades]


def test_some_win_and_some_lose(trades: list[dict[str, Any]]) -> None:
    wins = sum(trade["net_pnl"] > 0 for trade in trades) / len(trades)
    assert 0.35 < wins < 0.6
    assert {trade["side"] for trade in trades} == {"long", "short"}


def test_times_without_a_zone_are_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        list(sandbox_trades(0, SANDBOX_AGENTS, datetime(2025, 1, 1), END))  # noqa: DTZ001
