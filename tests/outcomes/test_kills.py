"""A scorer killed anywhere, a history of changes in any order, and a dead ClickHouse: the outcomes are those of one
clean run over what is there in the end."""

from __future__ import annotations

import random
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import pytest

from dagster_project.resources.clickhouse import ClickHouseResource
from dagster_project.settings import PROJECT_ROOT
from tests.outcomes.conftest import DAY, Desk
from tests.outcomes.test_run import figures

HEADLINE = (
    "id, actual_pnl, actual_pnl_percent, max_favorable, max_adverse, hold_duration_minutes, outcome_correct,"
    " outcome_recorded_at IS NULL"
)


def everything(desk: Desk) -> tuple[dict[str, Any], list[Any]]:
    return figures(desk), desk.owner.execute(f"SELECT {HEADLINE} FROM decisions ORDER BY id".encode()).fetchall()


def afresh(desk: Desk) -> tuple[dict[str, Any], list[Any]]:
    """What one run makes of the same decisions, trades and candles when nothing was ever scored."""
    desk.owner.execute(
        "TRUNCATE outcome_methods, decision_outcomes, ops.outcome_queue, ops.outcome_progress, ops.outcome_days"
    )
    desk.owner.execute(
        "UPDATE decisions SET actual_pnl = NULL, actual_pnl_percent = NULL, max_favorable = NULL, max_adverse = NULL,"
        " hold_duration_minutes = NULL, outcome_correct = NULL, outcome_recorded_at = NULL"
    )
    desk.run()
    return everything(desk)


def scorer(when: str, nth: int) -> subprocess.CompletedProcess[str]:
    # The environment of this test points at its databases.
    return subprocess.run(
        [sys.executable, "-m", "tests.outcomes.victim", when, str(nth), "4"],
        cwd=PROJECT_ROOT, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


def test_killed_anywhere_it_ends_the_same(desk: Desk) -> None:
    desk.candles(without=[500])
    for number in range(12):
        desk.decide(f"d{number:02}", DAY + timedelta(minutes=13 * number), quantity=number + 1)
    desk.trade("t", decision_id="d03")
    draw = random.Random(1)
    deaths = 0
    for nth in (7, 15, 19, 22):
        # Something changes between the deaths.
        desk.decide(f"d{draw.randrange(12):02}", DAY + timedelta(minutes=draw.randrange(300)), action="short")
        deaths += scorer(draw.choice("+-"), nth).returncode == -9
    assert deaths >= 3
    desk.run()
    assert everything(desk) == afresh(desk)


@pytest.mark.parametrize("seed", range(3))
def test_any_history_of_changes_ends_like_one_clean_run(desk: Desk, seed: int) -> None:
    draw = random.Random(seed)
    symbols = ("BTC/USDT", "BTC", "ETH/USDT")

    def candles(now: datetime) -> None:
        exchange, symbol = draw.choice([("x", "BTC/USDT"), ("y", "BTC/USD"), ("x", "ETH/USDT")])
        first = DAY + timedelta(minutes=draw.randrange(-120, 240))
        minutes = draw.randrange(1, 200)
        holes = [at for at in range(minutes) if draw.random() < 0.01]
        revision = int(now.timestamp() * 1000) % 2**32  # a later write corrects an earlier one
        desk.candles(first, minutes, seed=draw.randrange(9), exchange=exchange, symbol=symbol, without=holes,
                     revision=revision)  # fmt: skip

    def decision(_: datetime) -> None:
        action = draw.choice(["long", "short", "hold", "close", None])
        prices = {"take_profit": draw.choice([None, 101]), "stop_loss": draw.choice([None, 99])}
        at = DAY + timedelta(seconds=draw.randrange(-3600, 4 * 3600))
        identity = f"d{draw.randrange(14):02}"
        desk.decide(identity, at, action=action, symbol=draw.choice(symbols), quantity=draw.choice([None, 2]),
                    trade_id=draw.choice([None, "t1"]), **prices)  # fmt: skip

    def trade(_: datetime) -> None:
        status = draw.choice(["open", "closed", "cancelled"])
        done = {"net_pnl": draw.randrange(-5, 6), "closed_at": DAY + timedelta(minutes=draw.randrange(1, 90))}
        values = done if status == "closed" else dict.fromkeys(done)
        desk.trade(f"t{draw.randrange(4)}", status=status, decision_id=f"d{draw.randrange(14):02}", **values)

    def gap(now: datetime) -> None:
        start = DAY + timedelta(minutes=draw.randrange(0, 300))
        desk.owner.execute(
            "INSERT INTO ops.ingest_gaps VALUES ('x', 'BTC/USDT', '1m', %s, %s, 'confirmed_empty', 'none', 3, %s, %s)"
            " ON CONFLICT DO NOTHING",
            (start, start + timedelta(minutes=draw.randrange(1, 40)), now, now),
        )

    for _ in range(30):
        draw.choice([candles, candles, decision, decision, decision, trade, gap])(datetime.now(UTC))
        if draw.random() < 0.4:
            desk.run()
    desk.run()
    assert everything(desk) == afresh(desk)


def test_a_dead_clickhouse_says_so_and_changes_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.candles()
    desk.decide("d")
    desk.run()
    before = everything(desk)
    desk.decide("e")
    with monkeypatch.context() as patch:
        patch.setenv("CANDLEHOUSE_CLICKHOUSE_URL", "clickhouse://u:p@127.0.0.1:9/d")
        with pytest.raises(dg.Failure, match="ClickHouse does not answer"), ClickHouseResource().client():
            pass
    with pytest.raises(Exception, match="refused"):
        desk.run_against_closed_door()
    assert figures(desk) == before[0]
    desk.run()
    assert set(figures(desk)) == {"d", "e"}
