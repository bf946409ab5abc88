"""A crowd of random rows and a desk of nasty cases through both dbt targets.

Both warehouses agree with each other, cell by cell, and with formulas that somebody else wrote.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal, localcontext
from typing import Any

import dagster as dg
import psycopg
import pytest

from dagster_project.lib import trading_rows as rows
from dagster_project.lib.trading_store import land
from tests.dbt import crowd, desk, oracles

LAST_DAY = max(oracles.utc_day(trade["closed_at"]) for trade in desk.trades())
LAST_DAY = max(LAST_DAY, max(oracles.utc_day(snapshot["captured_at"]) for snapshot in desk.snapshots()))
ENGINES = ("postgres", "clickhouse")
Table = Callable[[str, str], list[dict[str, Any]]]


@pytest.fixture(scope="module")
def built(warehouse: Any, build: Any, tests_said_once: None) -> dg.ExecuteInProcessResult:
    import clickhouse_connect

    with clickhouse_connect.get_client(dsn=warehouse.settings.clickhouse_url) as client:
        names = ["exchange", "symbol", "timeframe", "timestamp", "open", "high", "low", "close", "volume"]
        client.insert("market_ohlcv", desk.candles(), column_names=names)
    with psycopg.connect(warehouse.settings.postgres_url, autocommit=True) as connection:
        names = [*crowd.AGENTS, *desk.AGENTS]
        for table, values in (
            (rows.AGENTS, [{"id": agent, "display_name": agent.title(), "origin": "live"} for agent in names]),
            (rows.ACCOUNTS, desk.accounts()),
            (rows.ACCOUNTS, crowd.accounts()),
            (rows.EQUITY_SNAPSHOTS, [*desk.snapshots(), *crowd.snapshots()]),
            (rows.DECISIONS, desk.decisions()),
            (rows.TRADES, [*desk.trades(), *desk.open_trades()]),
            (rows.TRADES, crowd.made_up_trades(7, 1500)),
        ):
            assert land(connection, table, (rows.Row(value, value) for value in values), "test").refused == 0
    return build()


@pytest.fixture(scope="module")
def table_of_all(built: dg.ExecuteInProcessResult, warehouse: Any) -> Table:
    """Rows of a mart, by engine."""
    import clickhouse_connect
    from psycopg.rows import dict_row

    assert built.success

    def read(engine: str, mart: str) -> list[dict[str, Any]]:
        if engine == "postgres":
            with (
                psycopg.connect(warehouse.settings.postgres_url) as connection,
                connection.cursor(row_factory=dict_row) as cursor,
            ):
                return cursor.execute(f"SELECT * FROM analytics.{mart}".encode()).fetchall()
        with clickhouse_connect.get_client(dsn=warehouse.settings.clickhouse_url) as client:
            return list(client.query(f"SELECT * FROM {warehouse.settings.clickhouse_analytics}.{mart}").named_results())

    return read


@pytest.fixture(scope="module")
def table(table_of_all: Table) -> Table:
    """Rows of the desk in a mart, by engine."""

    def of_desk(engine: str, mart: str) -> list[dict[str, Any]]:
        return [row for row in table_of_all(engine, mart) if row["exchange"] == desk.EXCHANGE]

    return of_desk


def positions(agent: str) -> list[dict[str, Any]]:
    """Trades of an agent, closed or open."""
    return own([*desk.trades(), *(trade for trade in desk.open_trades() if trade["status"] == "open")], agent)


def own(found: list[dict[str, Any]], agent: str) -> list[dict[str, Any]]:
    return [row for row in found if row["agent_id"] == agent]


def span(agent: str) -> list[date]:
    moments = [
        *(trade["opened_at"] or trade["closed_at"] for trade in positions(agent)),
        *(snapshot["captured_at"] for snapshot in own(desk.snapshots(), agent)),
    ]
    if not moments:
        return []
    started = [account["inception_at"] for account in own(desk.accounts(), agent)]
    return oracles.days(oracles.utc_day(min(moments + started)), LAST_DAY)


def equities(agent: str) -> dict[date, Decimal | None]:
    initial = None if agent == "unfunded" else desk.INITIAL
    return oracles.equity_by_day(positions(agent), own(desk.snapshots(), agent), initial, span(agent), desk.mark)


def assert_close(found: dict[str, Any], expected: dict[str, Any], what: str) -> None:
    for name, value in expected.items():
        seen = found[name]
        if value is None or seen is None:
            assert (seen, value) == (None, None), f"{what} {name}: {seen} and {value}"
        else:
            assert math.isclose(float(seen), float(value), rel_tol=1e-9, abs_tol=1e-11), f"{what} {name}"


def test_both_warehouses_agree(built: dg.ExecuteInProcessResult, connection: psycopg.Connection) -> None:
    assert [check.check_name for check in built.get_asset_check_evaluations() if not check.passed] == []
    stored = connection.execute("SELECT mart, rows_postgres, differences, examples FROM ops.mart_parity").fetchall()
    assert [(mart, examples) for mart, _, differences, examples in stored if differences] == []
    rows_of = {mart: rows_ for mart, rows_, _, _ in stored}
    assert rows_of["trade_facts"] > 800
    assert rows_of["agent_daily"] > 10_000
    assert rows_of["agent_analytics"] >= len(crowd.AGENTS) + len(desk.AGENTS)


@pytest.mark.parametrize("engine", ENGINES)
def test_sums_beyond_38_digits_are_exact(table_of_all: Table, engine: str) -> None:
    def giants(mart: str) -> list[dict[str, Any]]:
        found = [row for row in table_of_all(engine, mart) if row["exchange"] == "giants"]
        return sorted(found, key=lambda row: row.get("scope", ""))

    with localcontext() as exact:
        exact.prec = 60
        four, two, one = 4 * crowd.GIANT, 2 * crowd.GIANT, +crowd.GIANT
        (board,) = giants("leaderboard")
        assert (board["net_pnl"], board["gross_pnl"], board["fees"]) == (four, -two, four)
        (analytics,) = giants("agent_analytics")
        assert analytics["overall_pnl_with_fees"] == four
        assert analytics["avg_net_pnl"] == pytest.approx(1e20, rel=1e-12)
        last = max(giants("agent_daily"), key=lambda row: row["day"])
        assert last["realized_pnl_total"] == four
        assert {row["difference"] for row in giants("trade_contradictions")} == {-3 * one, -one}
        (day,) = giants("prompt_days")
        assert (day["net_pnl"], day["fees"]) == (four, four)
        performance = giants("prompt_performance")
        assert [row["scope"] for row in performance] == ["agent", "regime", "version"]
        assert {(row["net_pnl"], row["fees"], row["net_pnl_after_cost"]) for row in performance} == {(four, four, four)}
        assert [row["avg_net_return"] for row in performance] == [pytest.approx(1e20, rel=1e-12)] * 3


def test_marks_are_the_last_close_of_each_day(built: dg.ExecuteInProcessResult, connection: psycopg.Connection) -> None:
    stored = connection.execute("SELECT exchange, symbol, day, price, market_symbol FROM daily_marks").fetchall()
    assert {exchange for exchange, *_ in stored} == {desk.EXCHANGE, "venue", "other"}  # the sandbox sees no real candle
    own_marks = {
        (symbol, day): (price, market) for exchange, symbol, day, price, market in stored if exchange == "desk"
    }
    assert {symbol for symbol, _ in own_marks} == {"BTC", "ETH"}
    for (symbol, day), (price, market) in own_marks.items():
        assert (price, market) == (desk.mark(symbol, day), f"{symbol}/USDT")
    assert ("BTC", (desk.START + timedelta(days=5)).date()) in own_marks
    assert ("ETH", (desk.START + timedelta(days=5)).date()) not in own_marks


@pytest.mark.parametrize("engine", ENGINES)
def test_daily_equity_is_what_a_ledger_says(table: Table, engine: str) -> None:
    found = table(engine, "agent_daily")
    assert {row["agent_id"] for row in found} == set(desk.AGENTS) - {"quiet"}
    for agent in desk.AGENTS:
        days = {row["day"]: row for row in own(found, agent)}
        expected = equities(agent)
        assert sorted(days) == sorted(expected)
        assert {day: row["equity"] for day, row in days.items()} == expected, agent
        returns = [days[day]["daily_return"] for day in sorted(days) if days[day]["daily_return"] is not None]
        initial = None if agent == "unfunded" else desk.INITIAL
        assert returns == pytest.approx(oracles.returns([expected[day] for day in sorted(expected)], initial), rel=1e-9)


@pytest.mark.parametrize("engine", ENGINES)
def test_days_say_what_their_equity_rests_on(table: Table, engine: str) -> None:
    holder = {row["day"]: row for row in own(table(engine, "agent_daily"), "holder")}
    start = desk.START.date()
    sources = [holder[start + timedelta(days=day)]["equity_source"] for day in range(15)]
    # Day 5 has no ETH candle; days 7 to 9 hold XYZ, which no market prices.
    assert [day for day, source in enumerate(sources) if source == "trades"] == [5, 7, 8, 9]
    assert set(sources) == {"trades", "trades and candles"}
    fifth = holder[start + timedelta(days=4)]
    assert (fifth["open_positions"], fifth["unmarked_positions"]) == (3, 0)
    assert fifth["long_exposure"] == sum(
        quantity * (desk.mark(symbol, fifth["day"]) or 0)
        for quantity, symbol in ((Decimal("0.3"), "BTC"), (Decimal("1.5"), "ETH"))
    )
    assert fifth["short_exposure"] == Decimal("0.1") * (desk.mark("BTC", fifth["day"]) or 0)
    reporter = own(table(engine, "agent_daily"), "reporter")
    assert [row["day"] for row in reporter if row["equity_source"] == "snapshot"] == [
        start + timedelta(days=4),
        start + timedelta(days=11),
    ]


@pytest.mark.parametrize("engine", ENGINES)
def test_risk_figures_equal_empyricals(table: Table, engine: str) -> None:
    found = {row["agent_id"]: row for row in table(engine, "agent_analytics")}
    for agent in (*desk.RANDOM_AGENTS, "single", "winner", "even", "steady", "sparse", "holder", "blind", "reporter"):
        equity = equities(agent)
        series = oracles.returns([equity[day] for day in sorted(equity)], desk.INITIAL)
        assert_close(found[agent], oracles.risk(series), agent)
        assert found[agent]["days"] == len(equity)


@pytest.mark.parametrize("engine", ENGINES)
def test_what_is_not_defined_is_null(table: Table, engine: str) -> None:
    found = {row["agent_id"]: row for row in table(engine, "agent_analytics")}
    risk = ("sharpe", "sortino", "calmar", "annual_return", "max_drawdown", "max_drawdown_peak_day", "expectancy")
    quiet = found["quiet"]
    assert [quiet[name] for name in risk] == [None] * len(risk)
    assert (quiet["total_trades"], quiet["win_rate"], quiet["std_net_pnl"], quiet["days"]) == (0, 0, 0, 0)
    assert [found["even"][name] for name in ("sharpe", "sortino", "calmar", "profit_factor")] == [None] * 4
    assert [found["steady"][name] for name in ("sharpe", "sortino", "calmar")] == [None] * 3
    assert [found["winner"][name] for name in ("sortino", "calmar", "profit_factor", "expectancy_ratio")] == [None] * 4
    assert found["winner"]["win_rate"] == 100
    assert found["winner"]["longest_winning_streak"] == 10
    assert found["single"]["std_net_pnl"] == 0
    assert found["blind"]["scored_trades"] == 3


@pytest.mark.parametrize("engine", ENGINES)
def test_a_wipe_out_stays_one(table: Table, engine: str) -> None:
    broke = next(row for row in table(engine, "agent_analytics") if row["agent_id"] == "broke")
    start = desk.START.date()
    assert broke["annual_return"] == -1
    assert broke["max_drawdown"] == pytest.approx(-1.05, rel=1e-12)
    assert (broke["max_drawdown_peak_day"], broke["max_drawdown_trough_day"], broke["max_drawdown_recovered_day"]) == (
        start + timedelta(days=1),
        start + timedelta(days=5),
        None,
    )
    assert broke["calmar"] == pytest.approx(-1 / 1.05, rel=1e-12)
    days = {row["day"]: row["daily_return"] for row in own(table(engine, "agent_daily"), "broke")}
    assert days[start + timedelta(days=5)] == pytest.approx(-6_500 / 6_000)
    assert days[start + timedelta(days=6)] is None
    assert days[start + timedelta(days=30)] is None  # money was put in: not a return
    assert days[start + timedelta(days=31)] == 0


@pytest.mark.parametrize("engine", ENGINES)
def test_drawdowns_have_their_dates(table: Table, engine: str) -> None:
    found = {row["agent_id"]: row for row in table(engine, "agent_analytics")}
    for agent in (*desk.RANDOM_AGENTS, "sparse", "holder"):
        equity = equities(agent)
        ordered = sorted(equity)
        peak, peak_day, worst, dates = desk.INITIAL, ordered[0], Decimal(0), None
        for day in ordered:
            now = equity[day]
            assert now is not None
            if now >= peak:
                peak, peak_day = now, day
            elif now / peak - 1 < worst:
                worst, dates = now / peak - 1, (peak_day, day, peak)
        assert dates is not None
        recovered = next((day for day in ordered if day > dates[1] and (equity[day] or 0) >= dates[2]), None)
        row = found[agent]
        assert (
            row["max_drawdown_peak_day"],
            row["max_drawdown_trough_day"],
            row["max_drawdown_recovered_day"],
        ) == (dates[0], dates[1], recovered), agent


@pytest.mark.parametrize("engine", ENGINES)
def test_trade_figures_record_and_exposure(table: Table, engine: str) -> None:
    for row in table(engine, "agent_analytics"):
        trades = own(desk.trades(), row["agent_id"])
        assert_close(row, oracles.trade_figures(trades), row["agent_id"])
        assert_close(row, oracles.record(trades), row["agent_id"])
        assert_close(row, {"exposure_minutes": oracles.minutes_in_market(trades)}, row["agent_id"])
        if row["days"]:
            assert row["exposure_time_pct"] == pytest.approx(row["exposure_minutes"] / row["days"] / 14.4)


@pytest.mark.parametrize("engine", ENGINES)
def test_signals_and_the_time_long_short_and_flat(table: Table, engine: str) -> None:
    for row in table(engine, "agent_analytics"):
        agent = row["agent_id"]
        assert_close(row, oracles.signals(own(desk.decisions(), agent), own(desk.trades(), agent)), agent)


@pytest.mark.parametrize("engine", ENGINES)
def test_since_inception_ends_where_the_days_end(table: Table, engine: str) -> None:
    found = {row["agent_id"]: row for row in table(engine, "since_inception")}
    assert set(found) == set(desk.AGENTS)
    assert (found["quiet"]["equity"], found["quiet"]["return_since_inception"], found["quiet"]["days"]) == (
        None,
        None,
        0,
    )
    for agent in set(desk.AGENTS) - {"quiet", "unfunded"}:
        last = equities(agent)[LAST_DAY]
        assert last is not None
        row = found[agent]
        assert (row["equity"], row["equity_day"], row["pnl"]) == (last, LAST_DAY, last - desk.INITIAL)
        assert row["return_since_inception"] == pytest.approx(float(last / desk.INITIAL - 1), rel=1e-9)
    assert found["unfunded"]["equity"] == 500
    assert found["unfunded"]["return_since_inception"] is None


def test_boards_keep_origins_and_exchanges_apart(
    built: dg.ExecuteInProcessResult, connection: psycopg.Connection
) -> None:
    found = set(connection.execute("SELECT DISTINCT exchange, origin_group FROM analytics.leaderboard").fetchall())
    assert found == {
        (desk.EXCHANGE, "real"),
        ("venue", "real"),
        ("venue", "paper"),
        ("sandbox", "made up"),
        ("other", "made up"),
        ("other", "real"),
        ("giants", "real"),
    }
    ranks = connection.execute(
        "SELECT min(rank), max(rank), count(*) FROM analytics.leaderboard GROUP BY exchange, origin_group"
    ).fetchall()
    assert all(first == 1 and last == count for first, last, count in ranks)


def test_unknown_results_are_trades_but_in_no_rate(
    built: dg.ExecuteInProcessResult, connection: psycopg.Connection
) -> None:
    closed = [trade for trade in crowd.made_up_trades(7, 1500) if trade["status"] == "closed"]
    groups = dict.fromkeys(rows.REAL_ORIGINS, "real") | {"paper": "paper"}
    board = connection.execute(
        "SELECT exchange, origin_group, agent_id, trades, scored_trades, wins, net_pnl, win_rate, win_rate_low,"
        " win_rate_high FROM analytics.leaderboard"
    ).fetchall()
    board = [row for row in board if row[0] != desk.EXCHANGE]
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


def test_a_second_build_changes_nothing(built: dg.ExecuteInProcessResult, build: Any, table_of_all: Table) -> None:
    """A new cut of the same trades: the incremental mart and one over it."""

    def content() -> list[list[str]]:
        return [
            sorted(map(repr, table_of_all(engine, mart)))
            for engine in ENGINES
            for mart in ("trade_facts", "leaderboard")
        ]

    first = content()
    names = ("int_trade_touched", "trade_facts", "int_trade_months", "leaderboard")
    models = [[engine, "analytics", name] for engine in ENGINES for name in names]
    again = build(["clickhouse", "candlehouse", "trades_history"], ["postgres", "ops", "mart_cuts"], *models)
    assert again.success
    made = [event.asset_key.path for event in again.get_asset_materialization_events() if event.asset_key]
    assert all(path in made for path in models)
    assert content() == first
