"""Checks of candles. Each looks at the days of its run; without a run's days, at the last seven."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import dagster as dg

from dagster_project.defs.market.assets import MARKET_OHLCV
from dagster_project.defs.market.partitions import daily, days_of_run
from dagster_project.resources.clickhouse import ClickHouseResource
from dagster_project.resources.exchange import ExchangeResource
from dagster_project.resources.postgres import PostgresResource
from dagster_project.settings import load_settings

JUMP = 0.2  # a close this share away from the one before; the largest minute of BTC in March 2020 was 8%
STALE_AFTER = timedelta(minutes=10)
COMPARED_TIMEFRAME = "1h"
SHOWN = 15


def _window(context: dg.AssetCheckExecutionContext) -> dict[str, Any]:
    """Bounds of the days of this run as aware datetimes."""
    days = days_of_run(context)
    start = datetime(days[0].year, days[0].month, days[0].day, tzinfo=UTC)
    return {"start": start, "end": start + timedelta(days=len(days))}


def _markdown(names: str, rows: list[tuple[Any, ...]]) -> dg.MarkdownMetadataValue:
    head = names.split()
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    lines += [f"| {' | '.join(str(cell) for cell in row)} |" for row in rows[:SHOWN]]
    if len(rows) > SHOWN:
        lines.append(f"\n{len(rows) - SHOWN} more")
    return dg.MetadataValue.md("\n".join(lines))


def _measure(clickhouse: ClickHouseResource, context: dg.AssetCheckExecutionContext) -> list[dict[str, Any]]:
    from dagster_project.lib.queries import query

    with clickhouse.client() as client:
        answer = client.query(query("check_candles"), parameters=_window(context) | {"jump": JUMP})
        return list(answer.named_results())


@dg.asset_check(asset=MARKET_OHLCV, partitions_def=daily, pool="postgres")
def complete(context: dg.AssetCheckExecutionContext, postgres: PostgresResource) -> dg.AssetCheckResult:
    """Every closed candle of every market and day is stored, or the venue confirmed that it has none."""
    from dagster_project.lib.queries import statement

    with postgres.connect() as connection:
        rows = connection.execute(statement("check_complete"), _window(context)).fetchall()
    return dg.AssetCheckResult(
        passed=not rows,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"{sum(row[5] for row in rows):,} candles are missing on {len(rows)} days of markets"
        if rows
        else None,
        metadata={"incomplete_days": len(rows), "days": _markdown("venue symbol tf day state missing cause", rows)},
    )


@dg.asset_check(asset=MARKET_OHLCV, partitions_def=daily, blocking=True, pool="clickhouse")
def no_duplicates(context: dg.AssetCheckExecutionContext, clickhouse: ClickHouseResource) -> dg.AssetCheckResult:
    """A market has at most one candle per open time."""
    double = [
        (one["exchange"], one["symbol"], one["timeframe"], one["candles"] - one["open_times"])
        for one in _measure(clickhouse, context)
        if one["candles"] != one["open_times"]
    ]
    return dg.AssetCheckResult(passed=not double, metadata={"duplicates": _markdown("venue symbol tf rows", double)})


@dg.asset_check(asset=MARKET_OHLCV, partitions_def=daily, blocking=True, pool="clickhouse")
def prices_possible(context: dg.AssetCheckExecutionContext, clickhouse: ClickHouseResource) -> dg.AssetCheckResult:
    """Low <= open and close <= high, prices positive, volume not negative, all of them finite numbers."""
    wrong = [
        (one["exchange"], one["symbol"], one["timeframe"], one["insane"])
        for one in _measure(clickhouse, context)
        if one["insane"]
    ]
    return dg.AssetCheckResult(passed=not wrong, metadata={"impossible": _markdown("venue symbol tf candles", wrong)})


@dg.asset_check(asset=MARKET_OHLCV, partitions_def=daily, pool="clickhouse")
def no_price_jumps(context: dg.AssetCheckExecutionContext, clickhouse: ClickHouseResource) -> dg.AssetCheckResult:
    """No close is more than 20% away from the one before it."""
    measured = _measure(clickhouse, context)
    jumps = [
        (one["exchange"], one["symbol"], one["timeframe"], one["jumps"], f"{one['largest']:.1%}", one["largest_at"])
        for one in measured
        if one["jumps"]
    ]
    largest = max((one["largest"] for one in measured), default=0.0)
    return dg.AssetCheckResult(
        passed=not jumps,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"largest_change": float(largest), "jumps": _markdown("venue symbol tf jumps largest at", jumps)},
    )


@dg.asset_check(asset=MARKET_OHLCV, partitions_def=daily, pool="clickhouse")
def up_to_date(context: dg.AssetCheckExecutionContext, clickhouse: ClickHouseResource) -> dg.AssetCheckResult:
    """The newest candle of every trading market closed less than ten minutes ago; judged for runs of today."""
    from dagster_project.lib.candles.store import CandleStore, key_of
    from dagster_project.lib.candles.windows import moment, step_ms

    now = datetime.now(UTC)
    if days_of_run(context)[-1] < now.date():
        return dg.AssetCheckResult(passed=True, metadata={"judged": False})
    with clickhouse.client() as client:
        heads = CandleStore(client).heads()
    late = []
    for market in load_settings().markets:
        if market.last is not None and market.last < now.date():
            continue
        head = heads.get(key_of(market))
        closed = None if head is None else moment(head + step_ms(market.timeframe))
        if closed is None or now - closed > STALE_AFTER + timedelta(milliseconds=step_ms(market.timeframe)):
            late.append((*key_of(market), f"{closed:%Y-%m-%d %H:%M}" if closed else "never"))
    return dg.AssetCheckResult(
        passed=not late,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"judged": True, "late": _markdown("venue symbol tf closed", late)},
    )


@dg.asset_check(asset=MARKET_OHLCV, partitions_def=daily, pool="exchange_api")
def derived_equals_venue(
    context: dg.AssetCheckExecutionContext,
    clickhouse: ClickHouseResource,
    postgres: PostgresResource,
    exchange: ExchangeResource,
) -> dg.AssetCheckResult:
    """Hours added up from stored candles equal the venue's own, on the last finished day of the run.

    Differences are rows in ops.candle_disputes. Markets that the venue does not answer for are counted, not judged.
    """
    import asyncio

    from dagster_project.lib.candles.dispute_check import compare_with_venue
    from dagster_project.lib.candles.disputes import table

    finished = [day for day in days_of_run(context) if day < datetime.now(UTC).date()]
    if not finished:
        return dg.AssetCheckResult(passed=True, metadata={"judged_markets": 0})
    day: date = finished[-1]
    with clickhouse.client() as client, postgres.connect(autocommit=True) as connection:
        outcome = asyncio.run(
            compare_with_venue(exchange.open, client, connection, load_settings().markets, day, COMPARED_TIMEFRAME)
        )
    rows = [
        (market.exchange, market.symbol, *row.values())
        for market, disputes in outcome.disputes.items()
        for row in table(disputes)
    ]
    return dg.AssetCheckResult(
        passed=not rows,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "day": day.isoformat(),
            "judged_markets": outcome.judged,
            "unanswered_markets": outcome.unanswered,
            "disputes": _markdown("venue symbol time field derived venue_says", rows),
        },
    )
