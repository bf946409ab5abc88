"""The assets as Dagster runs them: on sandbox agents, and on the arena's decisions with recorded candles."""

from __future__ import annotations

import base64
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from dagster_project.defs.trading import assets
from dagster_project.defs.trading.outcomes import DECISION_OUTCOMES, decision_outcomes
from dagster_project.defs.trading.performance import AGENT_PERFORMANCE, agent_performance
from dagster_project.lib.outcomes.method import METHOD
from dagster_project.resources.clickhouse import ClickHouseResource
from dagster_project.resources.postgres import PostgresResource
from dagster_project.settings import PROJECT_ROOT, OutcomesSection
from dagster_project.stack.sandbox import SANDBOX_SYMBOLS, SandboxSource
from tests.outcomes.conftest import Desk

DAYS = 3  # of sandbox candles


def materialize(*definitions: Any, **more: Any) -> dg.ExecuteInProcessResult:
    return dg.materialize(
        list(definitions),
        resources={"postgres": PostgresResource(), "clickhouse": ClickHouseResource()},
        raise_on_error=False,
        **more,
    )


def metadata(run: dg.ExecuteInProcessResult, key: dg.AssetKey) -> dict[str, Any]:
    event = [event for event in run.get_asset_materialization_events() if event.asset_key == key][-1]
    return {name: value.value for name, value in event.materialization.metadata.items()}


def failed(run: dg.ExecuteInProcessResult) -> list[str]:
    return [check.check_name for check in run.get_asset_check_evaluations() if not check.passed]


def copies() -> list[Any]:
    wanted = {"agent_decisions_log", "decision_outcomes"}
    return [one for one in assets.copies if one.key.path[-1] in wanted]


def picture(cell: str) -> bytes:
    return base64.b64decode(cell.partition("base64,")[2].rstrip(")"))


@pytest.fixture
def sandbox(desk: Desk) -> datetime:
    """Sandbox agents with candles of the last days; returns the midnight that their trades end at."""
    desk.owner.execute("SET session_replication_role = replica")
    desk.owner.execute("TRUNCATE accounts, daily_marks CASCADE")
    desk.owner.execute("RESET session_replication_role")
    desk.client.command("TRUNCATE TABLE agent_performance_versions")
    desk.client.command("TRUNCATE TABLE decision_outcomes_versions")
    desk.client.command("TRUNCATE TABLE agent_decisions_log_versions")
    assets._land_sandbox(desk.owner)
    end = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    source = SandboxSource(SANDBOX_SYMBOLS)
    first, last = (round((end - timedelta(days=days)).timestamp() * 1000) for days in (DAYS, 0))
    for symbol in SANDBOX_SYMBOLS:
        made = source.rows(symbol.replace("/", ""), "1m", first, last - 60_000, None, False)
        rows = [
            ["sandbox", symbol, "1m", datetime.fromtimestamp(row["open_time"] / 1000, UTC),
             *(float(row[name]) for name in ("open", "high", "low", "close", "volume")), 0]
            for row in made
        ]  # fmt: skip
        desk.store(rows)
    return end


def test_sandbox_agents_get_outcomes_in_both_warehouses(desk: Desk, sandbox: datetime) -> None:
    run = materialize(decision_outcomes, *copies())
    assert run.success
    assert failed(run) == []
    told = metadata(run, DECISION_OUTCOMES)
    landed = desk.owner.execute("SELECT count(*) FROM decisions").fetchone()
    assert landed is not None
    assert told["decisions_looked_at"] == told["dagster/row_count"] == landed[0] > 1000
    assert "| scored | enter | no |" in told["states"]
    assert picture(told["outcomes"]).startswith(b"\x89PNG")
    # Those with a whole horizon of candles are scored, those before the candles have none, the last ones wait.
    states = dict(desk.owner.execute(
        "SELECT state, count(*) FROM decision_outcomes WHERE decided_at >= %s GROUP BY state",
        (sandbox - timedelta(days=DAYS),),
    ).fetchall())  # fmt: skip
    assert set(states) == {"scored", "pending"}
    assert states["scored"] > 50
    same = "SELECT decision_id, state, net_percent, is_correct, exit_at FROM decision_outcomes ORDER BY decision_id"
    ours = desk.owner.execute(same).fetchall()
    assert [tuple(row) for row in desk.client.query(same, tz_mode="aware").result_rows] == ours
    log = "SELECT id, outcome_correct, actual_pnl FROM {} ORDER BY id"
    arrived = desk.client.query(log.format("agent_decisions_log")).result_rows
    assert [tuple(row) for row in arrived] == desk.owner.execute(log.format("decisions").encode()).fetchall()
    again = materialize(decision_outcomes, *copies())
    assert metadata(again, DECISION_OUTCOMES)["decisions_looked_at"] == 0
    # What changed since the last run is checked, and only that.
    spoil = (
        "UPDATE decision_outcomes SET exit_at = entry_at WHERE decision_id ="
        " (SELECT min(decision_id) FROM decision_outcomes WHERE state = 'scored')"
    )
    desk.owner.execute(spoil)
    assert failed(materialize(decision_outcomes)) == ["figures_agree"]
    desk.owner.execute("SET session_replication_role = replica")
    desk.owner.execute("UPDATE decision_outcomes SET updated_at = updated_at - interval '1 day'")
    desk.owner.execute("RESET session_replication_role")
    assert failed(materialize(decision_outcomes)) == []


def test_the_horizon_is_a_setting(desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    config = (PROJECT_ROOT / "candlehouse.toml").read_text()
    assert "horizon_hours = 24 " in config
    (tmp_path / "candlehouse.toml").write_text(config.replace("horizon_hours = 24 ", "horizon_hours = 6 "))
    monkeypatch.setenv("CANDLEHOUSE_CONFIG", str(tmp_path / "candlehouse.toml"))
    run = materialize(decision_outcomes)
    assert metadata(run, DECISION_OUTCOMES)["horizon_hours"] == 6
    used = desk.owner.execute("SELECT parameters ->> 'horizon' FROM outcome_methods ORDER BY created_at DESC LIMIT 1")
    assert used.fetchone() == ("360",)
    assert METHOD.horizon == 24 * 60 == OutcomesSection().horizon_hours * 60
    assert METHOD.fee_rate == OutcomesSection().fee_rate


def test_sandbox_agents_get_their_hours(desk: Desk, sandbox: datetime) -> None:
    first, last = (sandbox - timedelta(days=5)).date(), (sandbox - timedelta(days=1)).date()
    tags = {
        "dagster/asset_partition_range_start": first.isoformat(),
        "dagster/asset_partition_range_end": last.isoformat(),
    }
    run = materialize(agent_performance, tags=tags)
    assert run.success
    assert failed(run) == []
    told = metadata(run, AGENT_PERFORMANCE)
    assert told["accounts"] == 5
    assert picture(told["equity"]).startswith(b"\x89PNG")
    rows = desk.client.query(
        "SELECT agent_id, max(total_trades), argMax(pnl, timestamp), count() FROM agent_performance GROUP BY agent_id"
    ).result_rows
    expected = desk.owner.execute(
        "SELECT agent_id, count(*), sum(net_pnl) FROM trades WHERE closed_at <= %s GROUP BY agent_id ORDER BY 1",
        (sandbox,),
    ).fetchall()
    assert sorted((row[0], row[1], row[2]) for row in rows) == expected
    assert {row[3] for row in rows} == {5 * 24}
    # A trade that is corrected later is named by the check until its day is computed again.
    desk.client.command(
        "INSERT INTO trades_history_versions (id, agent_id, exchange, symbol, side, status, currency, closed_at,"
        " origin, details, created_at, updated_at) VALUES ('late', 'sandbox-comet', 'sandbox', 'BTC/USDT', 'long',"
        " 'closed', 'USDT', {at:DateTime64(6, 'UTC')}, 'simulated', '{}', now64(6), now64(6))",
        parameters={"at": sandbox - timedelta(days=2, hours=3)},
    )
    day = date.fromordinal(last.toordinal()).isoformat()
    assert failed(materialize(agent_performance, partition_key=day)) == ["nothing_came_late"]
    assert failed(materialize(agent_performance, tags=tags)) == []


def test_the_arenas_decisions_by_recorded_candles(desk: Desk, shared_data: Path) -> None:
    """467 holds of six models on 2025-10-28, with the target and the stop of the position that each keeps."""
    import pandas as pd

    from dagster_project.lib.nof0_import import Options, import_folder

    import_folder(desk.owner, shared_data / "arena", Options("hyperliquid", "recorded", assets.ARENA_ORIGINS))
    file = shared_data / "candles" / "long" / "binance_BTC_USDT-1h_thatspatula.feather"
    frame = pd.read_feather(file).set_axis(["at", "open", "high", "low", "close", "volume"], axis=1)
    frame = frame[(frame["at"] >= "2025-10-26") & (frame["at"] < "2025-10-31")]
    desk.store(
        [["binance", "BTC/USDT", "1h", row[0].to_pydatetime(), *row[1:], 0] for row in frame.itertuples(index=False)]
    )
    run = materialize(decision_outcomes)
    assert run.success
    assert failed(run) == []
    found = dict(desk.owner.execute(
        "SELECT symbol = 'BTC', array_agg(DISTINCT state || ' ' || coalesce(stake, '')) FROM decision_outcomes"
        " WHERE origin = 'recorded' GROUP BY 1"
    ).fetchall())  # fmt: skip
    assert found[True] == ["scored keep"]
    assert found[False] == ["no_market keep"]  # no recorded candles of the other coins are of use
    [row] = desk.owner.execute(
        "SELECT count(*), count(DISTINCT method), min(market_exchange), min(timeframe), min(entry_at), max(entry_at)"
        " FROM decision_outcomes WHERE state = 'scored'"
    ).fetchall()
    assert row[0] > 70
    assert row[1:4] == (1, "binance", "1h")
    # Decided between 11:34 and 12:10: the first hours that open afterwards.
    assert row[4:] == (datetime(2025, 10, 28, 12, tzinfo=UTC), datetime(2025, 10, 28, 13, tzinfo=UTC))
    assert desk.owner.execute("SELECT method FROM outcome_methods").fetchall() == [(METHOD.name,)]
