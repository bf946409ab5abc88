"""One partition is one UTC day of all agents."""

from datetime import date, timedelta

import dagster as dg

FORMAT = "%Y-%m-%d"
# No venue of agents that trade by language model is older.
FIRST = date(2025, 1, 1)

# end_offset=1: today exists as a partition while it is still going on.
daily = dg.DailyPartitionsDefinition(start_date=FIRST.isoformat(), end_offset=1, fmt=FORMAT)


def days_of_run(context: dg.AssetExecutionContext) -> list[date]:
    """The UTC days that this run is about."""
    keys = context.partition_key_range
    first, last = date.fromisoformat(keys.start), date.fromisoformat(keys.end)
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]
