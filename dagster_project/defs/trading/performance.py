"""Hourly snapshots of every account."""

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import dagster as dg

from dagster_project.defs.trading.assets import OWNERS
from dagster_project.defs.trading.partitions import FORMAT, daily, days_of_run
from dagster_project.resources.clickhouse import ClickHouseResource
from dagster_project.resources.postgres import PostgresResource

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from dagster_project.lib.performance.snapshots import Taken

AGENT_PERFORMANCE = dg.AssetKey(["clickhouse", "candlehouse", "agent_performance"])
UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
AFTER_MIDNIGHT = timedelta(hours=2)  # as long, yesterday's last hours are taken along with today


@dg.asset(
    key=AGENT_PERFORMANCE,
    partitions_def=daily,
    backfill_policy=dg.BackfillPolicy.single_run(),
    deps=[
        dg.AssetDep(["postgres", "public", "trades"]),
        dg.AssetDep(["postgres", "public", "accounts"]),
        dg.AssetDep(["postgres", "public", "account_equity_snapshots"]),
        dg.AssetDep(["postgres", "public", "daily_marks"]),
    ],
    description="""Balance, equity, PnL, trades, win rate, Sharpe ratio and drawdown of every account at each full hour.

A partition is a UTC day: its snapshots are those from 01:00 to the midnight after. A snapshot has what took effect by
its hour, as it is known when it is computed; a late correction changes it when its day is computed again, and the check
`nothing_came_late` names the days. Trades are counted once, archived or not.""",
    group_name="trading",
    kinds={"clickhouse", "python"},
    owners=OWNERS,
    pool="clickhouse",
    retry_policy=dg.RetryPolicy(max_retries=2, delay=20, backoff=dg.Backoff.EXPONENTIAL),
    freshness_policy=dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=3), warn_window=timedelta(hours=2)),
    check_specs=[
        dg.AssetCheckSpec(
            "snapshots_add_up",
            asset=AGENT_PERFORMANCE,
            blocking=True,
            description="Winners and losers are among the trades, counts never fall, drawdowns are 0 or more.",
        ),
        dg.AssetCheckSpec(
            "nothing_came_late",
            asset=AGENT_PERFORMANCE,
            description="No trade was written or corrected after the snapshots of its close were computed.",
        ),
    ],
)
def agent_performance(
    context: dg.AssetExecutionContext, postgres: PostgresResource, clickhouse: ClickHouseResource
) -> dg.MaterializeResult:
    """Computes the hours of the run's days that are past; what says the same as before is not written."""
    from dagster_project.lib.performance.snapshots import take

    days = days_of_run(context)
    with postgres.connect(autocommit=True) as connection, clickhouse.client() as client:
        taken = take(connection, client, days, datetime.now(UTC))
        checks = _checks(client, days)
    for day in days[:-1]:
        context.add_asset_metadata(_of_day(taken, day), partition_key=day.strftime(FORMAT))
    return dg.MaterializeResult(metadata=_of_day(taken, days[-1]) | _of_run(taken, days), check_results=checks)


def _checks(client: "Client", days: list[date]) -> list[dg.AssetCheckResult]:
    from dagster_project.lib.queries import query

    bounds = {"first": days[0], "last": days[-1]}
    wrong, example = client.query(query("performance_check"), parameters=bounds).result_rows[0]
    late = [row[0] for row in client.query(query("performance_late")).result_rows]
    listed = ", ".join(day.isoformat() for day in late[:5])
    return [
        dg.AssetCheckResult(
            check_name="snapshots_add_up",
            passed=wrong == 0,
            description=f"{wrong:,} snapshots are impossible, such as {example}" if wrong else None,
            metadata={"impossible": wrong},
        ),
        dg.AssetCheckResult(
            check_name="nothing_came_late",
            passed=not late,
            severity=dg.AssetCheckSeverity.WARN,
            description=f"trades changed after the snapshots of {listed}: backfill from there" if late else None,
            metadata={"days": len(late)},
        ),
    ]


def _of_day(taken: "Taken", day: date) -> dict[str, Any]:
    return {"dagster/partition_row_count": taken.computed[day], "written": taken.written[day]}


def _of_run(taken: "Taken", days: list[date]) -> dict[str, Any]:
    from dagster_project.lib.performance.plot import equity_png

    lines = [
        "| agent | venue | equity | PnL | trades | win rate | Sharpe | max drawdown |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for (agent, exchange), one in sorted(taken.latest.items()):
        cells = (
            "" if one.equity is None else f"{one.equity:,.2f}",
            f"{one.pnl:+,.2f}",
            f"{one.total_trades:,}",
            "" if one.win_rate is None else f"{one.win_rate:.1%}",
            "" if one.sharpe_ratio is None else f"{one.sharpe_ratio:.2f}",
            "" if one.max_drawdown is None else f"{one.max_drawdown:.1%}",
        )
        lines.append(f"| {agent} | {exchange} | {' | '.join(cells)} |")
    metadata: dict[str, Any] = {
        "run_window": f"{days[0]} to {days[-1]} (UTC)",
        "accounts": len(taken.latest),
        "latest": dg.MetadataValue.md("\n".join(lines[:52])),
        "query": dg.MetadataValue.md(
            '```sql\nSELECT * FROM agent_performance ORDER BY timestamp DESC LIMIT 100\n```\n`candlehouse sql ch "..."`'
        ),
    }
    if taken.equity:
        metadata["equity"] = dg.MetadataValue.md(f"![equity](data:image/png;base64,{equity_png(taken.equity)})")
    return metadata


performance_job = dg.define_asset_job(
    "performance",
    selection=dg.AssetSelection.assets(AGENT_PERFORMANCE),
    partitions_def=daily,
    description="Hourly snapshots of every account for a range of UTC days.",
)


@dg.schedule(
    job=performance_job,
    cron_schedule="18 * * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="The snapshot of the hour that ended; at most one run at a time.",
)
def performance_hourly(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """Requests today, and yesterday too in the first hours of a day, when its marks have settled."""
    running = context.instance.get_runs(
        dg.RunsFilter(statuses=UNFINISHED, tags={"dagster/schedule_name": "performance_hourly"}), limit=1
    )
    if running:
        return dg.SkipReason(f"run {running[0].run_id[:8]} of this schedule is not finished")
    now = context.scheduled_execution_time.astimezone(UTC)
    return dg.RunRequest(
        tags={
            "dagster/asset_partition_range_start": (now - AFTER_MIDNIGHT).strftime(FORMAT),
            "dagster/asset_partition_range_end": now.strftime(FORMAT),
        }
    )
