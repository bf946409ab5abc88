"""The trading room's assets as Dagster runs them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dagster as dg
import psycopg
import pytest

from dagster_project.defs.trading import assets
from dagster_project.resources.clickhouse import ClickHouseResource
from dagster_project.resources.postgres import PostgresResource


def materialize(*definitions: dg.AssetsDefinition, **config: Any) -> dg.ExecuteInProcessResult:
    return dg.materialize(
        list(definitions),
        resources={"postgres": PostgresResource(), "clickhouse": ClickHouseResource()},
        run_config={"ops": {"hot_trading_tables": {"config": config}}} if config else None,
        raise_on_error=False,
    )


def metadata(run: dg.ExecuteInProcessResult, table: str) -> dict[str, Any]:
    key = dg.AssetKey(["postgres", "public", table])
    [event] = [event for event in run.get_asset_materialization_events() if event.asset_key == key]
    return {name: value.value for name, value in event.materialization.metadata.items()}


def test_the_import_is_an_asset_and_accounts_for_its_rows(connection: psycopg.Connection, shared_data: Path) -> None:
    run = materialize(assets.hot_trading_tables, directory=str(shared_data / "arena"))
    assert run.success
    assert metadata(run, "trades") == {
        "read": 230,
        "landed": 230,
        "updated": 0,
        "unchanged": 0,
        "quarantined": 0,
        "dagster/row_count": 230,
    }
    assert connection.execute("SELECT DISTINCT origin FROM trades").fetchall() == [("recorded",)]
    assert connection.execute("SELECT DISTINCT origin FROM positions").fetchall() == [("handmade",)]


def test_a_broken_file_fails_the_run_in_one_line_and_its_neighbours_land(
    connection: psycopg.Connection, folder: Any
) -> None:
    place = folder(
        trades="{", crypto_prices={"prices": {"BTC": {"symbol": "BTC", "price": 2, "timestamp": 1761452335}}}
    )
    run = materialize(assets.hot_trading_tables, directory=str(place))
    assert not run.success
    [failure] = run.filter_events(lambda event: event.is_step_failure)
    reason = failure.step_failure_data.user_failure_data
    assert reason is not None
    assert "trades.json: Expecting property name" in str(reason.description)
    assert connection.execute("SELECT count(*) FROM price_latest").fetchone() == (1,)


def test_without_a_folder_it_counts_what_applications_wrote(connection: psycopg.Connection) -> None:
    connection.execute("INSERT INTO agents (id, display_name) VALUES ('a', 'A')")
    run = materialize(assets.hot_trading_tables)
    assert run.success
    assert metadata(run, "agents") == {"dagster/row_count": 1}


def test_sandbox_trades_are_made_up_for_ever_and_land_once(connection: psycopg.Connection) -> None:
    first = assets._land_sandbox(connection)
    again = assets._land_sandbox(connection)
    [trades] = first["trades"]
    assert trades.landed > 100
    assert trades.quarantined == 0
    assert again["trades"][0].unchanged == trades.landed
    found = connection.execute("SELECT DISTINCT exchange, origin FROM trades").fetchall()
    assert found == [("sandbox", "simulated")]
    with pytest.raises(psycopg.errors.CheckViolation):
        connection.execute("UPDATE trades SET origin = 'recorded'")


def test_a_copy_that_lost_a_row_fails_its_blocking_check(connection: psycopg.Connection, shared_data: Path) -> None:
    materialize(assets.hot_trading_tables, directory=str(shared_data / "arena"))
    assert materialize(*assets.copies).success
    connection.execute("DELETE FROM accounts WHERE agent_id = 'grok-4'")
    run = materialize(*assets.copies)
    assert not run.success
    [failed] = [check for check in run.get_asset_check_evaluations() if not check.passed]
    assert failed.blocking
    assert "6 rows in PostgreSQL, 7 in ClickHouse" in (failed.description or "")
