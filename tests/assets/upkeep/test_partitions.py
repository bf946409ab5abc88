"""Failed partitions: listed, repaired by the job's work, and those that fail again are named."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from dagster_project.defs.upkeep import partitions

DAYS = dg.StaticPartitionsDefinition([f"2025-10-{day:02}" for day in range(1, 11)])
RANGES = dg.AssetKey("ranges")
SINGLES = dg.AssetKey("singles")


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.local_temp(str(tmp_path)) as opened:
        yield opened


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A folder; while it holds a file named like a partition, that partition fails."""
    folder = tmp_path / "broken"
    folder.mkdir()
    return folder


@pytest.fixture
def definitions(broken: Path) -> dg.Definitions:
    def work(keys: list[str]) -> None:
        for key in keys:
            if (broken / key).exists():
                raise dg.Failure(f"{key} cannot be read", allow_retries=False)

    @dg.asset(key=RANGES, partitions_def=DAYS, backfill_policy=dg.BackfillPolicy.single_run())
    def ranges(context: dg.AssetExecutionContext) -> None:
        work(list(context.partition_keys))

    @dg.asset(key=SINGLES, partitions_def=DAYS)
    def singles(context: dg.AssetExecutionContext) -> None:
        work([context.partition_key])

    @dg.asset
    def whole() -> None: ...

    return dg.Definitions(assets=[ranges, singles, whole], executor=dg.in_process_executor)


def run(definitions: dg.Definitions, instance: dg.DagsterInstance, key: dg.AssetKey, first: int, last: int) -> bool:
    stretch = partitions.Stretch(key, "missing", f"2025-10-{first:02}", f"2025-10-{last:02}", last - first + 1)
    [(_, succeeded)] = partitions.repair(definitions, instance, [stretch])
    return succeeded


def listed(definitions: dg.Definitions, instance: dg.DagsterInstance) -> list[tuple[str, str, int]]:
    return [(str(one), one.state, one.count) for one in partitions.stretches(definitions, instance)]


def test_failed_partitions_are_listed_and_repaired(
    definitions: dg.Definitions, instance: dg.DagsterInstance, broken: Path
) -> None:
    for day in ("2025-10-04", "2025-10-07"):
        (broken / day).touch()
    assert run(definitions, instance, RANGES, 1, 2)
    assert not run(definitions, instance, RANGES, 3, 5)
    assert not run(definitions, instance, SINGLES, 6, 8)
    assert listed(definitions, instance) == [
        ("ranges 2025-10-03 to 2025-10-05", "failed", 3),
        ("ranges 2025-10-06 to 2025-10-10", "missing", 5),
        ("singles 2025-10-01 to 2025-10-05", "missing", 5),
        ("singles 2025-10-07", "failed", 1),
        ("singles 2025-10-09 to 2025-10-10", "missing", 2),
    ]
    result = partitions.told(partitions.stretches(definitions, instance))
    metadata: Any = result.metadata
    assert (metadata["failed"], metadata["missing"]) == (4, 12)
    assert "| ranges | failed | 2025-10-03 | 2025-10-05 | 3 |" in metadata["list"].value
    assert "/jobs/repair_partitions/" in metadata["repair"].value
    [check] = result.check_results or []
    assert not check.passed
    assert "ranges 2025-10-03 to 2025-10-05; singles 2025-10-07: launch the job" in (check.description or "")

    (broken / "2025-10-04").unlink()
    failed = [one for one in partitions.stretches(definitions, instance) if one.state == "failed"]
    runs = instance.get_runs_count()
    tags = {"candlehouse/repaired_by": "a run"}
    done = {str(one): succeeded for one, succeeded in partitions.repair(definitions, instance, failed, tags)}
    assert done == {"ranges 2025-10-03 to 2025-10-05": True, "singles 2025-10-07": False}
    assert instance.get_runs_count() == runs + 2
    assert len(instance.get_runs(dg.RunsFilter(tags=tags))) == 2
    assert [one for one in listed(definitions, instance) if one[1] == "failed"] == [("singles 2025-10-07", "failed", 1)]


def test_nothing_failed_is_green(definitions: dg.Definitions, instance: dg.DagsterInstance) -> None:
    assert run(definitions, instance, RANGES, 1, 10)
    assert run(definitions, instance, SINGLES, 1, 10)
    result = partitions.told(partitions.stretches(definitions, instance))
    [check] = result.check_results or []
    assert check.passed
    metadata: Any = result.metadata
    assert metadata["list"].value == "none"


def test_the_code_locations_own_partitions_are_looked_at(instance: dg.DagsterInstance) -> None:
    """The asset and the job as they are, on an instance on which nothing ever ran."""
    run = dg.materialize([partitions.partitions], instance=instance)
    [event] = run.get_asset_materialization_events()
    listing = event.materialization.metadata["list"].value
    assert "| clickhouse/market/market_ohlcv | missing |" in str(listing)
    assert "| clickhouse/candlehouse/agent_performance | missing |" in str(listing)
    assert partitions.repair_partitions.execute_in_process(instance=instance).success
    assert instance.get_runs_count() == 2
