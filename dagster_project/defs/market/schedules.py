"""Cron only for what starts the flow of candles: today every minute, finished days once more for late corrections."""

from datetime import UTC, datetime, timedelta

import dagster as dg

from dagster_project.defs.market.assets import MARKET_OHLCV
from dagster_project.defs.market.partitions import FORMAT, daily
from dagster_project.settings import load_settings

candles_job = dg.define_asset_job(
    "candles", selection=dg.AssetSelection.assets(MARKET_OHLCV), partitions_def=daily,
    description="Fetches the candles of a range of UTC days.",
)  # fmt: skip

RANGE_START, RANGE_END = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"
UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
AFTER_MIDNIGHT = timedelta(minutes=30)  # as long, yesterday is fetched along with today
RECHECK_DAYS = 3


def _request(first: datetime, last: datetime) -> dg.RunRequest:
    return dg.RunRequest(tags={RANGE_START: first.strftime(FORMAT), RANGE_END: last.strftime(FORMAT)})


def _why_not(context: dg.ScheduleEvaluationContext, schedule: str, now: datetime) -> str | None:
    lasts = [market.last for market in load_settings().markets]
    if all(last is not None and last < now.date() - timedelta(days=RECHECK_DAYS) for last in lasts):
        return "all markets are recordings of the past: nothing new will come"
    running = context.instance.get_runs(
        dg.RunsFilter(statuses=UNFINISHED, tags={"dagster/schedule_name": schedule}), limit=1
    )
    return f"run {running[0].run_id[:8]} of this schedule is not finished" if running else None


@dg.schedule(
    job=candles_job,
    cron_schedule="* * * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Keeps today's candles fresh; at most one run at a time.",
)
def candles_today(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """Requests today, and yesterday too in the first minutes of a day."""
    now = context.scheduled_execution_time.astimezone(UTC)
    if reason := _why_not(context, "candles_today", now):
        return dg.SkipReason(reason)
    return _request(now - AFTER_MIDNIGHT, now)


@dg.schedule(
    job=candles_job,
    cron_schedule="10 7 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Compares the last finished days with the venue and asks again for what is missing.",
)
def candles_recheck(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """Requests the last finished days."""
    now = context.scheduled_execution_time.astimezone(UTC)
    if reason := _why_not(context, "candles_recheck", now):
        return dg.SkipReason(reason)
    return _request(now - timedelta(days=RECHECK_DAYS), now - timedelta(days=1))
