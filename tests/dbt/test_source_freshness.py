"""Freshness of sources on real engines: fresh, old, empty, ahead of the clock, unreadable."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import clickhouse_connect
import dagster as dg
import psycopg
import pytest
from click.testing import CliRunner

from dagster_project.lib.source_freshness import Freshness, told
from dagster_project.lib.warehouse_copy import POLICIES, copy
from dagster_project.settings import load_settings

SNAPSHOTS = next(policy for policy in POLICIES if policy.source == "account_equity_snapshots")
ENGINES = ("postgres", "clickhouse")


@pytest.fixture
def connection(warehouse: Any) -> Iterator[psycopg.Connection]:
    with psycopg.connect(warehouse.settings.postgres_url, autocommit=True) as opened:
        opened.execute("SET session_replication_role = replica")
        yield opened


def snapshot(connection: psycopg.Connection, warehouse: Any, *, age: timedelta) -> None:
    """One equity snapshot in both warehouses, written `age` ago."""
    connection.execute("TRUNCATE agents, accounts, account_equity_snapshots CASCADE")
    connection.execute("INSERT INTO agents (id, display_name, origin) VALUES ('a', 'A', 'live')")
    connection.execute("INSERT INTO accounts (agent_id, exchange, origin) VALUES ('a', 'binance', 'live')")
    connection.execute(
        "INSERT INTO account_equity_snapshots (agent_id, exchange, captured_at, equity, origin, updated_at)"
        " VALUES ('a', 'binance', now(), 1, 'live', now() - %s)",
        [age],
    )
    with clickhouse_connect.get_client(dsn=warehouse.settings.clickhouse_url) as client:
        client.command("TRUNCATE TABLE account_equity_snapshots_versions")
        assert copy(connection, client, SNAPSHOTS).agree


def checked() -> tuple[dict[str, dg.AssetCheckEvaluation], dg.ExecuteInProcessResult]:
    """What the checks of both engines say, by `engine.table`."""
    from dagster_project.defs.transform.freshness import freshness

    run = dg.materialize(freshness, raise_on_error=False)
    assert run.success
    found = run.get_asset_check_evaluations()
    assert {check.severity for check in found} == {dg.AssetCheckSeverity.WARN}
    assert not any(check.blocking for check in found)
    names = {f"{check.asset_key.path[0]}.{check.check_name.removesuffix('_is_fresh')}": check for check in found}
    return names, run


def test_an_empty_source_is_a_warning_and_no_crash(connection: psycopg.Connection, warehouse: Any) -> None:
    connection.execute("TRUNCATE agents, accounts, account_equity_snapshots CASCADE")
    found, run = checked()
    tables = ("trades", "decisions", "account_equity_snapshots", "hourly_candles")
    assert set(found) == {f"{engine}.{table}" for engine in ENGINES for table in tables}
    assert {(check.passed, check.description) for check in found.values()} == {(False, "holds no row")}
    observed = {
        event.asset_observation_data.asset_observation.asset_key for event in run.get_asset_observation_events()
    }
    assert dg.AssetKey(["clickhouse", "candlehouse", "agent_decisions_log"]) in observed
    assert len(observed) == 8


def test_fresh_old_and_ahead_of_the_clock_in_both_warehouses(connection: psycopg.Connection, warehouse: Any) -> None:
    snapshot(connection, warehouse, age=timedelta(minutes=1))
    found, _ = checked()
    for engine in ENGINES:
        fresh = found[f"{engine}.account_equity_snapshots"]
        assert (fresh.passed, fresh.description) == (True, None)
        age = fresh.metadata["age_hours"].value
        assert isinstance(age, float)
        assert 60 / 3600 <= age < 0.2
        assert fresh.metadata["limit_hours"].value == 26
    snapshot(connection, warehouse, age=timedelta(hours=27))
    found, _ = checked()
    for engine in ENGINES:
        old = found[f"{engine}.account_equity_snapshots"]
        assert (old.passed, old.description) == (False, "newest row is 27 h old, more than 26 h")
    snapshot(connection, warehouse, age=timedelta(hours=-3, minutes=-1))
    found, _ = checked()
    for engine in ENGINES:
        ahead = found[f"{engine}.account_equity_snapshots"]
        assert not ahead.passed
        assert ahead.description == "newest row is 3 h ahead of the database's clock: set the clock of its writer"


def test_the_command_names_what_is_old_and_a_source_that_cannot_be_read(
    connection: psycopg.Connection, warehouse: Any
) -> None:
    from dagster_project.commands.freshness import freshness

    snapshot(connection, warehouse, age=timedelta(seconds=1))
    connection.execute("ALTER TABLE hourly_candles RENAME TO away")
    try:
        done = CliRunner().invoke(freshness, ["--json"])
    finally:
        connection.execute("ALTER TABLE away RENAME TO hourly_candles")
    assert done.exit_code == 1, done.output
    rows = {(row["engine"], row["table"]): row for row in json.loads(done.stdout)}
    assert rows["postgres", "account_equity_snapshots"]["trouble"] is None
    assert 'relation "public.hourly_candles" does not exist' in rows["postgres", "hourly_candles"]["trouble"]
    assert rows["clickhouse", "hourly_candles"]["trouble"] == "holds no row"


def test_recordings_of_the_past_are_not_expected_to_be_fresh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from dagster_project.defs.transform.ask_freshness import excuse

    now = datetime.now(UTC)
    old = Freshness("hourly_candles", now - timedelta(days=400), now, timedelta(hours=3))
    monkeypatch.setenv("CANDLEHOUSE_HOME", str(tmp_path))
    assert excuse(old, load_settings()) is None
    market = {"exchange": "binance", "symbol": "BTC/USDT", "timeframe": "1m", "first": "2025-10-01"}
    for last, said in ((now - timedelta(days=9), "recordings of the past"), (now, None)):
        markets = [market | {"last": last.date().isoformat()}]
        (tmp_path / "sources.json").write_text(json.dumps({"markets": markets}))
        assert excuse(old, load_settings()) == said
    assert excuse(Freshness("decisions", old.newest, now, old.limit), load_settings()) is None


def test_lengths_are_told_in_their_largest_unit() -> None:
    lengths = (timedelta(seconds=5), timedelta(minutes=5), timedelta(hours=26), timedelta(days=401, hours=6))
    assert [told(length) for length in lengths] == ["5 s", "5 min", "26 h", "401 days"]
