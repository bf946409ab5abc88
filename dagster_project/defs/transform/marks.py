"""Prices at which the marts of both warehouses value positions that stay open overnight."""

import dagster as dg

from dagster_project.defs.transform.dbt import OWNERS
from dagster_project.resources.clickhouse import ClickHouseResource
from dagster_project.resources.postgres import PostgresResource

SHOWN = 20


@dg.asset(
    key=["postgres", "public", "daily_marks"],
    deps=[dg.AssetKey(["postgres", "public", "trades"]), dg.AssetKey(["clickhouse", "market", "market_ohlcv"])],
    description="Last stored close of each UTC day for the instruments that agents held overnight, from the candles of"
    " their venue, else of another market with the same base asset.",
    group_name="transform",
    kinds={"postgres", "clickhouse", "python"},
    owners=OWNERS,
    pool="postgres",
    automation_condition=dg.AutomationCondition.cron_tick_passed("14 * * * *") & ~dg.AutomationCondition.in_progress(),
)
def daily_marks(
    context: dg.AssetExecutionContext, postgres: PostgresResource, clickhouse: ClickHouseResource
) -> dg.MaterializeResult:
    """Takes what is new or corrected."""
    from dagster_project.lib.daily_marks import take

    with postgres.connect(autocommit=True) as connection, clickhouse.client() as client:
        taken = take(connection, client)
    unpriced = [f"{exchange} {symbol}" for exchange, symbol in taken.without]
    if unpriced:
        context.log.warning(f"no stored candles price {', '.join(unpriced[:SHOWN])}: open positions count at entry")
    return dg.MaterializeResult(
        metadata={"stored": taken.stored, "priced_days": taken.priced, "without_candles": unpriced[:SHOWN]}
    )
