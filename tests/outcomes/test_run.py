"""Outcomes on real engines: once, again, after corrections, with holes, and in states that are no verdict."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from dagster_project.lib.outcomes.method import METHOD
from tests.outcomes.conftest import DAY, QUICK, Desk
from tests.outcomes.oracle import Bar, Bet, judge

MINUTE = timedelta(minutes=1)
START = DAY - timedelta(hours=6)


def figures(desk: Desk) -> dict[str, Any]:
    """What must be the same however the runs went."""
    bookkeeping = ("created_at", "updated_at")
    return {
        identity: {name: value for name, value in row.items() if name not in bookkeeping}
        for identity, row in desk.outcomes().items()
    }


def test_each_decision_scores_as_the_slow_way_says_and_once(desk: Desk) -> None:
    prices = desk.candles()
    bars = {ms(START) + 60_000 * at: Bar(*map(float, row)) for at, row in enumerate(prices)}
    head = max(bars) + 60_000
    bets = {}
    for number in range(60):
        action, side = (("long", 1), ("short", -1), ("hold", 0))[number % 3]
        at = DAY + timedelta(seconds=97 * number)
        own = number % 2 == 0 and side != 0
        barriers = {"take_profit": 100 * (1 + side / 100), "stop_loss": 100 * (1 - side / 100)} if own else {}
        desk.decide(f"d{number:02}", at, action=action, quantity=3, **barriers)
        bets[f"d{number:02}"] = Bet(ms(at), side, side != 0, barriers.get("take_profit"), barriers.get("stop_loss"))
    done = desk.run()
    assert (done.states, done.batches) == ({"scored": 60}, 1)
    for identity, row in desk.outcomes().items():
        expected = judge(bets[identity], bars, set(), 60_000, head, QUICK)
        assert row["barrier"] == expected["barrier"], identity
        assert ms(row["exit_at"]) == expected["exit_at"]
        assert row["is_correct"] == expected["is_correct"]
        if "net" in expected:
            assert float(row["net_percent"]) == pytest.approx(expected["net"] * 100, abs=2e-6)
            assert float(row["max_favorable_percent"]) == pytest.approx(expected["favorable"] * 100, abs=2e-6)
            assert float(row["max_adverse_percent"]) == pytest.approx(expected["adverse"] * 100, abs=2e-6)
            assert float(row["pnl"]) == pytest.approx(3 * expected["entry_price"] * expected["net"], abs=2e-6)
            assert row["is_direction_correct"] == expected["is_direction_correct"]
    headline = desk.decision("d00")
    assert (headline["outcome_correct"], headline["actual_pnl"]) == (
        desk.outcome("d00")["is_correct"],
        desk.outcome("d00")["pnl"],
    )
    before = desk.outcomes()
    assert desk.run().decisions == 0
    assert desk.outcomes() == before


def test_nothing_is_due_forever_and_a_changed_decision_is_scored_anew(desk: Desk) -> None:
    desk.candles()
    desk.decide("d", quantity=1)
    desk.run()
    first = desk.outcome("d")
    desk.decide("d", quantity=1, reasoning="said more")
    assert desk.run().decisions == 1
    assert desk.outcome("d") == first  # the outcome is the same, so its row is too
    desk.decide("d", quantity=1, action="short")
    desk.run()
    assert desk.outcome("d")["side"] == "short"
    assert desk.decision("d")["outcome_correct"] == desk.outcome("d")["is_correct"]
    assert desk.run().decisions == 0


def test_a_late_correction_of_a_candle_is_scored_anew_and_only_where_it_counts(desk: Desk) -> None:
    prices = desk.candles()
    desk.decide("early", DAY)
    desk.decide("late", DAY + timedelta(hours=3))
    desk.run()
    before = desk.outcomes()
    at = DAY + 30 * MINUTE
    row = prices[int((at - START) / MINUTE)]
    crashed = [float(row[0]), float(row[1]), float(row[2]) / 2, float(row[3])]
    # Candles of today count as changed for as long as clocks may differ: make the first ones old.
    desk.owner.execute("UPDATE ops.outcome_days SET ingested_at = ingested_at + interval '11 minutes'")
    later = datetime.now(UTC) + timedelta(minutes=20)
    desk.client.insert(
        "market_ohlcv",
        [["x", "BTC/USDT", "1m", at, *crashed, 1.0, 1, later]],
        column_names=[
            *("exchange", "symbol", "timeframe", "timestamp", "open", "high", "low", "close", "volume", "revision"),
            "ingested_at",
        ],
    )
    assert desk.run().decisions == 1
    after = desk.outcomes()
    assert after["late"] == before["late"]
    assert (after["early"]["barrier"], after["early"]["exit_at"]) == ("stop", at + MINUTE)
    assert desk.decision("early")["outcome_correct"] is False
    assert desk.run().decisions == 0


def test_a_hole_says_so_until_it_is_filled_or_confirmed(desk: Desk) -> None:
    desk.candles(without=[360 + 20, 360 + 21, 360 + 200])
    desk.decide("filled", DAY)
    desk.decide("confirmed", DAY + timedelta(minutes=150))
    desk.decide("whole", DAY + timedelta(minutes=30))
    desk.run()
    states = {name: row["state"] for name, row in desk.outcomes().items()}
    assert states == {"filled": "gap", "confirmed": "gap", "whole": "scored"}
    assert desk.outcome("filled")["is_correct"] is None
    assert desk.decision("filled")["outcome_recorded_at"] is None
    gap = DAY + 200 * MINUTE
    desk.owner.execute(
        "INSERT INTO ops.ingest_gaps VALUES ('x', 'BTC/USDT', '1m', %s, %s, 'confirmed_empty', 'no trades', 3, %s, %s)",
        (gap, gap + MINUTE, datetime.now(UTC), datetime.now(UTC)),
    )
    desk.run()
    states = {name: row["state"] for name, row in desk.outcomes().items()}
    assert states == {"filled": "gap", "confirmed": "scored", "whole": "scored"}
    desk.candles(first=DAY + 20 * MINUTE, minutes=2)
    desk.run()
    assert {row["state"] for row in desk.outcomes().values()} == {"scored"}


def test_pending_waits_for_its_whole_horizon(desk: Desk) -> None:
    desk.candles(minutes=360 + 59)
    desk.decide("d", DAY)
    desk.decide("touched", DAY, take_profit=100.01, stop_loss=1)
    desk.decide("future", datetime.now(UTC) + timedelta(days=30))
    assert desk.run().states == {"pending": 3}
    assert desk.decision("touched")["outcome_correct"] is None  # quick winners are not counted before slow losers
    assert desk.run().decisions == 0  # nothing to look at before the horizon is over
    desk.candles(first=DAY + 59 * MINUTE, minutes=1)
    assert desk.run().states == {"scored": 2}
    assert desk.outcome("future")["state"] == "pending"


def test_states_without_a_verdict_say_why(desk: Desk) -> None:
    desk.candles()
    desk.decide("unknown", symbol="NOSUCH/USDT")
    desk.decide("silent", action=None)
    desk.decide("close", action="close")
    desk.decide("sandbox", exchange="sandbox")
    desk.decide("unsure", confidence=None)
    assert desk.run().states == {"no_market": 2, "no_side": 2, "scored": 1}
    assert desk.outcome("sandbox")["state"] == "no_market"  # real candles never judge the sandbox
    desk.candles(symbol="NOSUCH/USDT")
    assert desk.run().states == {"scored": 1}


def test_another_venue_of_the_same_coin_stands_in_until_the_own_one_has_candles(desk: Desk) -> None:
    desk.candles(exchange="y", symbol="BTC/USD")
    desk.decide("d", symbol="BTC")
    desk.run()
    row = desk.outcome("d")
    assert (row["state"], row["market_exchange"], row["market_symbol"]) == ("scored", "y", "BTC/USD")
    desk.candles(exchange="x", symbol="BTC/USDT", seed=5)
    desk.run()
    assert desk.outcome("d")["market_exchange"] == "x"


def test_coarser_candles_score_what_finer_ones_cannot(desk: Desk) -> None:
    desk.candles(without=[370])
    desk.candles(first=START, minutes=288, timeframe="5m")
    desk.decide("hole", DAY)
    desk.decide("whole", DAY + timedelta(hours=1))
    desk.run()
    assert [row["timeframe"] for row in desk.outcomes().values()] == ["5m", "1m"]


def test_a_close_is_right_when_staying_would_have_lost(desk: Desk) -> None:
    prices = desk.candles()
    desk.trade("t", decision_id="entry", closed_at=DAY + 5 * MINUTE)
    desk.decide("entry", DAY)
    desk.decide("close", DAY + 5 * MINUTE, action="close", trade_id="t", quantity=2)
    desk.run()
    row = desk.outcome("close")
    assert (row["stake"], row["side"], row["trade_count"]) == ("leave", "short", 0)
    entry = prices[365, 0]
    assert row["entry_price"] == Decimal(str(entry))
    assert row["is_correct"] == (row["exit_price"] < row["entry_price"])
    assert row["net_percent"] == row["gross_percent"]


def test_a_hold_with_barriers_keeps_a_position_and_one_without_stays_out(desk: Desk) -> None:
    desk.candles()
    desk.decide("long", action="hold", take_profit=200, stop_loss=50)
    desk.decide("short", action="hold", take_profit=50, stop_loss=200)
    desk.decide("flat", action="hold")
    desk.run()
    rows = desk.outcomes()
    assert [(rows[one]["stake"], rows[one]["side"]) for one in ("long", "short", "flat")] == [
        ("keep", "long"),
        ("keep", "short"),
        ("stay_out", None),
    ]
    assert rows["long"]["net_percent"] == -rows["short"]["net_percent"] == rows["long"]["gross_percent"]
    assert rows["flat"]["net_percent"] is None
    assert rows["flat"]["is_correct"] == (rows["flat"]["barrier"] == "horizon")


def test_the_actual_trade_stands_beside_the_barrier(desk: Desk) -> None:
    desk.candles()
    desk.decide("d", quantity=2, executed=True)
    desk.trade("t1", decision_id="d", status="open", net_pnl=None, closed_at=None, exit_price=None)
    desk.trade("t2", decision_id="d", net_pnl=5)
    desk.run()
    row = desk.outcome("d")
    assert (row["trade_count"], row["trade_pnl"], row["state"]) == (1, None, "scored")
    assert desk.decision("d")["actual_pnl"] == row["pnl"]
    desk.trade("t1", decision_id="d", closed_at=DAY + 40 * MINUTE)
    assert desk.run().decisions == 1
    row = desk.outcome("d")
    assert (row["trade_count"], row["trade_pnl"], row["trade_percent"]) == (2, 3, Decimal("0.75"))
    assert (row["trade_hold_minutes"], row["is_trade_correct"]) == (40, True)
    headline = desk.decision("d")
    assert (headline["actual_pnl"], headline["hold_duration_minutes"]) == (3, 40)
    assert headline["outcome_correct"] == row["is_correct"]  # traded and skipped are judged alike
    assert desk.run().decisions == 0


def test_trades_that_left_postgres_count_once(desk: Desk) -> None:
    desk.candles()
    desk.decide("d", quantity=2)
    desk.decide("e", quantity=2, trade_id="t9")
    desk.run()
    columns = "id, agent_id, exchange, symbol, side, status, currency, quantity, entry_price, net_pnl, opened_at,"
    columns += " closed_at, decision_id, origin, details, created_at, updated_at"
    old, new = datetime.now(UTC) - timedelta(days=2), datetime.now(UTC)

    def archived(identity: str, decision: str | None, pnl: int, version: datetime) -> list[Any]:
        head = [identity, "a", "x", "BTC/USDT", "long", "closed", "USD", Decimal(2), Decimal(100), Decimal(pnl)]
        return [*head, DAY, DAY + 10 * MINUTE, decision, "live", "{}", old, version]

    desk.client.insert(
        "trades_history_versions",
        [
            archived("t1", "d", 4, old),
            archived("t1", "d", 6, new),
            archived("t2", "d", 1, old),
            archived("t9", None, 7, new),
        ],
        column_names=columns.replace(",", "").split(),
    )
    desk.trade("t2", decision_id="d", net_pnl=2)  # corrected here, and not archived again yet
    desk.run()
    rows = desk.outcomes()
    assert (rows["d"]["trade_count"], rows["d"]["trade_pnl"]) == (2, 8)
    assert (rows["e"]["trade_count"], rows["e"]["trade_pnl"]) == (1, 7)


def test_an_application_that_scores_itself_keeps_its_outcome(desk: Desk) -> None:
    desk.candles()
    stamp = datetime(2025, 3, 4, tzinfo=UTC)
    desk.decide("own", actual_pnl=11, outcome_correct=True, outcome_recorded_at=stamp)
    desk.decide("ours")
    desk.run()
    assert desk.decision("own")["actual_pnl"] == 11
    assert desk.outcome("own")["state"] == "scored"
    desk.decide("ours", outcome_correct=False, outcome_recorded_at=stamp)
    desk.run()
    assert desk.decision("ours")["outcome_recorded_at"] == stamp


def test_other_parameters_score_everything_anew(desk: Desk) -> None:
    desk.candles()
    desk.decide("d")
    desk.run()
    assert desk.outcome("d")["method"] == QUICK.name
    assert desk.run(METHOD).decisions == 1
    assert (desk.outcome("d")["method"], desk.outcome("d")["state"]) == (METHOD.name, "pending")
    assert desk.decision("d")["outcome_correct"] is None
    stored = desk.owner.execute("SELECT parameters ->> 'horizon' FROM outcome_methods ORDER BY created_at").fetchall()
    assert stored == [("60",), ("1440",)]


def test_a_deleted_decision_takes_its_outcome_along(desk: Desk) -> None:
    desk.candles()
    desk.decide("d")
    desk.decide("e")
    desk.run()
    desk.owner.execute("DELETE FROM decisions WHERE id = 'd'")
    desk.run()
    assert set(desk.outcomes()) == {"e"}


def ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
