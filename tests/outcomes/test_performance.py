"""Hourly snapshots: figures by hand, the same result whichever hours are asked for, and each trade once."""

from __future__ import annotations

import math
import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from dagster_project.lib.archive.engine import archive
from dagster_project.lib.archive.policies import policy
from dagster_project.lib.performance.curve import Account, Event, curve
from dagster_project.lib.performance.snapshots import Taken, take
from dagster_project.resources.clickhouse import ClickHouseResource
from dagster_project.resources.postgres import PostgresResource
from tests.outcomes.conftest import DAY, Desk

DAYS = [DAY.date() + timedelta(days=number) for number in range(4)]
NOW = DAY + timedelta(days=30)
FIGURES = (
    "agent_id, exchange, timestamp, balance, equity, pnl, pnl_percent, total_trades, winning_trades, losing_trades,"
    " win_rate, sharpe_ratio, max_drawdown, current_drawdown, origin, details"
)


def snapshot(days: list[date] = DAYS, now: datetime = NOW) -> Taken:
    with PostgresResource().connect(autocommit=True) as connection, ClickHouseResource().client() as client:
        return take(connection, client, days, now)


def stored(desk: Desk) -> dict[tuple[str, datetime], dict[str, Any]]:
    answer = desk.client.query(f"SELECT {FIGURES} FROM agent_performance ORDER BY agent_id, timestamp", tz_mode="aware")
    return {(row["agent_id"], row["timestamp"]): row for row in answer.named_results()}


@pytest.fixture
def book(desk: Desk) -> Desk:
    """An account of 1000 with one short trade of an hour and one long over two nights."""
    desk.client.command("TRUNCATE TABLE agent_performance_versions")
    desk.owner.execute("TRUNCATE daily_marks, ops.archive_marks")
    desk.owner.execute("INSERT INTO agents (id, display_name) VALUES ('a', 'A')")
    desk.owner.execute(
        "INSERT INTO accounts (agent_id, exchange, initial_equity, inception_at) VALUES ('a', 'x', 1000, %s)", (DAY,)
    )
    desk.trade("t1", side="short", net_pnl=10, opened_at=DAY + timedelta(hours=2), closed_at=DAY + timedelta(hours=3))
    desk.trade(
        "t2", net_pnl=-40, opened_at=DAY + timedelta(hours=5, minutes=30), closed_at=DAY + timedelta(days=2, hours=4)
    )
    for number, price in enumerate((110, 90)):
        desk.owner.execute(
            "INSERT INTO daily_marks (exchange, symbol, day, price, priced_at, market_exchange, market_symbol)"
            " VALUES ('x', 'BTC/USDT', %s, %s, %s, 'x', 'BTC/USDT')",
            (DAYS[number], price, DAY + timedelta(days=number + 1)),
        )
    rows = [["x", "BTC/USDT", "1h", DAY + timedelta(hours=hour), *[100.0 + hour] * 4, 1.0, 0] for hour in range(4 * 24)]
    desk.store(rows)
    return desk


def test_figures_by_hand(book: Desk) -> None:
    taken = snapshot()
    assert taken.computed == dict.fromkeys(DAYS, 24)
    rows = stored(book)
    at = {hour: rows["a", DAY + timedelta(hours=hour)] for hour in range(1, 97)}
    assert (at[2]["equity"], at[2]["total_trades"], at[2]["win_rate"]) == (998, 0, None)  # a short of two units at 101
    assert (at[3]["equity"], at[3]["winning_trades"], at[3]["win_rate"]) == (1010, 1, 1.0)
    assert at[5]["equity"] == 1010
    # Open since 5:30: two units from 100, at the close of the hour before 6:00.
    assert (at[6]["equity"], at[6]["balance"], at[6]["pnl"]) == (1010 + 2 * 5, 1010, 20)
    assert at[24]["equity"] == 1010 + 2 * 10  # by the mark of the day
    assert at[48]["equity"] == 1010 - 2 * 10
    assert (at[52]["equity"], at[52]["losing_trades"], at[52]["pnl_percent"]) == (970, 1, -3.0)
    equities = [1000, 1030, 990, 970, 970]
    returns = [after / before - 1 for before, after in pairwise(equities)]
    mean = sum(returns) / 4
    deviation = math.sqrt(sum((one - mean) ** 2 for one in returns) / 3)
    assert at[96]["sharpe_ratio"] == pytest.approx(mean / deviation * math.sqrt(365))
    assert at[96]["max_drawdown"] == pytest.approx(60 / 1030)
    assert at[96]["current_drawdown"] == pytest.approx(60 / 1030)
    assert (at[23]["sharpe_ratio"], at[47]["sharpe_ratio"]) == (None, None)


def test_any_hour_can_be_computed_again_with_the_same_result(book: Desk) -> None:
    snapshot()
    whole = stored(book)
    assert sum(snapshot().written.values()) == 0
    book.client.command("TRUNCATE TABLE agent_performance_versions")
    for day in reversed(DAYS):
        for hours in (7, 16, 24):  # as the schedule does it, with the day not over yet
            snapshot([day], datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=hours))
    assert stored(book) == whole


def test_a_trade_counts_once_wherever_the_archive_stands(book: Desk) -> None:
    snapshot()
    whole = stored(book)
    with PostgresResource().connect(autocommit=True) as connection, ClickHouseResource().client() as client:
        archive(policy("trades"), connection, client)
    assert book.client.command("SELECT count() FROM trades_history") == 2
    assert sum(snapshot().written.values()) == 0
    # Corrected after it was archived: PostgreSQL knows better, and the hours from its opening on are written anew.
    book.trade("t1", side="short", net_pnl=15, opened_at=DAY + timedelta(hours=2), closed_at=DAY + timedelta(hours=3))
    assert sum(snapshot().written.values()) == 95
    assert stored(book)["a", DAY + timedelta(hours=3)]["equity"] == 1015
    book.trade("t1", side="short", net_pnl=10, opened_at=DAY + timedelta(hours=2), closed_at=DAY + timedelta(hours=3))
    snapshot()
    assert stored(book) == whole
    book.owner.execute("SET session_replication_role = replica")
    book.owner.execute("DELETE FROM trades WHERE id = 't2'")  # purged
    book.owner.execute("RESET session_replication_role")
    assert sum(snapshot().written.values()) == 0


def test_a_recorded_equity_is_believed(book: Desk) -> None:
    book.owner.execute(
        "INSERT INTO account_equity_snapshots (agent_id, exchange, captured_at, equity) VALUES ('a', 'x', %s, 2000)",
        (DAY + timedelta(hours=3, minutes=40),),
    )
    snapshot()
    rows = stored(book)
    assert rows["a", DAY + timedelta(hours=3)]["equity"] == 1010
    assert rows["a", DAY + timedelta(hours=4)]["equity"] == 2000
    assert rows["a", DAY + timedelta(hours=6)]["equity"] == 2010
    assert rows["a", DAY + timedelta(hours=24)]["equity"] == 2000  # the last of a day stands for its end
    assert rows["a", DAY + timedelta(hours=52)]["equity"] == 2000 + (970 - 1030)


def test_snapshots_that_an_application_wrote_stay(book: Desk) -> None:
    book.client.command(
        "INSERT INTO agent_performance_versions (agent_id, exchange, timestamp, equity)"
        " VALUES ('a', 'x', '2025-03-03 03:00:00', 7)"
    )
    snapshot()
    assert stored(book)["a", DAY + timedelta(hours=3)]["equity"] == 7


def test_an_unpriced_instrument_counts_at_entry_and_says_so(book: Desk) -> None:
    book.trade("t3", symbol="NOSUCH", status="open", net_pnl=None, exit_price=None, closed_at=None, opened_at=DAY)
    snapshot()
    row = stored(book)["a", DAY + timedelta(hours=4)]
    assert row["equity"] == 1010
    assert '"open_instruments": 1' in row["details"]
    assert '"unmarked_instruments": 1' in row["details"]


def test_ranges_do_not_change_a_figure() -> None:
    """Random events: each hour alone, with the events as that range would read them, equals it within the whole."""
    draw = random.Random(3)
    raw = []
    for _ in range(60):
        opened = draw.randrange(1, 200)
        closed = opened + draw.randrange(0, 60)
        size, price = Decimal(draw.randrange(1, 9)), Decimal(draw.randrange(90, 110))
        net = Decimal(draw.randrange(-30, 40))
        raw.append(Event(opened, "s", 0, 0, 0, Decimal(0), size, size * price))
        raw.append(Event(closed, "s", 1, int(net > 0), int(net < 0), net, -size, -size * price))
    equities = {draw.randrange(1, 220): Decimal(draw.randrange(900, 1100)) for _ in range(12)}
    prices = {("s", hour): Decimal(draw.randrange(90, 110)) for hour in range(300)}

    def account(first: int) -> Account:
        def bucket(hour: int) -> int:
            return -(-hour // 24) * 24 if hour <= first else hour

        events = [Event(bucket(one.hour), *list(vars(one).values())[1:]) for one in raw]
        recorded = {bucket(hour): equities[hour] for hour in sorted(equities)}
        return Account("a", "x", "live", "USD", Decimal(1000), 1, events, recorded)

    whole = {one.hour: one for one in curve(account(0), prices, prices, 0, 240)}
    assert len(whole) == 240
    for day in range(10):
        part = {one.hour: one for one in curve(account(day * 24), prices, prices, day * 24, day * 24 + 24)}
        assert part == {hour: whole[hour] for hour in range(day * 24 + 1, day * 24 + 25)}
