"""Hours of candles for the marts of both warehouses, and the market that describes each instrument."""

from collections.abc import Iterator

import dagster as dg

from dagster_project.defs.transform.dbt import OWNERS
from dagster_project.resources.clickhouse import ClickHouseResource
from dagster_project.resources.postgres import PostgresResource

ABOUT = {
    "hourly_candles": "Hours of candles, copied from ClickHouse's candles_1h for the marts of both warehouses.",
    "instrument_markets": "The market whose candles describe an instrument that agents decide on.",
}
HOURS = [
    dg.AssetKey([*place, table]) for table in ABOUT for place in (("postgres", "public"), ("clickhouse", "candlehouse"))
]


@dg.multi_asset(
    name="hourly_candles",
    specs=[
        dg.AssetSpec(
            key,
            deps=[
                dg.AssetKey(["clickhouse", "market", "market_ohlcv"]),
                *(dg.AssetKey(["postgres", "public", table]) for table in ("decisions", "trades")),
            ],
            description=ABOUT[key.path[-1]],
            group_name="transform",
            kinds={key.path[0], "python"},
            owners=OWNERS,
            automation_condition=dg.AutomationCondition.cron_tick_passed("13 * * * *")
            & ~dg.AutomationCondition.in_progress(),
        )
        for key in HOURS
    ],
    pool="postgres",
)
def hourly_candles(
    context: dg.AssetExecutionContext, postgres: PostgresResource, clickhouse: ClickHouseResource
) -> Iterator[dg.MaterializeResult]:
    """Takes what is new or corrected."""
    from dagster_project.lib.hourly_candles import assign_markets, copy_hours, instruments_and_markets
    from dagster_project.lib.statistics.store import replace

    with postgres.connect(autocommit=True) as connection, clickhouse.client() as client:
        days, rows = copy_hours(connection, client)
        instruments, markets = instruments_and_markets(connection, client)
        assigned = assign_markets(instruments, markets)
        columns = ("exchange", "symbol", "market_exchange", "market_symbol")
        replace(connection, client, "instrument_markets", columns, assigned)
    without = sorted(set(instruments) - {row[:2] for row in assigned})
    if without:
        context.log.info(f"no candles describe {len(without)} instruments: their market regime is not known")
    for key in HOURS:
        counts = (
            {"market_days_copied": days, "rows_written": rows}
            if key.path[-1] == "hourly_candles"
            else {"dagster/row_count": len(assigned), "without_market": len(without)}
        )
        yield dg.MaterializeResult(asset_key=key, metadata=counts)
