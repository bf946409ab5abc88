"""Upkeep runs by the clock: it has no upstream that would say when."""

import dagster as dg

from dagster_project.defs.upkeep.archive import ARCHIVE_PARITY, asset_key
from dagster_project.defs.upkeep.archive_state import ARCHIVE_STATE
from dagster_project.defs.upkeep.assets import MONTH_PARTITIONS
from dagster_project.lib.archive.policies import policies

month_partitions_daily = dg.ScheduleDefinition(
    name="month_partitions_daily",
    target=dg.AssetSelection.assets(MONTH_PARTITIONS),
    cron_schedule="20 0 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Makes monthly partitions ahead of time and empties the default ones.",
)

UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def _archive_schedule(cron: str, name: str) -> dg.ScheduleDefinition:
    chosen = [asset_key(policy) for policy in policies().values() if policy.cron == cron]
    job = dg.define_asset_job(name, selection=dg.AssetSelection.assets(*chosen), description="Archives what is due.")

    @dg.schedule(
        name=f"{name}_schedule",
        job=job,
        cron_schedule=cron,
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Archives finished rows with proof, and deletes what may go; at most one run at a time.",
    )
    def tick(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        running = context.instance.get_runs(
            dg.RunsFilter(statuses=UNFINISHED, tags={"dagster/schedule_name": f"{name}_schedule"}), limit=1
        )
        if running:
            return dg.SkipReason(f"run {running[0].run_id[:8]} of this schedule is not finished")
        return dg.RunRequest()

    return tick


# The names of the crons that policies use; one that is missing here fails the code location.
ARCHIVE_JOBS = {"*/5 * * * *": "archive_often", "25 * * * *": "archive_hourly"}
archive_schedules = [
    _archive_schedule(cron, ARCHIVE_JOBS[cron]) for cron in dict.fromkeys(p.cron for p in policies().values())
]

archive_parity_daily = dg.ScheduleDefinition(
    name="archive_parity_daily",
    target=dg.AssetSelection.assets(ARCHIVE_PARITY),
    cron_schedule="40 3 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Compares everything that was ever archived with ClickHouse, per day.",
)

archive_state_hourly = dg.ScheduleDefinition(
    name="archive_state_hourly",
    target=dg.AssetSelection.assets(ARCHIVE_STATE),
    cron_schedule="35 * * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Writes down how every archive policy stands, for the plots over time.",
)
