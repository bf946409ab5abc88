"""Trades are closed, archived, purged, corrected, reopened and erased: marts lose nothing and both warehouses agree.

Decisions come, change their day, their trade and their outcome.

An incremental build equals a full one to the last cell.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Collection
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest

from dagster_project.lib import mart_builds
from dagster_project.lib.mart_builds import plan, take_cut
from tests.dbt import desk
from tests.dbt.warehouses import BUILT, CHEAP, DECIDED, DECIDED_MARTS, ENGINES, Warehouses, unlike


def facts(both: Warehouses) -> dict[str, tuple[Any, Any]]:
    """Net PnL and day of every fact in PostgreSQL."""
    found = both.connection.execute("SELECT trade_id, net_pnl, closed_at FROM analytics.trade_facts").fetchall()
    return {trade: (net, closed) for trade, net, closed in found}


def test_nothing_is_lost_from_the_first_build_to_the_last(both: Warehouses, monkeypatch: pytest.MonkeyPatch) -> None:
    both.move()
    first = both.cut_and_build()
    assert {made.since for made in first.values()} == {None}
    assert both.differences() == []
    known, before, boards = facts(both), both.marts(), both.boards()
    assert any(row[3] for row in boards["nof0.v_leaderboard"])
    assert any(row[-1] for row in boards["learning.prompt_performance"])

    # Everything that is in the facts leaves PostgreSQL: no board changes.
    purged = both.purge()
    assert (purged.rows, purged.waiting, purged.why) == (len(known), 0, None)
    assert both.connection.execute("SELECT count(*) FROM trades WHERE status = 'closed'").fetchone() == (0,)
    assert both.boards() == boards
    again = both.cut_and_build()
    assert all(made.since == first["postgres"].as_of for made in again.values())
    assert both.marts() == before

    # Somebody builds by hand, without a cut: neither a newer trade nor an older cut gets in.
    both.connection.execute(
        "INSERT INTO trades (id, agent_id, exchange, symbol, side, status, quantity, net_pnl, closed_at)"
        " VALUES ('after the cut', 'random-a', 'desk', 'BTC', 'long', 'closed', 1, 1000000, now())"
    )
    both.archive()
    for name in again["postgres"].environment:
        monkeypatch.delenv(name)
    for engine in ENGINES:
        both._dbt("run", engine, "--select", "trade_facts int_trade_months leaderboard")
    assert both.marts() == before


def test_corrections_and_reopenings_arrive_and_a_full_build_says_the_same(both: Warehouses) -> None:
    connection = both.connection
    columns = "agent_id, exchange, symbol, side, status, quantity, entry_price, net_pnl, fee, opened_at, closed_at"
    day = desk.START + timedelta(days=20)
    trade = ("random-a", desk.EXCHANGE, "BTC", "long", "closed", 1, 60_000, 5, 1, day, day + timedelta(days=1, hours=2))
    for name in ("late", "reopened", "twice", "moved"):
        connection.execute(
            f"INSERT INTO trades (id, {columns}) VALUES (%s{', %s' * len(trade)})".encode(), [name, *trade]
        )
    both.move()
    both.cut_and_build()
    both.purge()
    left = connection.execute("SELECT id FROM trades WHERE id IN ('late', 'reopened', 'twice', 'moved')").fetchall()
    assert left == []
    for name in ("late", "reopened", "twice"):  # purged trades come back: an import runs again, a venue corrects itself
        connection.execute(
            f"INSERT INTO trades (id, {columns}) VALUES (%s{', %s' * len(trade)})".encode(), [name, *trade]
        )
    connection.execute("UPDATE trades SET net_pnl = -7 WHERE id = 'late'")
    connection.execute("UPDATE trades SET status = 'open' WHERE id = 'reopened'")
    both.archive()
    connection.execute(
        "UPDATE trades SET net_pnl = 70, closed_at = closed_at - interval '3 days', opened_at = opened_at"
        " - interval '9 days' WHERE id = 'twice'"
    )
    both.archive()
    # Changed after the last pass: neither warehouse may know.
    connection.execute("UPDATE trades SET net_pnl = 1000000 WHERE id = 'late'")
    made = both.cut_and_build()
    assert all(one.since for one in made.values())
    assert both.differences() == []
    found = facts(both)
    assert "reopened" not in found
    assert (found["late"][0], found["twice"][0], found["moved"][0]) == (-7, 70, 5)
    incremental = both.marts()
    both.cut_and_build(full=True)
    assert both.marts() == incremental

    connection.execute("UPDATE trades SET status = 'closed' WHERE id = 'reopened'")
    both.archive()
    both.cut_and_build()
    assert both.differences() == []
    assert (facts(both)["late"][0], facts(both)["reopened"][0]) == (1_000_000, 5)


def test_erased_trades_leave_with_their_numbers(both: Warehouses) -> None:
    both.purge()
    erased = [name for (name,) in both.connection.execute("SELECT id FROM ops.trades_kept WHERE agent_id = 'winner'")]
    assert len(erased) == 10
    both.client.command(
        "DELETE FROM trades_history_versions WHERE id IN {erased:Array(String)}", parameters={"erased": erased}
    )
    both.connection.execute(
        "INSERT INTO ops.archive_manifests (kind, policy, batch, verdict, source, target, contract, rows, bytes,"
        " row_keys, row_versions, row_digests, postgres, clickhouse, software, snapshot_at)"
        " VALUES ('erasure', 'trades', gen_random_uuid(), 'verified', 'trades', 'trades_history', '', %s, 0, %s,"
        " array_fill(now(), ARRAY[%s]), '', '{}', '{}', 'test', now())",
        [len(erased), erased, len(erased)],
    )
    made = both.cut_and_build()
    assert {one.why_full for one in made.values()} == {"rows were erased"}
    assert not facts(both).keys() & set(erased)
    assert both.differences() == []


AROUND = (
    b"INSERT INTO decisions (id, agent_id, exchange, symbol, action, confidence, prompt_version, trade_id, decided_at)"
    b" VALUES (%(id)s, 'random-b', 'desk', 'BTC', 'long', 0.5, 'v' || %(number)s %% 3, %(id)s, %(now)s)",
    b"UPDATE decisions SET outcome_correct = NOT coalesce(outcome_correct, false), outcome_recorded_at = %(now)s,"
    b" confidence = 0.5 + (%(number)s %% 5) / 10.0 WHERE id = %(older)s",
    b"INSERT INTO account_equity_snapshots (agent_id, exchange, captured_at, equity)"
    b" VALUES ('random-b', 'desk', %(now)s, 10000 + %(number)s)",
    b"UPDATE account_equity_snapshots SET equity = equity + 1 WHERE captured_at > %(now)s - interval '10 minutes'"
    b" AND agent_id = 'random-b'",
    b"UPDATE accounts SET initial_equity = 10000 + %(number)s WHERE agent_id IN ('random-b', 'winner')",
    b"UPDATE agents SET display_name = 'Renamed ' || %(number)s WHERE id = 'random-b'",
    b"INSERT INTO daily_marks (exchange, symbol, day, price, priced_at, market_exchange, market_symbol)"
    b" VALUES ('desk', 'BTC', '2025-03-20', 1, %(now)s, 'desk', 'BTC/USDT')"
    b" ON CONFLICT (exchange, symbol, day) DO UPDATE SET price = daily_marks.price + 1",
)


def prompt_decisions(both: Warehouses) -> list[int]:
    """Decisions in prompt_performance, and those that were judged."""
    (row,) = both.connection.execute(
        "SELECT sum(decisions)::bigint, sum(judged)::bigint FROM analytics.prompt_performance WHERE scope = 'agent'"
    )
    return list(row)


def test_marts_agree_while_somebody_writes(both: Warehouses) -> None:
    """Trades are closed, corrected and reopened, decisions made and judged, snapshots taken, accounts, agents and
    prices changed all the time; archive and copies go on between both builds."""
    stop = threading.Event()
    written: list[int] = []

    def write() -> None:
        with psycopg.connect(both.settings.postgres_url, autocommit=True) as connection:
            number = 0
            while not stop.is_set():
                number += 1
                now = datetime(2025, 3, 20, tzinfo=UTC) + timedelta(minutes=number)
                connection.execute(
                    "INSERT INTO trades (id, agent_id, exchange, symbol, side, status, quantity, entry_price, net_pnl,"
                    " opened_at, closed_at) VALUES (%s, 'random-b', 'desk', 'BTC', 'long', 'closed', 1, 1, %s, %s, %s)",
                    [f"live-{number}", number, now - timedelta(days=number % 3), now],
                )
                connection.execute("UPDATE trades SET net_pnl = net_pnl + 1 WHERE id = %s", [f"live-{number * 7 // 8}"])
                connection.execute(
                    "UPDATE trades SET status = CASE status WHEN 'open' THEN 'closed' ELSE 'open' END WHERE id = %s",
                    [f"live-{number // 2}"],
                )
                for change in AROUND:
                    values = {"id": f"live-{number}", "number": number, "now": now, "older": f"live-{number * 3 // 4}"}
                    connection.execute(change, values)
            written.append(number)

    writer = threading.Thread(target=write)
    writer.start()
    counts, held, every = [], [], f"{CHEAP} {DECIDED}"
    try:
        for _ in range(2):
            both.move()
            take_cut(both.connection, both.client)
            for engine in ENGINES:
                both.build(engine, select=every)
                both.move()
            assert both.differences([*BUILT, *DECIDED_MARTS]) == []
            kept = both.connection.execute("SELECT count(DISTINCT source) FROM ops.former_rows").fetchone()
            assert kept == (5,)
            held.append(both.connection.execute("SELECT count(*) FROM analytics.int_open_positions").fetchone())
            counts.append((len(facts(both)), *prompt_decisions(both)))
    finally:
        stop.set()
        writer.join()
    assert all(before < after for before, after in zip(*counts, strict=True))
    assert written[0] > 50
    assert all(count > (0,) for count in held)  # reopened ones
    for _ in range(2):  # the second pass sends what was reopened during the first
        both.archive()
    both.cut_and_build()
    incremental = both.marts()
    both.cut_and_build(full=True)
    assert both.marts() == incremental
    closed = both.connection.execute("SELECT count(*) FROM trades_all WHERE status = 'closed'").fetchone()
    assert closed == (len(facts(both)),)


@pytest.mark.parametrize("engine", ENGINES)
def test_another_project_is_built_anew(both: Warehouses, engine: str) -> None:
    assert plan(both.connection, engine, both.project).why_full is None
    assert plan(both.connection, engine, "another").why_full == "the dbt project changed"


@pytest.mark.parametrize(("engine", "threads"), [("clickhouse", "1"), ("postgres", "2")])
def test_a_large_store_is_built_anew_by_fewer_models_at_a_time(
    both: Warehouses, monkeypatch: pytest.MonkeyPatch, engine: str, threads: str
) -> None:
    """Where memory asks for it: neither for a small store nor for what an hour adds."""
    assert plan(both.connection, engine, "another").arguments == ["--full-refresh"]
    monkeypatch.setattr(mart_builds, "LARGE", 3)
    assert plan(both.connection, engine, "another").arguments == ["--full-refresh", "--threads", threads]
    assert plan(both.connection, engine, both.project).arguments == []


def test_days_go_on_from_those_that_stand(both: Warehouses) -> None:
    """Accounts, snapshots and marks change, some late; a board's last day comes and is taken back."""
    run, start, chosen = both.connection.execute, {"start": desk.START}, "+since_inception"
    both.move()
    both.cut_and_build(select=chosen)

    def built() -> int:
        both.move()
        assert all(one.since for one in both.cut_and_build(select=chosen).values())
        row = run("SELECT count(*) FROM analytics.int_daily_touched").fetchone()
        assert row is not None
        return row[0]

    run("UPDATE accounts SET initial_equity = initial_equity + 17 WHERE agent_id IN ('random-a', 'random-b')")
    run(
        "INSERT INTO trades (id, agent_id, exchange, symbol, side, status, quantity, entry_price, net_pnl, fee,"
        " opened_at, closed_at) SELECT 'far-' || n, CASE n WHEN 1 THEN 'steady' ELSE 'random-a' END, 'far', 'BTC',"
        " 'long', 'closed', 1, 100, n, 1, %(start)s, %(start)s + n * interval '100 days' FROM generate_series(1, 4) n",
        start,
    )
    assert built() >= 6  # an account stands for its three boards
    last = "SELECT max(day) FROM analytics.agent_daily WHERE exchange = 'far' AND agent_id = 'steady'"
    assert run(last).fetchone() == ((desk.START + timedelta(days=400)).date(),)
    run("UPDATE trades SET closed_at = closed_at - interval '150 days' WHERE id IN ('far-3', 'far-4')")
    run(
        "UPDATE account_equity_snapshots SET equity = equity + 3"
        " WHERE captured_at = (SELECT min(captured_at) FROM account_equity_snapshots)"
    )
    run(
        "INSERT INTO account_equity_snapshots (agent_id, exchange, captured_at, equity)"
        " SELECT 'random-a', 'desk', %(start)s + n * interval '1 day', 770 + n FROM generate_series(30, 31) AS n",
        start,
    )
    run(
        "INSERT INTO daily_marks (exchange, symbol, day, price, priced_at, market_exchange, market_symbol)"
        " SELECT 'desk', 'BTC', day, 90 + extract(day FROM day), day, 'binance', 'BTC/USDT'"
        " FROM generate_series(%(start)s, %(start)s + interval '60 days', '7 days') AS day"
        " ON CONFLICT (exchange, symbol, day) DO UPDATE SET price = excluded.price + 5, updated_at = clock_timestamp()",
        start,
    )
    assert built() >= 2
    assert run(last).fetchone() == ((desk.START + timedelta(days=250)).date(),)
    days = ("agent_daily", "since_inception")
    partial = both.marts(days)
    both.cut_and_build(full=True)
    assert both.marts(days) == partial
    assert both.differences() == []


def test_a_position_counts_from_its_entry_to_its_exit(both: Warehouses) -> None:
    """Opened, added to, cancelled, closed before the archive knows, reopened; prices come late and are corrected."""
    run, boards = both.connection.execute, ("agent_daily", "since_inception", "leaderboard")

    def day(number: int) -> date:
        return (desk.START + timedelta(days=number)).date()

    def price(number: int, value: int) -> None:
        run(
            "INSERT INTO daily_marks (exchange, symbol, day, price, priced_at, market_exchange, market_symbol)"
            " VALUES ('held', 'BTC', %(day)s, %(price)s, %(day)s, 'held', 'BTC')"
            " ON CONFLICT (exchange, symbol, day) DO UPDATE SET price = excluded.price",
            {"day": day(number), "price": value},
        )

    def build() -> None:
        assert all(one.since for one in both.cut_and_build(select="+leaderboard").values())
        assert both.differences(boards) == []

    def anew() -> None:
        partial = both.marts(boards)
        both.cut_and_build(full=True, select="+leaderboard")
        assert both.marts(boards) == partial

    def held(agent: str) -> list[tuple[Any, ...]]:
        """Day, positions, open PnL and what was realised, from the first open position or trade on."""
        return run(
            "SELECT day, open_positions, open_pnl, realized_pnl_total FROM analytics.agent_daily"
            " WHERE exchange = 'held' AND agent_id = %s ORDER BY day",
            [agent],
        ).fetchall()

    both.move()
    both.cut_and_build(select="+leaderboard")
    run(
        "INSERT INTO trades (id, agent_id, exchange, symbol, side, status, quantity, entry_price, opened_at)"
        " VALUES ('held-long', 'steady', 'held', 'BTC', 'long', 'open', 2, 100, %(first)s),"
        " ('held-short', 'steady', 'held', 'BTC', 'short', 'open', 1, 90, %(first)s + interval '1 day'),"
        " ('held-early', 'winner', 'held', 'BTC', 'long', 'open', 1, 100, %(first)s)",
        {"first": desk.START},
    )
    for number, value in ((0, 110), (1, 120), (2, 80)):
        price(number, value)
    both.move()
    build()
    assert held("steady") == [(day(0), 1, 20, 0), (day(1), 2, 40 - 30, 0), (day(2), 2, -40 + 10, 0)]
    board = run(
        "SELECT open_positions, open_pnl, equity, equity_source, trades FROM analytics.leaderboard"
        " WHERE exchange = 'held' AND agent_id = 'steady'"
    ).fetchall()
    assert board == [(2, -30, None, None, 0)]  # nobody said what it started from
    run("INSERT INTO accounts (agent_id, exchange, initial_equity) VALUES ('steady', 'held', 1000)")

    run("UPDATE trades SET quantity = 3 WHERE id = 'held-long'")
    run("UPDATE trades SET status = 'cancelled' WHERE id = 'held-short'")
    run(
        "UPDATE trades SET status = 'closed', net_pnl = 7, closed_at = opened_at + interval '2 days'"
        " WHERE id = 'held-early'"
    )
    price(1, 130)
    price(3, 90)
    both.copy()  # the archive has not passed: the early one is open for both warehouses
    build()
    anew()
    assert held("steady") == [(day(0), 1, 30, 0), (day(1), 1, 90, 0), (day(2), 1, -60, 0), (day(3), 1, -30, 0)]
    assert held("winner")[-1] == (day(3), 1, -10, 0)
    board = run(
        "SELECT open_positions, equity, equity_at, equity_source FROM analytics.leaderboard"
        " WHERE exchange = 'held' AND agent_id = 'steady'"
    ).fetchall()
    assert board == [(1, 970, desk.START + timedelta(days=3), "open positions")]
    both.move()
    build()
    assert held("winner") == [(day(0), 1, 10, 0), (day(1), 1, 30, 0), (day(2), 0, 0, 7), (day(3), 0, 0, 7)]
    # Reopened, and the archive has not passed: it is closed for both warehouses, and nowhere twice.
    run("UPDATE trades SET status = 'open' WHERE id = 'held-early'")
    both.copy()
    build()
    assert held("winner")[-1] == (day(3), 0, 0, 7)
    both.archive()
    build()
    assert held("winner")[-1] == (day(3), 1, -10, 0)
    anew()
    run("UPDATE trades SET status = 'cancelled' WHERE id IN ('held-long', 'held-early')")
    both.move()
    build()
    assert held("steady") == held("winner") == []


def decide(run: Callable[..., Any], name: str, days: Collection[int]) -> None:
    """One decision of random-a each so many days ago."""
    run(
        "INSERT INTO decisions (id, agent_id, exchange, symbol, action, confidence, leverage, prompt_version,"
        " decided_at) SELECT %(name)s || '-' || n, 'random-a', 'desk', 'BTC', 'long', 0.5 + n / 100.0, 1 + n %% 7,"
        " 'v1', now() - n * interval '1 day' FROM unnest(%(days)s::bigint[]) AS n",
        {"name": name, "days": list(days)},
    )


def signal_parts(both: Warehouses) -> dict[str, dict[date, int]]:
    """Values that random-a's medians follow from, by the first day of their part, of each engine."""
    query = (
        "SELECT first_day, cast(sum(values_in) AS bigint) FROM {}.int_signal_values WHERE agent_id = 'random-a'"
        " GROUP BY first_day"
    )
    left = both.connection.execute(query.format("analytics").encode()).fetchall()
    right: Any = both.client.query(query.format(both.settings.clickhouse_analytics)).result_rows
    return {"postgres": dict(left), "clickhouse": dict(right)}


def test_what_follows_from_decisions_equals_a_full_build(both: Warehouses) -> None:
    run, draw = both.connection.execute, random.Random(3)
    trades = [f"plain-{number}" for number in range(30)]
    run(
        "INSERT INTO trades (id, agent_id, exchange, symbol, side, status, quantity, entry_price, net_pnl, fee,"
        " opened_at, closed_at) SELECT id, 'random-a', 'desk', 'BTC', 'short', 'closed', n, 100 + n, n %% 7 - 3, 1,"
        " %(start)s + n * interval '20 hours', %(start)s + n * interval '25 hours'"
        " FROM unnest(%(ids)s::text[]) WITH ORDINALITY AS given (id, n)",
        {"ids": trades, "start": desk.START},
    )
    decide(run, "recent", range(40))
    both.move()
    both.cut_and_build(full=True, select=DECIDED)  # other tests built less of later cuts
    parts = signal_parts(both)
    decisions = [name for (name,) in run("SELECT id FROM decisions ORDER BY id")]
    for trade in draw.sample(trades, 20):
        run(
            "UPDATE trades SET closed_at = closed_at + %s, opened_at = opened_at - %s, symbol = 'ETH',"
            " decision_id = %s, net_pnl = net_pnl - 3 WHERE id = %s",
            [
                *(timedelta(days=draw.randint(0, 40)), timedelta(days=draw.randint(0, 40))),
                *(draw.choice((None, draw.choice(decisions), "nowhere")), trade),
            ],
        )
    for change in (
        "outcome_correct = NOT coalesce(outcome_correct, false), outcome_recorded_at = decided_at + interval '2 days'",
        "decided_at = decided_at + interval '1 day', prompt_version = 'v7', confidence = 0.77",
        "trade_id = CASE WHEN trade_id IS NULL THEN 'desk-7' END",
        "cycle_id = 7, action = 'hold', leverage = 3",
    ):
        run(f"UPDATE decisions SET {change} WHERE id = ANY (%s)".encode(), [draw.sample(decisions, 8)])
    run(
        "INSERT INTO decisions (id, agent_id, exchange, symbol, action, confidence, decided_at, prompt_version)"
        " SELECT 'new-' || n, agent_id, exchange, 'SOL', 'long', 0.6, decided_at + n * interval '1 minute', 'v3'"
        " FROM (SELECT row_number() OVER (ORDER BY id) AS n, * FROM decisions ORDER BY id LIMIT 9) AS first_nine"
    )
    decide(run, "later", [0, 1, 34])
    run("UPDATE decisions SET decided_at = decided_at - interval '33 days', leverage = 9 WHERE id = 'recent-1'")
    both.move()
    made = both.cut_and_build(select=DECIDED)
    assert all(one.since and one.copied_since for one in made.values())
    partial = both.tables()
    by_part = signal_parts(both)
    both.cut_and_build(full=True, select=DECIDED)
    assert unlike(partial, both.tables()) == []
    # A running month is kept by day, so that an hour does not read all of it again; others whole.
    for engine in ENGINES:
        recent = [day for day in parts[engine] if day >= (datetime.now(UTC) - timedelta(days=7)).date()]
        assert len(recent) >= 7
        assert by_part[engine] == signal_parts(both)[engine] != parts[engine]

    # An index of a mart finds what changed. In another order than the mart's, it was looked for among all trades.
    for changes, mart, key in (
        ("stg_trade_changes", "trade_facts", "trade_id"),
        ("stg_decision_changes", "int_decisions", "decision_id"),
    ):
        orders = run(
            f"SELECT (SELECT pg_collation_for({key}) FROM analytics.{changes} LIMIT 1),"
            f" (SELECT pg_collation_for({key}) FROM analytics.{mart} LIMIT 1)".encode()
        ).fetchone()
        assert orders == ('"default"', '"default"')


def test_facts_are_compared_by_what_changed(both: Warehouses) -> None:
    """Since both warehouses agreed; all of them after a full build, after a difference and once a day."""
    from dagster_project.defs.transform import parity

    key = parity.mart_keys()["trade_facts"]
    run = both.connection.execute

    def compare() -> tuple[parity.Scope, Any]:
        with both.connection.transaction():
            scope = parity._scope(both.connection, "trade_facts")
            verdict = parity._compare(both.connection, both.client, "trade_facts", key, scope)
            parity._store(both.connection, "test", [verdict], {"trade_facts": scope})
        return scope, verdict

    def close(name: str) -> None:
        run(
            "INSERT INTO trades (id, agent_id, exchange, symbol, side, status, quantity, net_pnl, closed_at)"
            " VALUES (%s, 'random-a', 'desk', 'BTC', 'long', 'closed', 1, 3, now())",
            [name],
        )
        both.archive()
        both.cut_and_build(select="trade_facts")

    both.move()
    both.cut_and_build(full=True, select="trade_facts")
    scope, verdict = compare()
    columns = verdict.cells // verdict.rows_postgres
    assert (scope.since, verdict.agree, verdict.rows_postgres) == (None, True, len(facts(both)))

    close("compared alone")
    scope, verdict = compare()
    assert scope.since is not None
    assert (verdict.agree, verdict.rows_postgres, verdict.cells) == (True, len(facts(both)), columns)

    close("spoiled")
    run("UPDATE analytics.trade_facts SET net_pnl = 4 WHERE trade_id = 'spoiled'")
    _, verdict = compare()
    (found,) = verdict.examples
    assert (found.key, found.column, float(found.postgres), float(found.clickhouse)) == ("spoiled", "net_pnl", 4, 3)
    run("UPDATE analytics.trade_facts SET net_pnl = 3 WHERE trade_id = 'spoiled'")
    assert compare()[0].since is None  # the last comparison found a difference
    run("DELETE FROM analytics.trade_facts WHERE trade_id = 'compared alone'")
    scope, verdict = compare()
    assert scope.since is not None
    assert [found.key for found in verdict.examples] == ["*"]  # one side has a row less

    run("UPDATE ops.mart_parity SET differences = 0, checked_at = checked_at - interval '25 hours'")
    assert compare()[0].since is None  # nothing was compared whole for a day
    both.cut_and_build(full=True, select="trade_facts")
    scope, verdict = compare()
    assert (scope.since, verdict.agree) == (None, True)
