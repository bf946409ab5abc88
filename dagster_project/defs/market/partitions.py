"""One partition is one UTC day of all configured markets."""

from datetime import date, timedelta

import dagster as dg

from dagster_project.settings import load_settings

FORMAT = "%Y-%m-%d"

settings = load_settings()
# end_offset=1: today exists as a partition while it is still going on. Recordings end with their last day.
daily = dg.DailyPartitionsDefinition(
    start_date=settings.market_start.isoformat(),
    end_date=(settings.market_end + timedelta(days=1)).isoformat() if settings.market_end else None,
    end_offset=0 if settings.market_end else 1,
    fmt=FORMAT,
)


def days_between(first: str, last: str) -> list[date]:
    """The UTC days from one partition key to another, both included."""
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    return [start + timedelta(days=number) for number in range((end - start).days + 1)]


def days_of_run(context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext) -> list[date]:
    """The UTC days that this run is about."""
    if context.has_partition_key:
        return days_between(context.partition_key, context.partition_key)
    keys = context.partition_key_range
    return days_between(keys.start, keys.end)
