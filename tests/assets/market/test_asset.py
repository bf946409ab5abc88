"""The asset, its checks and its schedules as Dagster runs them."""

from __future__ import annotations

import base64
import json
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from dagster_project.resources.clickhouse import ClickHouseResource
from dagster_project.resources.exchange import ExchangeResource
from dagster_project.resources.postgres import PostgresResource
from dagster_project.stack.replay import ReplayVenue, running
from tests.assets.market.conftest import recording

FIRST, LAST = "2025-10-20", "2025-10-22"
START = datetime(2025, 10, 20, tzinfo=UTC)


def configure(monkeypatch: pytest.MonkeyPatch, folder: Path, url: str, exchange: str, symbols: list[str]) -> None:
    """Points candlehouse.toml at one venue."""
    text = f"""
[market]
start = 2025-10-16
settle_seconds = 1
[[venues]]
name = "{exchange}"
ccxt = "binance"
base_url = "{url}"
symbols = {json.dumps(symbols)}
"""
    (folder / "candlehouse.toml").write_text(text)
    monkeypatch.setenv("CANDLEHOUSE_CONFIG", str(folder / "candlehouse.toml"))


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("asset")
    (folder / "AAA_USDT-1m.json").write_text(json.dumps(recording("AAA/USDT", START)))
    with running(ReplayVenue(folder)) as address:
        yield address


@contextmanager
def run_of_days(first: str = FIRST, last: str = LAST) -> Iterator[dg.ExecuteInProcessResult]:
    from dagster_project.definitions import defs

    tags = {"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last}
    with dg.DagsterInstance.ephemeral() as instance:
        yield defs().resolve_job_def("candles").execute_in_process(instance=instance, tags=tags, raise_on_error=False)


def told_by(result: dg.ExecuteInProcessResult) -> dict[str, dict[str, Any]]:
    """Metadata of each partition's materialization."""
    events = [event for event in result.all_events if event.event_type_value == "ASSET_MATERIALIZATION"]
    found = [event.step_materialization_data.materialization for event in events]
    return {str(one.partition): {key: value.value for key, value in one.metadata.items()} for one in found}


def test_a_range_of_days_is_one_run_with_checks_and_metadata_for_people(
    warehouse: Any, url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ask: Any, ledger: Any
) -> None:
    configure(monkeypatch, tmp_path, url, "asset", ["AAA/USDT", "NOPE/USDT"])
    with run_of_days() as result:
        assert result.success
        told = told_by(result)
        checks = {one.check_name: one for one in result.get_asset_check_evaluations()}
    assert sorted(told) == ["2025-10-20", "2025-10-21", "2025-10-22"]
    for day in told.values():
        assert (day["dagster/partition_row_count"], day["candles_expected"], day["missing"]) == (1440, 2880, 1440)
        assert "BadSymbol" in day["markets"]
    run = told[LAST]
    assert (run["run_rows_written"], run["run_failed_markets"]) == (3 * 1440, 1)
    assert "| asset | NOPE/USDT | 1m | 4,320 | 0 |" in run["run_markets"]
    image = base64.b64decode(re.search(r"base64,([^)]+)\)", run["coverage"]).group(1))  # type: ignore[union-attr]
    assert image.startswith(b"\x89PNG")
    sql = re.search(r"```sql\n(.*?)```", run["query"], re.DOTALL).group(1)  # type: ignore[union-attr]
    assert [row[3] for row in ask(sql) if row[0] == "asset"] == [1440] * 3
    passed = {name: one.passed for name, one in checks.items()}
    assert passed == {
        "complete": False,  # NOPE/USDT
        "no_duplicates": True,
        "prices_possible": True,
        "no_price_jumps": True,
        "up_to_date": True,
        "derived_equals_venue": True,
    }
    assert checks["derived_equals_venue"].metadata["judged_markets"].value == 1
    assert checks["complete"].metadata["incomplete_days"].value == 3
    with run_of_days() as again:
        assert told_by(again)[LAST]["run_rows_written"] == 0
    assert ask("SELECT count() FROM market_ohlcv WHERE exchange = 'asset'") == [(3 * 1440,)]
    assert ledger("SELECT count(DISTINCT run_id) FROM ops.ingest_windows WHERE exchange = 'asset'") == [(2,)]


def test_a_candle_that_differs_from_the_venues_hour_is_disputed(
    warehouse: Any, url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ask: Any, ledger: Any
) -> None:
    configure(monkeypatch, tmp_path, url, "dispute", ["AAA/USDT"])
    with run_of_days(LAST, LAST) as result:
        assert result.success
    ask("INSERT INTO market_ohlcv (exchange, symbol, timeframe, timestamp, open, high, low, close, volume, revision)"
        " SELECT exchange, symbol, timeframe, timestamp, open, high * 2, low, close, volume, 1 FROM candles_stored"
        " WHERE exchange = 'dispute' AND timestamp = '2025-10-22 07:13:00'")  # fmt: skip
    with run_of_days(LAST, LAST) as result:
        check = next(one for one in result.get_asset_check_evaluations() if one.check_name == "derived_equals_venue")
    assert not check.passed
    rows = ledger(
        'SELECT "timestamp", field, derived / venue > 1.5 FROM ops.candle_disputes WHERE exchange = %s', "dispute"
    )
    assert rows == [(datetime(2025, 10, 22, 7, tzinfo=UTC), "high", True)]


def test_impossible_prices_block_what_follows(
    warehouse: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, url: str, ask: Any
) -> None:
    configure(monkeypatch, tmp_path, url, "impossible", ["AAA/USDT"])
    ask("INSERT INTO market_ohlcv (exchange, symbol, timeframe, timestamp, open, high, low, close, volume)"
        " VALUES ('by_hand', 'AAA/USDT', '1m', '2025-10-21 00:00:00', 1, 2, 1.5, 2, 1)")  # fmt: skip
    with run_of_days("2025-10-21", "2025-10-21") as result:
        check = next(one for one in result.get_asset_check_evaluations() if one.check_name == "prices_possible")
    assert not check.passed
    assert check.blocking
    assert "| by_hand | AAA/USDT | 1m | 1 |" in str(check.metadata["impossible"].value)
    ask("ALTER TABLE market_ohlcv DELETE WHERE exchange = 'by_hand' SETTINGS mutations_sync = 2")


def fail(**resources: Any) -> str:
    """The one line that a failing run shows."""
    from dagster_project.defs.market.assets import CandleConfig, market_ohlcv

    given = {
        "clickhouse": ClickHouseResource(),
        "postgres": PostgresResource(),
        "exchange": ExchangeResource(tries=2, timeout_seconds=2),
    } | resources
    with pytest.raises(dg.Failure) as caught:
        market_ohlcv(dg.build_asset_context(partition_key=FIRST), CandleConfig(), **given)
    return str(caught.value.description)


def closed_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def test_a_dead_venue_is_one_line(warehouse: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    configure(monkeypatch, tmp_path, f"http://127.0.0.1:{closed_port()}", "dead", ["AAA/USDT"])
    line = fail()
    assert line.startswith("dead gave no candles of AAA/USDT: ExchangeNotAvailable")
    assert "\n" not in line


def test_a_dead_clickhouse_is_one_line(
    warehouse: Any, url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    configure(monkeypatch, tmp_path, url, "nohouse", ["AAA/USDT"])
    monkeypatch.setenv("CANDLEHOUSE_CLICKHOUSE_URL", f"http://a:b@127.0.0.1:{closed_port()}/x")
    line = fail()
    assert line.startswith("ClickHouse does not answer")
    assert line.endswith("start it with `candlehouse up`")
    assert "\n" not in line


def test_an_unknown_symbol_in_the_run_config_names_the_file(
    warehouse: Any, url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from dagster_project.defs.market.assets import CandleConfig, market_ohlcv

    configure(monkeypatch, tmp_path, url, "x", ["AAA/USDT"])
    with pytest.raises(dg.Failure, match=r"see candlehouse.toml"):
        market_ohlcv(
            dg.build_asset_context(partition_key=FIRST), CandleConfig(symbols=["ZZZ/USDT"]),
            ClickHouseResource(), PostgresResource(), ExchangeResource(),
        )  # fmt: skip


@pytest.mark.parametrize(("at", "first"), [("2025-11-05T12:00", "2025-11-05"), ("2025-11-05T00:10", "2025-11-04")])
def test_the_schedule_asks_for_today_and_shortly_after_midnight_for_yesterday(
    at: str, first: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from dagster_project.defs.market.schedules import candles_today

    configure(monkeypatch, tmp_path, "http://127.0.0.1:9", "live", ["AAA/USDT"])
    moment = datetime.fromisoformat(at).replace(tzinfo=UTC)
    with dg.instance_for_test() as instance, dg.build_schedule_context(instance, moment) as context:
        request = candles_today(context)
        assert isinstance(request, dg.RunRequest)
        assert request.tags["dagster/asset_partition_range_start"] == first
        assert request.tags["dagster/asset_partition_range_end"] == "2025-11-05"


def test_one_run_of_the_schedule_at_a_time(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from dagster_project.definitions import defs
    from dagster_project.defs.market.schedules import candles_today

    configure(monkeypatch, tmp_path, "http://127.0.0.1:9", "live", ["AAA/USDT"])
    with dg.instance_for_test() as instance:
        run = instance.create_run_for_job(
            defs().resolve_job_def("candles"), status=dg.DagsterRunStatus.STARTED,
            tags={"dagster/schedule_name": "candles_today"},
        )  # fmt: skip
        moment = datetime(2025, 11, 5, 12, tzinfo=UTC)
        with dg.build_schedule_context(instance, moment) as context:
            skipped = candles_today(context)
        assert isinstance(skipped, dg.SkipReason)
        assert run.run_id[:8] in str(skipped.skip_message)


def test_recordings_of_the_past_are_not_polled(warehouse: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dagster_project.defs.market.schedules import candles_today

    row = {"exchange": "replay", "symbol": "A/B", "timeframe": "1m", "first": "2025-10-20", "last": "2025-10-22"}
    (tmp_path / "sources.json").write_text(json.dumps({"markets": [row]}))
    monkeypatch.setenv("CANDLEHOUSE_HOME", str(tmp_path))
    moment = datetime(2025, 11, 5, 12, tzinfo=UTC)
    with dg.instance_for_test() as instance, dg.build_schedule_context(instance, moment) as context:
        assert isinstance(candles_today(context), dg.SkipReason)
