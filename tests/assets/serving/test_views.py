"""Materialized views on real engines: refreshed by their assets, and their state told as it is."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import clickhouse_connect
import dagster as dg
import psycopg
import pytest

from dagster_project.defs.serving.views import design_views, view_refreshes
from dagster_project.lib.clickhouse_views import View
from dagster_project.resources.clickhouse import ClickHouseResource
from dagster_project.resources.postgres import PostgresResource


@pytest.fixture
def client(warehouse: Any) -> Iterator[Any]:
    with clickhouse_connect.get_client(dsn=warehouse.settings.clickhouse_url, autogenerate_session_id=False) as opened:
        yield opened


def looked() -> tuple[dict[str, Any], dict[str, dg.AssetCheckEvaluation]]:
    run = dg.materialize([view_refreshes], resources={"clickhouse": ClickHouseResource()})
    [event] = run.get_asset_materialization_events()
    told = {name: value.value for name, value in event.materialization.metadata.items()}
    return told, {check.check_name: check for check in run.get_asset_check_evaluations()}


def wait_until(answer: Any) -> None:
    ends = time.monotonic() + 30
    while not answer():
        assert time.monotonic() < ends
        time.sleep(0.2)


def test_the_designs_views_show_new_rows_after_their_asset_ran(warehouse: Any) -> None:
    with psycopg.connect(warehouse.settings.postgres_url, autocommit=True) as connection:
        connection.execute("INSERT INTO agents (id, display_name, origin) VALUES ('a', 'A', 'live')")
        connection.execute(
            "INSERT INTO accounts (agent_id, exchange, initial_equity, origin)"
            " VALUES ('a', ops.home_exchange(), 100, 'live')"
        )
        connection.execute(
            "INSERT INTO account_equity_snapshots (agent_id, exchange, captured_at, equity, origin)"
            " VALUES ('a', ops.home_exchange(), now(), 110, 'live')"
        )
        assert connection.execute("SELECT count(*) FROM nof0.v_leaderboard").fetchone() == (0,)
        run = dg.materialize(design_views, resources={"postgres": PostgresResource()})
        assert connection.execute("SELECT model_id, equity, return_pct FROM nof0.v_leaderboard").fetchall() == [
            ("a", 110, 10)
        ]
    counts = {
        event.asset_key.path[-1]: event.materialization.metadata["dagster/row_count"].value
        for event in run.get_asset_materialization_events()
        if event.asset_key
    }
    assert counts == {
        "v_crypto_prices_latest": 0,
        "v_leaderboard": 1,
        "v_since_inception": 1,
        "prompt_performance": 0,
    }


def test_every_view_of_the_migrations_is_there_until_somebody_drops_one(client: Any) -> None:
    told, checks = looked()
    assert checks["every_view_is_there"].passed, checks["every_view_is_there"].description
    assert checks["refreshes_succeed"].passed, checks["refreshes_succeed"].description
    assert told["feeds"] >= 15
    [(made,)] = client.query(f"SHOW CREATE TABLE {client.database}.trade_changes_feed").result_rows
    client.command("DROP TABLE trade_changes_feed")
    try:
        _, checks = looked()
    finally:
        client.command(made)
    assert not checks["every_view_is_there"].passed
    assert f"{client.database}.trade_changes_feed" in (checks["every_view_is_there"].description or "")


def test_a_refresh_that_fails_and_one_that_is_stopped_are_named(client: Any) -> None:
    """Real refreshes of the real engine, by its own clock."""

    def state() -> tuple[Any, ...]:
        query = "SELECT status, exception, last_success_time > 0 FROM system.view_refreshes WHERE view = 'probe'"
        return client.query(query).result_rows[0]

    client.command("CREATE TABLE probed (n UInt8) ENGINE = MergeTree ORDER BY n")
    client.command(
        "CREATE MATERIALIZED VIEW probe REFRESH EVERY 1 SECOND SETTINGS refresh_retries = 0 (n UInt8)"
        " ENGINE = MergeTree ORDER BY n AS SELECT throwIf(n = 7, 'seven') AS n FROM probed"
    )
    try:
        wait_until(lambda: state()[2])
        told, checks = looked()
        assert checks["refreshes_succeed"].passed
        assert 0 <= told["oldest_success_seconds"] < 3700
        assert f"| {client.database}.probe | refreshable | {datetime.now(UTC):%m-%d %H}" in told["views"]
        client.command("INSERT INTO probed VALUES (7)")
        wait_until(lambda: state()[1])
        _, checks = looked()
        assert not checks["refreshes_succeed"].passed
        assert "probe its last refresh failed" in (checks["refreshes_succeed"].description or "")
        assert "seven" in (checks["refreshes_succeed"].description or "")
        client.command("TRUNCATE TABLE probed")
        wait_until(lambda: not state()[1])
        client.command(f"SYSTEM STOP VIEW {client.database}.probe")
        wait_until(lambda: state()[0] == "Disabled")
        _, checks = looked()
        assert "probe is stopped: SYSTEM START VIEW" in (checks["refreshes_succeed"].description or "")
    finally:
        client.command("DROP TABLE probe")
        client.command("DROP TABLE probed")


def test_an_overdue_refresh_is_trouble_and_one_that_runs_is_not() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    due = View("d", "v", True, "Scheduled", "", now - timedelta(hours=3), now - timedelta(minutes=11))
    assert "was due at 2025-12-31 23:49 UTC" in (due.trouble(now) or "")
    assert View("d", "v", True, "Running", "", None, due.next_refresh).trouble(now) is None
    assert due.trouble(now - timedelta(minutes=2)) is None


def test_volatility_by_hour_is_computed_by_clickhouse_itself(client: Any) -> None:
    client.command(
        "INSERT INTO hourly_candles_versions (exchange, symbol, hour, open, high, low, close, volume,"
        " origin, writes) VALUES"
        " ('x', 'BTC/USDT', '2025-10-20 07:00:00', 100, 104, 99, 101, 10, 'venue', 1),"
        " ('x', 'BTC/USDT', '2025-10-21 07:00:00', 200, 202, 198, 201, 30, 'venue', 1),"
        " ('x', 'BTC/USDT', '2025-10-21 08:00:00', 200, 250, 100, 201, 30, 'synthetic', 1)"
    )
    client.command("SYSTEM REFRESH VIEW volatility_by_hour")
    client.command("SYSTEM WAIT VIEW volatility_by_hour")
    query = "SELECT hour_of_day, hours, avg_range, max_range, avg_volume FROM volatility_by_hour WHERE exchange = 'x'"
    [row] = client.query(query).result_rows
    assert row == (7, 2, pytest.approx(0.035), pytest.approx(0.05), 20)
