"""`candlehouse cold`, `restore` and `dump`, and the nightly assets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from click.testing import CliRunner, Result

from dagster_project.cli import main
from dagster_project.defs.upkeep.cold import COLD_FILES, RESTORE_DRILLS, cold_files, dumps, restore_drills
from dagster_project.lib.cold.store import Folder
from dagster_project.resources.clickhouse import ClickHouseResource
from dagster_project.resources.postgres import PostgresResource

from .conftest import Cold


@pytest.fixture
def house(cold: Cold, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cold:
    """The commands see the same store; trades stay for one month."""
    assert isinstance(cold.store, Folder)
    text = cold.settings._environ.config.read_text()
    config = tmp_path / "candlehouse.toml"
    config.write_text(text + "\n[cold.months]\ntrades_history = 1\n")
    monkeypatch.setenv("CANDLEHOUSE_CONFIG", str(config))
    monkeypatch.setenv("CANDLEHOUSE_COLD_URL", str(cold.store.root))
    return cold


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def told(*arguments: str) -> Any:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_plan_apply_verify_restore(house: Cold) -> None:
    wanted = house.trades()
    [row] = told("cold", "plan", "trades_history")
    assert row["due"] == {"202401": 3, "202402": 3}
    assert "due: 202401, 202402 (1 months stay)" in run("cold", "plan", "trades_history").output
    [done] = told("cold", "apply", "trades_history")
    assert (done["files"], done["rows"], done["trouble"]) == (2, 4, None)
    assert house.stored() == 0
    assert house.trades() == wanted
    assert "2 files, 0 differ" in run("cold", "verify", "trades_history").output
    assert "nothing to do" in run("cold", "apply", "trades_history").output

    assert told("restore", "trades_history", "202401", "--dry-run")["rows"] == 2
    assert house.stored() == 0
    assert told("restore", "trades_history", "202401")["rows"] == 2
    assert "already" in run("restore", "trades_history", "202401").output
    assert "restored, held: 202401" in run("cold", "plan", "trades_history").output
    assert house.trades() == wanted


def test_errors_are_one_line(house: Cold) -> None:
    for arguments, words in (
        (("cold", "plan", "nonsense"), "no table nonsense"),
        (("restore", "trades_history", "202401"), "no cold file of month 202401"),
        (("restore", "--dump", "7", "--into", "x"), "there is no dump 7: in the store are none"),
    ):
        result = run(*arguments)
        assert result.exit_code == 1
        assert words in result.output
        assert len(result.output.splitlines()) == 1
    assert run("restore", "trades_history").exit_code == 2
    assert run("restore", "--dump", "latest").exit_code == 2


def test_verify_and_apply_exit_1_on_a_damaged_file(house: Cold) -> None:
    told("cold", "apply", "trades_history")
    assert isinstance(house.store, Folder)
    (house.store.root / house.file(202401).path).write_bytes(b"PAR1 nothing PAR1")
    result = run("cold", "verify", "trades_history")
    assert result.exit_code == 1
    assert "2 files, 1 differ" in result.output
    house.trade("2024-01/9", "2024-01-20 00:00:00", "3")
    result = run("cold", "apply", "trades_history")
    assert result.exit_code == 1
    assert house.stored() == 1


def test_dump_and_its_way_back(house: Cold) -> None:
    done = told("dump", "--drill")
    assert done["drilled"]
    try:
        back = told("restore", "--dump", "latest", "--into", "cold_cli_back")
        assert (back["dump"], back["rows"]) == (done["dump"], done["rows"])
    finally:
        house.connection.execute("DROP DATABASE IF EXISTS cold_cli_back WITH (FORCE)")
    assert told("restore", "--dump", "latest", "--dry-run")["rows"] == done["rows"]


def materialize(*definitions: dg.AssetsDefinition) -> dg.ExecuteInProcessResult:
    return dg.materialize(
        list(definitions),
        resources={"postgres": PostgresResource(), "clickhouse": ClickHouseResource()},
        raise_on_error=False,
    )


def metadata(result: dg.ExecuteInProcessResult, key: dg.AssetKey) -> dict[str, Any]:
    [event] = [event for event in result.get_asset_materialization_events() if event.asset_key == key]
    return {name: value.value for name, value in event.materialization.metadata.items()}


def test_the_nightly_run_and_its_alarm(house: Cold) -> None:
    night = materialize(cold_files, dumps, restore_drills)
    assert night.success
    assert (metadata(night, COLD_FILES)["files"], metadata(night, COLD_FILES)["rows"]) == (2, 4)
    assert metadata(night, RESTORE_DRILLS)["files_tried"] == 2
    assert all(check.passed for check in night.get_asset_check_evaluations())
    assert house.stored() == 0

    assert isinstance(house.store, Folder)
    (house.store.root / house.file(202401).path).unlink()
    night = materialize(restore_drills)
    [failed] = [check for check in night.get_asset_check_evaluations() if not check.passed]
    assert (failed.check_name, failed.blocking) == ("files_come_back", True)
    assert "202401" in (failed.description or "")
    assert "missing from the cold store" in (failed.description or "")
