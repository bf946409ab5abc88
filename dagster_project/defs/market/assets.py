"""Candles of all configured markets, fetched from their venues."""

from datetime import date, timedelta

import dagster as dg
from pydantic import Field

from dagster_project.defs.market.partitions import daily, days_of_run
from dagster_project.resources.clickhouse import ClickHouseResource
from dagster_project.resources.exchange import ExchangeResource
from dagster_project.resources.postgres import PostgresResource
from dagster_project.settings import load_settings

OWNERS = ["team:market-data"]
MARKET_OHLCV = dg.AssetKey(["clickhouse", "market", "market_ohlcv"])


class CandleConfig(dg.Config):
    """How this run collects candles."""

    verify: bool = Field(
        default=False, description="Compare every day with the venue, also those that are complete and were compared."
    )
    symbols: list[str] = Field(default=[], description="Only these symbols; empty: all configured markets.")
    recheck_hours: float = Field(
        default=6, ge=0, description="A finished day is compared with the venue once, this long after its end."
    )
    hole_answers: int = Field(
        default=3, ge=1, description="So many answers must go past a hole before it counts as the venue's truth."
    )
    hole_minutes: float = Field(
        default=60, ge=0, description="A younger hole is never taken for the venue's truth; it is asked for again."
    )
    confirm_seconds: float = Field(default=1, ge=0, description="Pause between two questions about the same hole.")


@dg.asset(
    key=MARKET_OHLCV,
    partitions_def=daily,
    backfill_policy=dg.BackfillPolicy.single_run(),
    group_name="market",
    kinds={"clickhouse", "python"},
    owners=OWNERS,
    pool="exchange_api",
    retry_policy=dg.RetryPolicy(max_retries=2, delay=20, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS),
    freshness_policy=dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=1), warn_window=timedelta(minutes=20)),
    description="""Closed candles of all configured markets, one row per exchange, symbol, timeframe and open time.

A partition is a UTC day. A run asks the venues only for what ClickHouse does not have; the gap ledger
`ops.ingest_windows` says for every market and day whether it is complete. Read the views `candles_stored` and
`candles`, which also have the derived timeframes 5m to 1d.""",
)
def market_ohlcv(
    context: dg.AssetExecutionContext,
    config: CandleConfig,
    clickhouse: ClickHouseResource,
    postgres: PostgresResource,
    exchange: ExchangeResource,
) -> None:
    """Brings the days of this run up to date. A market that fails is reported and does not stop the others."""
    import asyncio

    from dagster_project.defs.market.metadata import describe_days, describe_run
    from dagster_project.lib.candles.gaps import Rule
    from dagster_project.lib.candles.ingest import ingest
    from dagster_project.lib.candles.ledger import Ledger
    from dagster_project.lib.candles.plan import Policy
    from dagster_project.lib.candles.store import CandleStore

    settings = load_settings()
    markets = [one for one in settings.markets if not config.symbols or one.symbol in config.symbols]
    if not markets:
        raise dg.Failure(f"no configured market is among {config.symbols}: see candlehouse.toml", allow_retries=False)
    days: list[date] = days_of_run(context)
    policy = Policy(
        settle=int(settings.collect.market.settle_seconds * 1000),
        recheck_after=int(config.recheck_hours * 3_600_000),
        rule=Rule(config.hole_answers, int(config.hole_minutes * 60_000)),
        confirm_delay=config.confirm_seconds,
        verify=config.verify,
    )
    with clickhouse.client() as client, postgres.connect(autocommit=True) as connection:
        report = asyncio.run(
            ingest(
                exchange.open,
                CandleStore(client),
                Ledger(connection, context.run_id),
                markets,
                days,
                policy,
                on_commit=lambda rows: context.log.info(f"{rows:,} candles committed"),
            )
        )
        facts = describe_days(connection, days)
    for market, reason in report.failures.items():
        context.log.warning(f"{market.exchange} {market.symbol} {market.timeframe}: {reason}")
    if len(report.failures) == len(markets):
        raise dg.Failure(_nothing_came(report.failures), allow_retries=True)
    for day, metadata in facts.items():
        context.add_asset_metadata(metadata, partition_key=day)
    context.add_asset_metadata(describe_run(report, days), partition_key=days[-1].isoformat())


def _nothing_came(failures: dict) -> str:
    market, reason = next(iter(failures.items()))
    rest = f" (and {len(failures) - 1} more markets)" if len(failures) > 1 else ""
    return (
        f"{market.exchange} gave no candles of {market.symbol}: {reason}{rest}: check the network, or candlehouse.toml"
    )
