"""The archive as Dagster runs it."""

from __future__ import annotations

import base64
import time
from datetime import datetime
from decimal import Decimal
from typing import Any

import dagster as dg

from dagster_project.defs.upkeep.archive import ARCHIVE_PARITY, archive_parity, archives, asset_key
from dagster_project.defs.upkeep.archive_state import ARCHIVE_STATE, archive_state
from dagster_project.lib.archive.policies import policies
from dagster_project.resources.clickhouse import ClickHouseResource
from dagster_project.resources.postgres import PostgresResource

House = Any
TRADES = asset_key(policies()["trades"])


def materialize(*definitions: dg.AssetsDefinition) -> dg.ExecuteInProcessResult:
    return dg.materialize(
        list(definitions),
        resources={"postgres": PostgresResource(), "clickhouse": ClickHouseResource()},
        raise_on_error=False,
    )


def metadata(run: dg.ExecuteInProcessResult, key: dg.AssetKey) -> dict[str, Any]:
    [event] = [event for event in run.get_asset_materialization_events() if event.asset_key == key]
    return {name: value.value for name, value in event.materialization.metadata.items()}


def test_a_run_archives_every_policy_and_tells_its_figures(house: House) -> None:
    house.insert("t1", "t2")
    run = materialize(*archives)
    assert run.success
    told = metadata(run, TRADES)
    assert {name: told[name] for name in ("backlog", "rows_archived", "rows_purged", "rows_quarantined")} == {
        "backlog": 0,
        "rows_archived": 2,
        "rows_purged": 0,
        "rows_quarantined": 0,
    }
    assert told["last_proof"] > datetime(2026, 1, 1).timestamp()  # noqa: DTZ001
    assert 0 <= told["seconds_since_last_proof"] < 60
    assert house.one("SELECT run_id FROM ops.archive_manifests") == run.run_id
    assert metadata(materialize(*archives), TRADES)["rows_archived"] == 0


def test_a_row_in_quarantine_fails_the_blocking_check_until_it_is_mended(house: House) -> None:
    house.connection.execute("ALTER TABLE trades DROP CONSTRAINT trades_fee_fits")
    house.insert("t1", "t2")
    house.connection.execute("UPDATE trades SET fee = 'NaN' WHERE id = 't1'")
    run = materialize(*archives)
    assert not run.success
    [failed] = [check for check in run.get_asset_check_evaluations() if not check.passed]
    assert failed.blocking
    assert "1 rows do not fit ClickHouse" in (failed.description or "")
    assert house.history() == ["t2"]
    house.connection.execute("UPDATE trades SET fee = 1 WHERE id = 't1'")
    assert materialize(*archives).success
    assert house.history() == ["t1", "t2"]


def test_a_broken_contract_fails_its_own_asset_with_the_diff(house: House) -> None:
    house.connection.execute("ALTER TABLE trades ADD COLUMN mood text")
    try:
        run = materialize(*archives)
    finally:
        house.connection.execute("ALTER TABLE trades DROP COLUMN mood")
    failures = [event.step_failure_data.user_failure_data for event in run.filter_events(lambda e: e.is_step_failure)]
    assert ["+ public.trades.mood text" in (failure.description or "") for failure in failures if failure] == [True]
    assert len(run.get_asset_materialization_events()) == len(archives) - 1


def test_all_policies_are_shown_in_one_table_with_a_plot(house: House) -> None:
    house.insert("t1", "t2", "t3")
    materialize(*archives)
    house.insert("t4")
    time.sleep(2 * policies()["trades"].settle.total_seconds())
    run = materialize(archive_state)
    assert run.success
    told = metadata(run, ARCHIVE_STATE)
    assert (told["rows_archived"], told["rows_purged"], told["rows_quarantined"]) == (3, 0, 0)
    assert (told["backlog"], told["backlog_trades"], told["backlog_orders"]) == (1, 1, 0)
    assert 0 <= told["seconds_since_last_proof_trades"] < 60
    assert "seconds_since_last_proof_orders" not in told
    table = told["policies"].splitlines()
    assert len(table) == 2 + len(archives)
    assert "| 3 | 0 | 0 | 0 |" in table[2]
    assert "| none |" in table[3]
    picture = base64.b64decode(told["archived_lately"].split("base64,")[1].rstrip(")"))
    assert picture.startswith(b"\x89PNG")


def test_parity_is_an_asset_whose_check_names_the_batch(house: House) -> None:
    house.insert("t1", net_pnl=Decimal(3))
    materialize(*archives)
    run = materialize(archive_parity)
    assert run.success
    assert metadata(run, ARCHIVE_PARITY)["days_that_differ"] == 0
    house.client.command("TRUNCATE TABLE trades_history_versions")
    run = materialize(archive_parity)
    assert not run.success
    [failed] = [check for check in run.get_asset_check_evaluations() if not check.passed]
    assert str(house.one("SELECT batch FROM ops.archive_manifests")) in (failed.description or "")
    assert "t1: missing in ClickHouse" in (failed.description or "")
