"""The arena's trades through both dbt targets: figures equal the published ones, and each other."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import dagster as dg
import psycopg
import pytest
from click.testing import CliRunner

from dagster_project.defs.transform.prepare import DBT_PROJECT, Engine
from dagster_project.lib.archive.engine import archive
from dagster_project.lib.archive.policies import policy
from dagster_project.lib.arena_figures import Figure, figures
from dagster_project.lib.mart_builds import take_cut
from dagster_project.lib.nof0_import import Options, import_folder

ENGINES = ("postgres", "clickhouse")
FIGURES = 92
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
        for engine in ENGINES
    }
    assert per_engine["postgres"] == per_engine["clickhouse"]
    assert len(per_engine["postgres"]) > 35


@pytest.mark.parametrize("engine", ENGINES)
def test_dbts_unit_tests_pass(built: dg.ExecuteInProcessResult, warehouse: Any, engine: Engine, tmp_path: Path) -> None:
    """Builds leave them out: their rows are their own. They ask the built models for the types of columns."""
    from dagster_project.defs.transform import command
    from dagster_project.defs.transform.parsed import parsed

    environment = warehouse.settings.dbt_environment()
    manifest = parsed(engine, environment)
    folders = ["--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT), "--target", engine]
    paths = ["--target-path", str(tmp_path), "--log-path", str(tmp_path), "--no-write-json"]
    arguments = ["test", "--quiet", "--select", "test_type:unit", *folders, *paths]
    events = list(command.run(arguments, environment, manifest))
    assert [event["data"]["status"] for event in events] == ["pass"] * len(manifest.unit_tests)


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


@pytest.mark.parametrize("engine", ENGINES)
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


def agents_with_official_figures(shared_data: Path) -> list[str]:
    files = sorted((shared_data / "arena").glob("analytics-*.json"))
    return [file.stem.removeprefix("analytics-") for file in files]


@pytest.fixture(scope="module")
def compared(built: dg.ExecuteInProcessResult, warehouse: Any, shared_data: Path) -> list[Figure]:
    """Every figure of every agent whose official file is there, with what both warehouses say."""
    rows = {
        engine: {
            (row["exchange"], row["origin_group"], row["agent_id"]): row
            for row in mart(warehouse, engine, "agent_analytics")
        }
        for engine in ENGINES
    }
    official = {agent: published(shared_data, agent) for agent in agents_with_official_figures(shared_data)}
    found = list(figures(rows["postgres"], rows["clickhouse"], official))
    assert len(found) == (len(TRADES) + 1) * FIGURES
    return [figure for figure in found if figure.official is not None]


def test_every_reproducible_figure_equals_the_official_one(compared: list[Figure]) -> None:
    reproducible = [figure for figure in compared if figure.note is None]
    assert {figure.agent for figure in reproducible} >= {"claude-sonnet-4-5", "deepseek-chat-v3.1"}
    assert len(reproducible) >= 2 * 50
    wrong = [figure for figure in reproducible if figure.difference is None or figure.difference > 1e-6]
    assert wrong == []
    assert [figure for figure in compared if figure.engines_differ] == []


def test_the_command_prints_every_figure_with_both_values_and_the_difference(
    compared: list[Figure], shared_data: Path
) -> None:
    from dagster_project.commands.figures import figures as command

    done = CliRunner(env={"COLUMNS": "200"}).invoke(command)
    assert done.exit_code == 0, done.output
    lines = [line.split() for line in done.output.splitlines()]
    assert ["total_fees_as_pct_of_pnl", "19.660268", "19.660268", "19.660268"] in [line[:4] for line in lines]
    assert sum(line[:1] == ["std_taker_fee"] for line in lines) == len(TRADES) + 1
    assert "definition not published" in done.output
    assert "95 trades whose gross PnL less fees is not their net PnL" in done.output
    follow = sum(figure.note is None for figure in compared)
    assert f"{follow} of {follow} published figures that follow from the trades are equal to 1e-6" in done.output
    answer = json.loads(CliRunner().invoke(command, ["--json", "--agent", "gpt-5"]).output)
    assert {figure["agent"] for figure in answer["figures"]} == {"gpt-5"}
    assert {row["agent_id"] for row in answer["contradictions"]} == {"gpt-5"}
    refused = CliRunner().invoke(command, ["--agent", "nobody"])
    assert refused.exit_code == 1
    assert "no figures of nobody" in refused.output


def test_a_published_figure_that_is_not_ours_is_wrong(
    built: dg.ExecuteInProcessResult, connection: psycopg.Connection
) -> None:
    from dagster_project.commands.figures import figures as command

    path = "{fee_pnl_moves_breakdown_table,total_fees_paid}"
    values = {"agent": "claude-sonnet-4-5", "path": path}
    query = "SELECT payload #> %(path)s FROM model_analytics WHERE agent_id = %(agent)s"
    change = (
        "UPDATE model_analytics SET payload = jsonb_set(payload, %(path)s, %(value)s::jsonb) WHERE agent_id = %(agent)s"
    )
    [(before,)] = connection.execute(query, values).fetchall()
    connection.execute(change, {**values, "value": json.dumps(before + 0.01)})
    try:
        done = CliRunner(env={"COLUMNS": "200"}).invoke(command, ["--agent", "claude-sonnet-4-5"])
    finally:
        connection.execute(change, {**values, "value": json.dumps(before)})
    assert done.exit_code == 1
    assert [line.split()[0] for line in done.output.splitlines() if "wrong" in line] == ["total_fees_paid"]


def test_the_last_trade_and_its_time_equal_the_official_ones(
    built: dg.ExecuteInProcessResult, warehouse: Any, shared_data: Path
) -> None:
    for engine in ENGINES:
        rows = {row["agent_id"]: row for row in mart(warehouse, engine, "agent_analytics")}
        for agent in agents_with_official_figures(shared_data):
            official = published(shared_data, agent)
            assert rows[agent]["last_trade_doc_id"] == official["last_trade_doc_id"]
            seconds = rows[agent]["last_trade_exit_time"].replace(tzinfo=UTC).timestamp()
            assert seconds == pytest.approx(official["last_trade_exit_time"], abs=1e-6)


@pytest.mark.parametrize("engine", ENGINES)
def test_contradictions_are_the_95_trades_of_the_file(
    built: dg.ExecuteInProcessResult, warehouse: Any, shared_data: Path, engine: str
) -> None:
    trades = json.loads((shared_data / "arena" / "trades.json").read_text(), parse_float=Decimal)["trades"]
    apart = {
        trade["id"]: Decimal(trade["realized_gross_pnl"])
        - Decimal(trade["total_commission_dollars"])
        - Decimal(trade["realized_net_pnl"])
        for trade in trades
    }
    expected = {trade: difference for trade, difference in apart.items() if abs(difference) > Decimal("0.01")}
    assert len(expected) == 95
    found = mart(warehouse, engine, "trade_contradictions")
    assert {row["trade_id"]: row["difference"] for row in found} == expected


@pytest.mark.parametrize("engine", ENGINES)
def test_since_inception_starts_as_published(
    built: dg.ExecuteInProcessResult, warehouse: Any, shared_data: Path, engine: str
) -> None:
    official = json.loads((shared_data / "arena" / "since-inception-values.json").read_text())["sinceInceptionValues"]
    found = {row["agent_id"]: row for row in mart(warehouse, engine, "since_inception")}
    for row in official:
        mine = found[row["model_id"]]
        assert mine["initial_equity"] == row["nav_since_inception"]
        assert mine["inception_at"].replace(tzinfo=UTC).timestamp() == pytest.approx(row["inception_date"], abs=1e-6)
    assert found["buynhold_btc"]["equity"] is None
    board = json.loads((shared_data / "arena" / "leaderboard.json").read_text())["leaderboard"]
    for row in board:
        assert found[row["id"]]["equity"] == pytest.approx(Decimal(str(row["equity"])))


def test_publication_has_the_original_shape_and_keeps_imported_figures(
    built: dg.ExecuteInProcessResult, connection: psycopg.Connection, shared_data: Path, compared: list[Figure]
) -> None:
    def payloads() -> dict[str, tuple[str, dict[str, Any]]]:
        rows = connection.execute("SELECT agent_id, origin, payload FROM model_analytics").fetchall()
        return {agent: (origin, payload) for agent, origin, payload in rows}

    imported = agents_with_official_figures(shared_data)
    stored = payloads()
    assert {agent for agent, (origin, _) in stored.items() if origin == "recorded"} == set(imported)
    assert {agent for agent, (origin, _) in stored.items() if origin == "live"} == {*TRADES, "buynhold_btc"} - set(
        imported
    )
    for agent in imported:
        assert stored[agent][1] == published(shared_data, agent)
    try:
        run = publish(replace_recorded=True)
        assert run.success
        for agent in imported:
            official, (origin, payload) = published(shared_data, agent), payloads()[agent]
            assert origin == "live"
            assert shape(payload) == shape(official)
            for figure in compared:
                if figure.agent == agent:
                    assert payload[figure.table][figure.name] == pytest.approx(figure.postgres, rel=1e-15)
            assert payload["last_trade_exit_time"] == official["last_trade_exit_time"]
        (again,) = publish(replace_recorded=True).asset_materializations_for_node("postgres__nof0__model_analytics")
        assert again.metadata["written"].value == 0
    finally:
        for agent in imported:
            connection.execute(
                "UPDATE model_analytics SET payload = %s::jsonb, origin = 'recorded' WHERE agent_id = %s",
                [json.dumps(stored[agent][1]), agent],
            )


def publish(*, replace_recorded: bool) -> dg.ExecuteInProcessResult:
    from dagster_project.defs.transform.publish import Publication, model_analytics
    from dagster_project.resources.postgres import PostgresResource

    return dg.materialize(
        [model_analytics],
        resources={"postgres": PostgresResource()},
        run_config=dg.RunConfig(
            ops={"postgres__nof0__model_analytics": Publication(replace_recorded=replace_recorded)}
        ),
    )


def shape(document: Any) -> Any:
    """Keys and nesting, and whether a value is text or a number."""
    if isinstance(document, dict):
        return {key: shape(value) for key, value in document.items()}
    return "number" if isinstance(document, int | float) else type(document).__name__


def mart(warehouse: Any, engine: str, name: str) -> list[dict[str, Any]]:
    import clickhouse_connect
    from psycopg.rows import dict_row

    if engine == "postgres":
        with (
            psycopg.connect(warehouse.settings.postgres_url) as connection,
            connection.cursor(row_factory=dict_row) as cursor,
        ):
            return cursor.execute(f"SELECT * FROM analytics.{name}".encode()).fetchall()
    with clickhouse_connect.get_client(dsn=warehouse.settings.clickhouse_url) as client:
        return list(client.query(f"SELECT * FROM {warehouse.settings.clickhouse_analytics}.{name}").named_results())


@pytest.mark.parametrize("engine", ENGINES)
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


@pytest.mark.parametrize("engine", ENGINES)
def test_intervals_are_wilsons(boards: dict[str, dict[str, dict[str, Any]]], engine: str) -> None:
    from scipy.stats import binomtest

    for row in boards[engine].values():
        interval = binomtest(row["wins"], row["scored_trades"]).proportion_ci(method="wilson")
        assert math.isclose(row["win_rate_low"], interval.low, rel_tol=1e-9)
        assert math.isclose(row["win_rate_high"], interval.high, rel_tol=1e-9)


def test_both_warehouses_agree_cell_by_cell(built: dg.ExecuteInProcessResult, connection: psycopg.Connection) -> None:
    stored = connection.execute("SELECT mart, rows_postgres, rows_clickhouse, differences FROM ops.mart_parity")
    found = {mart: (left, right, differences) for mart, left, right, differences in stored}
    assert {mart: counts[2] for mart, counts in found.items()} == dict.fromkeys(found, 0)
    assert found["leaderboard"] == (6, 6, 0)
    assert found["trade_facts"] == (230, 230, 0)
    assert found["trade_contradictions"] == (95, 95, 0)
    assert found["since_inception"] == (7, 7, 0)
    assert found["agent_analytics"] == (7, 7, 0)
    assert found["agent_daily"][0] == found["agent_daily"][1] > 6 * 9


def test_the_board_prints_intervals_and_that_both_agree(built: dg.ExecuteInProcessResult, tmp_path: Path) -> None:
    from dagster_project.commands.board import board

    done = CliRunner().invoke(board, ["--svg", str(tmp_path / "board.svg")])
    picture = (tmp_path / "board.svg").read_text()
    assert "GPT&#160;5" in picture
    assert "font-face" not in picture
    assert done.exit_code == 0, done.output
    assert "Leaderboard: hyperliquid, real" in done.output
    assert "29% (12–55)" in done.output
    assert "both warehouses agree" in done.output
    answer = json.loads(CliRunner().invoke(board, ["--json"]).output)
    assert answer["agree"]
    assert {row["agent_id"]: row["trades"] for row in answer["leaderboard"]} == TRADES


def test_a_spoiled_cell_is_found_named_and_stored(
    built: dg.ExecuteInProcessResult, connection: psycopg.Connection
) -> None:
    from dagster_project.commands.board import board
    from dagster_project.defs.serving.views import design_views
    from dagster_project.defs.transform.parity import MART_PARITY, mart_parity
    from dagster_project.defs.transform.publish import model_analytics
    from dagster_project.resources.clickhouse import ClickHouseResource
    from dagster_project.resources.postgres import PostgresResource

    connection.execute("UPDATE analytics.leaderboard SET net_pnl = net_pnl + 0.000000000000000001 WHERE rank = 1")
    try:
        run = dg.materialize(
            [mart_parity, model_analytics, *design_views],
            resources={"postgres": PostgresResource(), "clickhouse": ClickHouseResource()},
            raise_on_error=False,
        )
        assert not run.success
        assert {event.asset_key for event in run.get_asset_materialization_events()} == {MART_PARITY}
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
    built: dg.ExecuteInProcessResult, connection: psycopg.Connection, warehouse: Any
) -> None:
    """From here on a source is spoilt."""
    import clickhouse_connect

    spoil = "UPDATE public.trades SET currency = 'EUR' WHERE id = (SELECT min(id) FROM public.trades)"
    assert connection.execute(spoil).rowcount == 1
    # The marts take what is archived and before the cut.
    with clickhouse_connect.get_client(dsn=warehouse.settings.clickhouse_url) as client:
        archive(replace(policy("trades"), settle=timedelta(0)), connection, client)
        take_cut(connection, client)
    # The cut is part of the views of staging.
    run, why = rebuilt("postgres", "stg_trades", "stg_trade_changes", "trade_facts", "leaderboard")
    failed = [check for check in run.get_asset_check_evaluations() if not check.passed]
    assert [check.check_name for check in failed] == ["one_currency_per_account"]
    made = [event.asset_key.path[-1] for event in run.get_asset_materialization_events() if event.asset_key]
    assert sorted(made) == ["stg_trade_changes", "stg_trades", "trade_facts"]
    assert "dbt build failed: one_currency_per_account: Got 1 result" in why


def rebuilt(engine: Engine, *models: str) -> tuple[dg.ExecuteInProcessResult, str]:
    """A build of these models that fails, and what it says."""
    from dagster_project.defs.transform.dbt import dbt_clickhouse, dbt_postgres
    from dagster_project.resources.postgres import PostgresResource

    run = dg.materialize(
        [dbt_postgres if engine == "postgres" else dbt_clickhouse],
        resources={"postgres": PostgresResource()},
        selection=[dg.AssetKey([engine, "analytics", name]) for name in models],
        raise_on_error=False,
    )
    assert not run.success
    (step,) = [event.step_failure_data for event in run.filter_events(lambda event: event.is_step_failure)]
    assert step.user_failure_data is not None
    return run, step.user_failure_data.description or ""


class Views:
    """The views of staging of one engine, of which some columns say something else for a while."""

    def __init__(self, engine: Engine, warehouse: Any, connection: psycopg.Connection) -> None:
        import clickhouse_connect

        self.postgres = connection if engine == "postgres" else None
        self.client = clickhouse_connect.get_client(dsn=warehouse.settings.clickhouse_url)
        self.schema = "analytics" if self.postgres else warehouse.settings.clickhouse_analytics

    def ask(self, query: str) -> list[Any]:
        if self.postgres:
            return self.postgres.execute(query.encode()).fetchall()
        return list(self.client.query(query).result_rows)

    def do(self, statement: str) -> None:
        if self.postgres:
            self.postgres.execute(statement.encode())
        else:
            self.client.command(statement)

    @contextmanager
    def saying(self, view: str, column: str, value: str) -> Iterator[None]:
        """For a while the column of the view is this expression."""
        place = f"{self.schema}.{view}"
        if self.postgres:
            [(text,)] = self.ask(f"SELECT pg_get_viewdef('{place}'::regclass)")
            columns = self.ask(
                "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute"
                f" WHERE attrelid = '{place}'::regclass AND attnum > 0 ORDER BY attnum"
            )
            value = f"CAST({value} AS {dict(columns)[column]})"
        else:
            where = f"WHERE database = '{self.schema}'"
            [(text,)] = self.ask(f"SELECT as_select FROM system.tables {where} AND name = '{view}'")
            columns = self.ask(f"SELECT name, type FROM system.columns {where} AND table = '{view}' ORDER BY position")
            value = f"CAST({value} AS Nullable({dict(columns)[column].removeprefix('Nullable(').removesuffix(')')}))"
        text = text.rstrip("; \n")
        said = ", ".join(f"{value} AS {name}" if name == column else name for name, _ in columns)
        self.do(f"CREATE OR REPLACE VIEW {place} AS SELECT {said} FROM ({text}) AS spoilt")
        try:
            yield
        finally:
            self.do(f"CREATE OR REPLACE VIEW {place} AS {text}")


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("view", "column", "mart"),
    [("stg_accounts", "exchange", "since_inception"), ("stg_trade_changes", "side", "trade_facts")],
    ids=["table", "incremental"],
)
def test_a_null_where_none_may_be_fails_the_build_and_the_mart_stays(
    built: dg.ExecuteInProcessResult,
    connection: psycopg.Connection,
    warehouse: Any,
    engine: Engine,
    view: str,
    column: str,
    mart: str,
) -> None:
    """No dbt test asks for NULL in a table: the contract does, in the database."""
    views = Views(engine, warehouse, connection)
    everything = f"SELECT * FROM {views.schema}.{mart}"
    before = sorted(map(repr, views.ask(everything)))
    with views.saying(view, column, "NULL"):
        run, why = rebuilt(engine, mart)
    assert list(run.get_asset_materialization_events()) == []
    assert re.search(f'null value in column "{column}"|Cannot convert NULL value to non-Nullable', why), why
    after = sorted(map(repr, views.ask(everything)))
    # ClickHouse has let go of the place that was touched, the spoilt trade; the next build makes it anew.
    assert set(after) <= set(before)
    assert len(after) == len(before) - (engine == "clickhouse" and mart == "trade_facts")


@pytest.mark.parametrize("engine", ENGINES)
def test_a_value_out_of_its_range_fails_the_build_and_its_column_is_named(
    built: dg.ExecuteInProcessResult, connection: psycopg.Connection, warehouse: Any, engine: Engine
) -> None:
    with Views(engine, warehouse, connection).saying("stg_trade_changes", "confidence", "1.5"):
        run, why = rebuilt(engine, "trade_facts")
    assert "trade_facts_rows_hold: confidence is not within 0 and 1 in 1 rows" in why
    (check,) = [one for one in run.get_asset_check_evaluations() if one.check_name == "trade_facts_rows_hold"]
    assert not check.passed
    assert check.blocking
