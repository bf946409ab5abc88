"""Upkeep runs by the clock: it has no upstream that would say when."""

import dagster as dg

from dagster_project.defs.upkeep.assets import MONTH_PARTITIONS

month_partitions_daily = dg.ScheduleDefinition(
    name="month_partitions_daily",
    target=dg.AssetSelection.assets(MONTH_PARTITIONS),
    cron_schedule="20 0 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Makes monthly partitions ahead of time and empties the default ones.",
)
