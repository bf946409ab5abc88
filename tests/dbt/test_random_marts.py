"""Random trades with every NULL, sandbox and paper rows, extreme amounts: both warehouses still agree, cell by cell."""

from __future__ import annotations

import math
import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal, localcontext
from typing import Any

import dagster as dg
import psycopg
import pytest

from dagster_project.lib import trading_rows as rows
from dagster_project.lib.trading_store import land, land_trades

AGENTS = [f"agent-{number}" for number in range(12)] + ["ünïcode 🦊", "Ädam", "zed", "Zed"]
# Venue -> origins of its trades. Sandbox rows are never real.
ORIGINS = {"venue": ("live", "recorded", "repaired", "paper"), "sandbox": ("simulated",), "other": ("handmade", "live")}


def made_up_trades(seed: int, count: int) -> list[rows.Values]:
    draw = random.Random(seed)

    def amount(digits: int) -> Decimal:
        return Decimal(draw.randint(-(10**digits), 10**digits)).scaleb(-draw.choice((0, 2, 9, 18)))

    def perhaps(value: Any) -> Any:
        return None if draw.random() < 0.2 else value

    def trade(number: int) -> rows.Values:
        exchange = draw.choice(list(ORIGINS))
        closed = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(microseconds=draw.randrange(10**14))
        return {
            "id": f"t{number}",
            "agent_id": draw.choice(AGENTS),
            "exchange": exchange,
            "symbol": draw.choice(("BTC", "ETH/USDT")),
            "side": draw.choice(("long", "short")),
            "status": draw.choice(("closed", "closed", "closed", "open", "cancelled")),
            "quantity": abs(amount(18)) + Decimal("1e-18"),
            "leverage": perhaps(Decimal(draw.randint(1, 50))),
            "confidence": perhaps(Decimal(draw.randint(0, 1000)).scaleb(-3)),
            "entry_price": perhaps(abs(amount(12)) + Decimal("1e-18")),
            "exit_price": perhaps(abs(amount(12)) + Decimal("1e-18")),
            "gross_pnl": perhaps(amount(17)),
            "net_pnl": perhaps(draw.choice((amount(17), Decimal(0), Decimal("0.000000000000000001")))),
            "fee": perhaps(amount(9)),
            "opened_at": perhaps(closed - timedelta(microseconds=draw.randrange(10**11))),
            "closed_at": closed,
            "prompt_version": perhaps("v1"),
            "origin": draw.choice(ORIGINS[exchange]),
        }

    return [trade(number) for number in range(count)]


@pytest.fixture(scope="module")
def built(warehouse: Any, build: Any) -> dg.ExecuteInProcessResult:
    draw = random.Random(7)
    with psycopg.connect(warehouse.settings.postgres_url, autocommit=True) as connection:
        agents = [{"id": agent, "display_name": agent.title(), "origin": "live"} for agent in AGENTS]
        accounts = [
            {"agent_id": agent, "exchange": "venue", "initial_equity": draw.choice((None, Decimal(0), Decimal(10_000)))}
            for agent in AGENTS
            if draw.random() < 0.7
        ]
        snapshots = [
            {
                "agent_id": agent,
                "exchange": "venue",
                "captured_at": datetime(2025, 1, 1, tzinfo=UTC) + timedelta(hours=hour),
                "equity": Decimal(draw.randint(-(10**12), 10**12)).scaleb(-6),
                "origin": draw.choice(("live", "paper")),
            }
            for agent in AGENTS[:9]
            for hour in range(draw.randint(0, 4))
        ]
        for table, values in ((rows.AGENTS, agents), (rows.ACCOUNTS, accounts), (rows.EQUITY_SNAPSHOTS, snapshots)):
            assert land(connection, table, (rows.Row(value, value) for value in values), "test").quarantined == 0
        assert land_trades(connection, made_up_trades(7, 1500), "test").quarantined == 0
    return build()


def test_both_warehouses_agree(built: dg.ExecuteInProcessResult, connection: psycopg.Connection) -> None:
    failed = [check.check_name for check in built.get_asset_check_evaluations() if not check.passed]
    assert failed == []
    assert built.success
    stored = connection.execute("SELECT mart, rows_postgres, differences, examples FROM ops.mart_parity").fetchall()
    assert [(mart, examples) for mart, _, differences, examples in stored if differences] == []
    assert {mart: rows_ for mart, rows_, _, _ in stored}["trade_facts"] > 800


def test_boards_keep_origins_and_exchanges_apart(
    built: dg.ExecuteInProcessResult, connection: psycopg.Connection
) -> None:
    found = set(connection.execute("SELECT DISTINCT exchange, origin_group FROM analytics.leaderboard").fetchall())
    assert found == {
        ("venue", "real"),
        ("venue", "paper"),
        ("sandbox", "made up"),
        ("other", "made up"),
        ("other", "real"),
    }
    ranks = connection.execute(
        "SELECT min(rank), max(rank), count(*) FROM analytics.leaderboard GROUP BY exchange, origin_group"
    ).fetchall()
    assert all(first == 1 and last == count for first, last, count in ranks)


def test_unknown_results_are_trades_but_in_no_rate(
    built: dg.ExecuteInProcessResult, connection: psycopg.Connection
) -> None:
    closed = [trade for trade in made_up_trades(7, 1500) if trade["status"] == "closed"]
    groups = dict.fromkeys(rows.REAL_ORIGINS, "real") | {"paper": "paper"}
    board = connection.execute(
        "SELECT exchange, origin_group, agent_id, trades, scored_trades, wins, net_pnl, win_rate, win_rate_low,"
        " win_rate_high FROM analytics.leaderboard"
    ).fetchall()
    assert sum(row[3] for row in board) == len(closed)
    for exchange, group, agent, trades, scored, wins, net, rate, low, high in board:
        own = [
            trade["net_pnl"]
            for trade in closed
            if (trade["exchange"], groups.get(trade["origin"], "made up"), trade["agent_id"])
            == (exchange, group, agent)
        ]
        known = [value for value in own if value is not None]
        assert (trades, scored, wins) == (len(own), len(known), sum(value > 0 for value in known))
        with localcontext() as exact:
            exact.prec = 60
            assert net == (sum(known) if known else None)
        if known:
            assert low <= rate <= high
            assert math.isclose(rate, wins / scored, rel_tol=1e-12)
        else:
            assert (rate, low, high) == (None, None, None)


def test_a_second_build_changes_nothing(
    built: dg.ExecuteInProcessResult, build: Any, connection: psycopg.Connection
) -> None:
    def content() -> list[tuple]:
        return connection.execute(
            "SELECT to_jsonb(l) FROM analytics.leaderboard l ORDER BY exchange, origin_group, agent_id"
        ).fetchall()

    first = content()
    assert build().success
    assert content() == first
