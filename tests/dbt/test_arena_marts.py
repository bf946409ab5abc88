"""The arena's trades through both dbt targets: figures equal the published ones, and each other."""

from __future__ import annotations

import json
import math
import statistics
from decimal import Decimal
from pathlib import Path
from typing import Any

import dagster as dg
import psycopg
import pytest
from click.testing import CliRunner

from dagster_project.lib.nof0_import import Options, import_folder

# Closed trades per model in the recorded file, and with it in the published analytics where the file is complete.
TRADES = {
    "claude-sonnet-4-5": 19,
    "deepseek-chat-v3.1": 14,
    "gpt-5": 55,
    "grok-4": 20,
    "qwen3-max": 22,
    "gemini-2.5-pro": 100,
}


@pytest.fixture(scope="module")
def built(warehouse: Any, build: Any, shared_data: Path) -> dg.ExecuteInProcessResult:
    with psycopg.connect(warehouse.settings.postgres_url, autocommit=True) as connection:
        options = Options(origins={"positions": "handmade", "conversations": "handmade"})
        import_folder(connection, shared_data / "arena", options)
    return build()


@pytest.fixture(scope="module")
def boards(built: dg.ExecuteInProcessResult, warehouse: Any) -> dict[str, dict[str, dict[str, Any]]]:
    """Leaderboard rows by engine and agent."""
    import clickhouse_connect

    with psycopg.connect(warehouse.settings.postgres_url) as connection:
        cursor = connection.execute("SELECT * FROM analytics.leaderboard")
        names = [column.name for column in cursor.description or ()]
        left = [dict(zip(names, row, strict=True)) for row in cursor]
    with clickhouse_connect.get_client(dsn=warehouse.settings.clickhouse_url) as client:
        right = list(
            client.query(f"SELECT * FROM {warehouse.settings.clickhouse_analytics}.leaderboard").named_results()
        )
    return {
        "postgres": {row["agent_id"]: row for row in left},
        "clickhouse": {row["agent_id"]: row for row in right},
    }


def published(shared_data: Path, agent: str) -> dict[str, Any]:
    return json.loads((shared_data / "arena" / f"analytics-{agent}.json").read_text())["analytics"][0]


def test_the_build_is_green_and_every_dbt_test_arrived_as_a_blocking_check(built: dg.ExecuteInProcessResult) -> None:
    assert built.success
    checks = built.get_asset_check_evaluations()
    assert [check.check_name for check in checks if not check.passed] == []
    per_engine = {
        engine: {check.check_name for check in checks if check.asset_key.path[:2] == [engine, "analytics"]}
        for engine in ("postgres", "clickhouse")
    }
    assert per_engine["postgres"] == per_engine["clickhouse"]
    assert len(per_engine["postgres"]) > 35


def test_marts_belong_to_the_role_of_dbt_and_people_can_read_them(
    built: dg.ExecuteInProcessResult, warehouse: Any
) -> None:
    with psycopg.connect(warehouse.url("readonly")) as connection:
        owners = connection.execute(
            "SELECT tableowner FROM pg_tables WHERE schemaname = 'analytics' UNION"
            " SELECT viewowner FROM pg_views WHERE schemaname = 'analytics'"
        ).fetchall()
        assert owners == [("candlehouse_transform",)]
        assert connection.execute("SELECT count(*) FROM analytics.leaderboard").fetchone() == (len(TRADES),)
        assert connection.execute("SELECT count(*) > 0 FROM analytics.stg_trades").fetchone() == (True,)


@pytest.mark.parametrize("engine", ["postgres", "clickhouse"])
def test_trades_net_and_wins_equal_a_plain_sum_over_the_file(
    boards: dict[str, dict[str, dict[str, Any]]], shared_data: Path, engine: str
) -> None:
    trades = json.loads((shared_data / "arena" / "trades.json").read_text(), parse_float=Decimal)["trades"]
    board = boards[engine]
    assert {agent: row["trades"] for agent, row in board.items()} == TRADES
    for agent, row in board.items():
        own = [trade for trade in trades if trade["model_id"] == agent]
        assert row["net_pnl"] == sum(Decimal(trade["realized_net_pnl"]) for trade in own)
        assert row["fees"] == sum(Decimal(trade["total_commission_dollars"]) for trade in own)
        assert row["wins"] == sum(trade["realized_net_pnl"] > 0 for trade in own)


@pytest.mark.parametrize("engine", ["postgres", "clickhouse"])
@pytest.mark.parametrize("agent", ["claude-sonnet-4-5", "deepseek-chat-v3.1"])
def test_published_analytics_are_reproduced(
    boards: dict[str, dict[str, dict[str, Any]]], shared_data: Path, warehouse: Any, engine: str, agent: str
) -> None:
    figures, row = published(shared_data, agent), boards[engine][agent]
    money = figures["fee_pnl_moves_breakdown_table"]
    assert math.isclose(float(row["net_pnl"]), money["overall_pnl_with_fees"], rel_tol=1e-9)
    assert math.isclose(float(row["gross_pnl"]), money["overall_pnl_without_fees"], rel_tol=1e-9)
    assert math.isclose(float(row["fees"]), money["total_fees_paid"], rel_tol=1e-9)
    assert math.isclose(100 * row["win_rate"], figures["winners_losers_breakdown_table"]["win_rate"], rel_tol=1e-9)
    assert row["trades"] == figures["overall_trades_overview_table"]["total_trades"]
    overview = figures["overall_trades_overview_table"]
    facts = trade_facts(warehouse, engine, agent)
    assert math.isclose(statistics.fmean(m for _, m in facts), overview["avg_holding_period_mins"], rel_tol=1e-9)
    assert math.isclose(statistics.stdev(m for _, m in facts), overview["std_holding_period_mins"], rel_tol=1e-9)
    assert math.isclose(statistics.median(n for n, _ in facts), overview["median_size_of_trade_notional"], rel_tol=1e-9)


def trade_facts(warehouse: Any, engine: str, agent: str) -> list[tuple[float, float]]:
    query = f"SELECT notional, holding_minutes FROM {{}}.trade_facts WHERE agent_id = '{agent}'"
    if engine == "postgres":
        with psycopg.connect(warehouse.settings.postgres_url) as connection:
            rows = connection.execute(query.format("analytics").encode()).fetchall()
    else:
        import clickhouse_connect

        with clickhouse_connect.get_client(dsn=warehouse.settings.clickhouse_url) as client:
            rows = list(client.query(query.format(warehouse.settings.clickhouse_analytics)).result_rows)
    return [(float(notional), minutes) for notional, minutes in rows]


@pytest.mark.parametrize("engine", ["postgres", "clickhouse"])
def test_equity_return_and_rank_equal_the_published_leaderboard(
    boards: dict[str, dict[str, dict[str, Any]]], shared_data: Path, engine: str
) -> None:
    official = json.loads((shared_data / "arena" / "leaderboard.json").read_text())["leaderboard"]
    board = boards[engine]
    for row in official:
        assert math.isclose(float(board[row["id"]]["equity"]), row["equity"], rel_tol=1e-12)
        assert abs(100 * board[row["id"]]["return_since_inception"] - row["return_pct"]) <= 0.005 + 1e-9
    by_return = sorted(official, key=lambda row: -row["return_pct"])
    assert [row["id"] for row in by_return] == sorted(board, key=lambda agent: board[agent]["rank"])


@pytest.mark.parametrize("engine", ["postgres", "clickhouse"])
def test_intervals_are_wilsons(boards: dict[str, dict[str, dict[str, Any]]], engine: str) -> None:
    from scipy.stats import binomtest

    for row in boards[engine].values():
        interval = binomtest(row["wins"], row["scored_trades"]).proportion_ci(method="wilson")
        assert math.isclose(row["win_rate_low"], interval.low, rel_tol=1e-9)
        assert math.isclose(row["win_rate_high"], interval.high, rel_tol=1e-9)


def test_both_warehouses_agree_cell_by_cell(built: dg.ExecuteInProcessResult, connection: psycopg.Connection) -> None:
    stored = connection.execute("SELECT mart, rows_postgres, rows_clickhouse, differences FROM ops.mart_parity")
    assert sorted(stored.fetchall()) == [("leaderboard", 6, 6, 0), ("trade_facts", 230, 230, 0)]


def test_the_board_prints_intervals_and_that_both_agree(built: dg.ExecuteInProcessResult) -> None:
    from dagster_project.commands.board import board

    done = CliRunner().invoke(board)
    assert done.exit_code == 0, done.output
    assert "Leaderboard: hyperliquid, real" in done.output
    assert "28.6% (11.7 to 54.6)" in done.output
    assert "both warehouses agree" in done.output
    answer = json.loads(CliRunner().invoke(board, ["--json"]).output)
    assert answer["agree"]
    assert {row["agent_id"]: row["trades"] for row in answer["leaderboard"]} == TRADES


def test_a_spoiled_cell_is_found_named_and_stored(
    built: dg.ExecuteInProcessResult, connection: psycopg.Connection
) -> None:
    from dagster_project.commands.board import board
    from dagster_project.defs.transform.parity import mart_parity
    from dagster_project.resources.clickhouse import ClickHouseResource
    from dagster_project.resources.postgres import PostgresResource

    connection.execute("UPDATE analytics.leaderboard SET net_pnl = net_pnl + 0.000000000000000001 WHERE rank = 1")
    try:
        run = dg.materialize(
            [mart_parity],
            resources={"postgres": PostgresResource(), "clickhouse": ClickHouseResource()},
            raise_on_error=False,
        )
        assert not run.success
        [check] = run.get_asset_check_evaluations()
        assert not check.passed
        assert check.blocking
        assert "leaderboard hyperliquid/real/deepseek-chat-v3.1 net_pnl: 1066.28603" in (check.description or "")
        [(examples,)] = connection.execute(
            "SELECT examples FROM ops.mart_parity WHERE mart = 'leaderboard' ORDER BY id DESC LIMIT 1"
        ).fetchall()
        assert [(e["key"], e["column"]) for e in examples] == [("hyperliquid/real/deepseek-chat-v3.1", "net_pnl")]
        done = CliRunner().invoke(board)
        assert done.exit_code == 1
        assert "the warehouses differ" in done.output
    finally:
        connection.execute("UPDATE analytics.leaderboard SET net_pnl = net_pnl - 0.000000000000000001 WHERE rank = 1")


def test_a_failing_dbt_test_fails_the_build_and_is_named(
    built: dg.ExecuteInProcessResult, connection: psycopg.Connection
) -> None:
    """Last in this file: it spoils a source."""
    from dagster_project.defs.transform.dbt import dbt_postgres

    connection.execute("UPDATE public.trades SET currency = 'EUR' WHERE id = (SELECT min(id) FROM public.trades)")
    run = dg.materialize([dbt_postgres], raise_on_error=False)
    assert not run.success
    failed = [check for check in run.get_asset_check_evaluations() if not check.passed]
    assert [check.check_name for check in failed] == ["one_currency_per_account"]
    (step,) = [event.step_failure_data for event in run.filter_events(lambda event: event.is_step_failure)]
    assert step.user_failure_data is not None
    assert "dbt build failed: one_currency_per_account: Got 1 result" in (step.user_failure_data.description or "")
