"""Partitions whose last run failed, or that nobody ran yet: listed for every partitioned asset, repaired by one job."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg
from pydantic import Field

from dagster_project.defs.upkeep.assets import OWNERS

PARTITIONS = dg.AssetKey(["upkeep", "partitions"])
JOB = "repair_partitions"
SHOWN = 50
LAUNCHPAD = f"[repair what failed](/locations/candlehouse/jobs/{JOB}/playground)"
FIRST, LAST, ONE = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end", "dagster/partition"


@dataclass(frozen=True)
class Stretch:
    """Partitions of one asset that follow each other, ends included, all in the same state."""

    asset: dg.AssetKey
    state: str
    first: str
    last: str
    count: int

    def __str__(self) -> str:
        name = self.asset.to_user_string()
        return f"{name} {self.first}" if self.count == 1 else f"{name} {self.first} to {self.last}"


def stretches(definitions: dg.Definitions, instance: dg.DagsterInstance) -> list[Stretch]:
    """What failed and what is missing, of every partitioned asset of the code location."""
    graph = definitions.resolve_asset_graph()
    found: list[Stretch] = []
    for key in sorted(graph.materializable_asset_keys):
        partitions = graph.get(key).partitions_def
        if partitions is None:
            continue
        keys = partitions.get_partition_keys(dynamic_partitions_store=instance)
        states = instance.get_status_by_partition(key, keys, partitions) or {}
        found += _stretches(key, [(one, _state(states.get(one))) for one in keys])
    return found


def repair(
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    wanted: Sequence[Stretch],
    tags: dict[str, str] | None = None,
) -> Iterator[tuple[Stretch, bool]]:
    """Runs the partitions again, one run per stretch where the asset takes ranges; yields whether each succeeded.

    The runs are recorded like all others. One that fails does not stop the next.
    """
    graph = definitions.resolve_asset_graph()
    job = definitions.resolve_implicit_global_asset_job_def()
    for stretch in wanted:
        node = graph.get(stretch.asset)
        policy = node.backfill_policy
        if policy is not None and policy.max_partitions_per_run is None:
            runs = [{FIRST: stretch.first, LAST: stretch.last}]
        else:
            assert node.partitions_def is not None
            keys = list(node.partitions_def.get_partition_keys(dynamic_partitions_store=instance))
            runs = [{ONE: key} for key in keys[keys.index(stretch.first) : keys.index(stretch.last) + 1]]
        succeeded = [
            job.execute_in_process(
                instance=instance,
                asset_selection=[stretch.asset],
                tags={**run, **(tags or {})},
                raise_on_error=False,
            ).success
            for run in runs
        ]
        yield stretch, all(succeeded)


def _state(status: Any) -> str:
    return "missing" if status is None else status.value.lower()


def _stretches(asset: dg.AssetKey, states: Sequence[tuple[str, str]]) -> Iterator[Stretch]:
    from itertools import groupby

    for state, group in groupby(states, key=lambda one: one[1]):
        keys = [key for key, _ in group]
        if state in ("failed", "missing"):
            yield Stretch(asset, state, keys[0], keys[-1], len(keys))


def _code_location() -> dg.Definitions:
    # Not at the top: it loads this room.
    from dagster_project.definitions import defs

    return defs()


@dg.asset(
    key=PARTITIONS,
    description=f"Partitions whose last run failed, and those that were never run, of every partitioned asset. The job"
    f" `{JOB}` runs again what failed.",
    group_name="upkeep",
    kinds={"python"},
    owners=OWNERS,
    automation_condition=dg.AutomationCondition.cron_tick_passed("*/15 * * * *")
    & ~dg.AutomationCondition.in_progress(),
    check_specs=[
        dg.AssetCheckSpec("no_partition_failed", asset=PARTITIONS, description="No partition's last run failed.")
    ],
)
def partitions(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """Looks; changes nothing."""
    return told(stretches(_code_location(), context.instance))


def told(found: Sequence[Stretch]) -> dg.MaterializeResult:
    """The list for people: what failed first, then what is missing, newest first."""
    failed = [one for one in found if one.state == "failed"]
    missing = [one for one in found if one.state == "missing"]
    lines = ["| asset | state | first | last | partitions |", "|---|---|---|---|---|"]
    lines += [
        f"| {one.asset.to_user_string()} | {one.state} | {one.first} | {one.last} | {one.count:,} |"
        for one in (*failed[::-1], *missing[::-1])[:SHOWN]
    ]
    return dg.MaterializeResult(
        metadata={
            "failed": sum(one.count for one in failed),
            "missing": sum(one.count for one in missing),
            "list": dg.MetadataValue.md("\n".join(lines) if found else "none"),
            "repair": dg.MetadataValue.md(LAUNCHPAD),
        },
        check_results=[
            dg.AssetCheckResult(
                check_name="no_partition_failed",
                asset_key=PARTITIONS,
                passed=not failed,
                severity=dg.AssetCheckSeverity.WARN,
                description=f"{'; '.join(map(str, failed[:3]))}: launch the job {JOB}" if failed else None,
                metadata={"failed": sum(one.count for one in failed), "repair": dg.MetadataValue.md(LAUNCHPAD)},
            )
        ],
    )


class Repair(dg.Config):
    """What to run again."""

    include_missing: bool = Field(
        default=False, description="Also run what was never run. For a long history a backfill is the better way."
    )
    assets: list[str] = Field(default=[], description="Only these assets, as `clickhouse/market/market_ohlcv`.")


@dg.op(description="Runs failed partitions again, one stretch after the other.")
def run_failed_again(context: dg.OpExecutionContext, config: Repair) -> None:
    """Every stretch gets its own run, tagged with this one.

    Raises:
        dagster.Failure: some failed again; the message names them.
    """
    states = ("failed", "missing") if config.include_missing else ("failed",)
    definitions = _code_location()
    wanted = [
        one
        for one in stretches(definitions, context.instance)
        if one.state in states and (not config.assets or one.asset.to_user_string() in config.assets)
    ]
    context.log.info(f"{sum(one.count for one in wanted)} partitions in {len(wanted)} stretches")
    still = []
    for stretch, succeeded in repair(
        definitions, context.instance, wanted, {"candlehouse/repaired_by": context.run_id}
    ):
        context.log.info(f"{stretch}: {'repaired' if succeeded else 'failed again'}")
        if not succeeded:
            still.append(str(stretch))
    if still:
        raise dg.Failure(f"failed again: {'; '.join(still[:5])}", allow_retries=False)


@dg.job(name=JOB, description="Runs every partition again whose last run failed; more in the run config.")
def repair_partitions() -> None:
    """One click in the launchpad."""
    run_failed_again()
