"""Materialized views: PostgreSQL's are refreshed here without blocking readers, ClickHouse's keep themselves fresh."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg

from dagster_project.resources.clickhouse import ClickHouseResource
from dagster_project.resources.postgres import PostgresResource
from dagster_project.settings import PROJECT_ROOT, load_settings

OWNERS = ["team:platform"]
PARITY = dg.AssetKey(["postgres", "ops", "mart_parity"])
VIEW_REFRESHES = dg.AssetKey(["clickhouse", "system", "view_refreshes"])
MIGRATIONS = PROJECT_ROOT / "sql" / "clickhouse"
# Refresh function of each design's views, the views, and the tables that they are made of.
FUNCTIONS = {
    "nof0.refresh_views_nof0": (
        {
            "v_crypto_prices_latest": "Newest price per instrument of the home exchange.",
            "v_leaderboard": "Newest equity of each model beside its closed trades.",
            "v_since_inception": "Equity of each model over time.",
        },
        ("price_latest", "accounts", "account_equity_snapshots", "trades"),
    ),
    "learning.refresh_prompt_performance": (
        {"prompt_performance": "How each prompt version did, as the learning design defines it."},
        ("decisions", "trades", "prompt_versions"),
    ),
}
CONDITION = (
    (
        dg.AutomationCondition.cron_tick_passed("*/15 * * * *") | dg.AutomationCondition.any_deps_updated()
    ).since_last_handled()
    & ~dg.AutomationCondition.any_deps_missing()
    & ~dg.AutomationCondition.in_progress()
    # A board whose warehouses differ is not shown.
    & dg.AutomationCondition.all_deps_blocking_checks_passed()
)


def refreshed(function: str) -> dg.AssetsDefinition:
    """The views of one design, refreshed by its own function: in one transaction, readers are not blocked."""
    schema = function.partition(".")[0]
    about, tables = FUNCTIONS[function]

    @dg.multi_asset(
        name=function.replace(".", "_"),
        specs=[
            dg.AssetSpec(
                dg.AssetKey(["postgres", schema, view]),
                deps=[*(dg.AssetKey(["postgres", "public", table]) for table in tables), PARITY],
                description=f"{text} Materialized view of the {schema} design; `SELECT {function}()` refreshes it too.",
                group_name="serving",
                kinds={"postgres"},
                owners=OWNERS,
                automation_condition=CONDITION,
                freshness_policy=dg.FreshnessPolicy.time_window(
                    fail_window=timedelta(hours=3), warn_window=timedelta(hours=1)
                ),
            )
            for view, text in about.items()
        ],
        pool="postgres",
    )
    def refresh(postgres: PostgresResource) -> Iterator[dg.MaterializeResult]:
        with postgres.connect(autocommit=True) as connection:
            began = time.monotonic()
            connection.execute(f"SELECT {function}()".encode())
            seconds = round(time.monotonic() - began, 3)
            for view in about:
                row = connection.execute(
                    f"SELECT count(*), pg_total_relation_size('{schema}.{view}') FROM {schema}.{view}".encode()
                ).fetchone()
                assert row is not None
                yield dg.MaterializeResult(
                    asset_key=dg.AssetKey(["postgres", schema, view]),
                    metadata={"dagster/row_count": row[0], "bytes": row[1], "seconds_for_all_views": seconds},
                )

    return refresh


design_views = [refreshed(function) for function in FUNCTIONS]


@dg.asset(
    key=VIEW_REFRESHES,
    description="State of ClickHouse's materialized views. Feeds copy each INSERT into another table; refreshable views"
    " are computed anew by the clock (`system.view_refreshes`).",
    group_name="serving",
    kinds={"clickhouse", "python"},
    owners=OWNERS,
    pool="clickhouse",
    automation_condition=dg.AutomationCondition.cron_tick_passed("*/15 * * * *")
    & ~dg.AutomationCondition.in_progress(),
    check_specs=[
        dg.AssetCheckSpec(
            "refreshes_succeed",
            asset=VIEW_REFRESHES,
            description="No refreshable view failed its last refresh, is stopped, or is overdue.",
        ),
        dg.AssetCheckSpec(
            "every_view_is_there",
            asset=VIEW_REFRESHES,
            description="Every view of the migrations exists: without its feed a table gets no rows, and nobody hears.",
        ),
    ],
)
def view_refreshes(clickhouse: ClickHouseResource) -> dg.MaterializeResult:
    """Looks; changes nothing."""
    from dagster_project.lib.clickhouse_views import views, wanted

    settings = load_settings()
    with clickhouse.client() as client:
        texts = [file.read_text() for file in sorted(MIGRATIONS.glob("*.sql"))]
        expected = wanted(texts, str(client.database), settings.clickhouse_facade_prefix)
        found = views(client, sorted({database for database, _ in expected}))
    now = datetime.now(UTC)
    troubles = [f"{one.name} {trouble}" for one in found if (trouble := one.trouble(now))]
    missing = sorted(".".join(view) for view in expected - {(one.database, one.name) for one in found})
    ages = [(now - one.last_success).total_seconds() for one in found if one.last_success]
    metadata: dict[str, Any] = {
        "views": dg.MetadataValue.md(_table(found, now)),
        "feeds": sum(not one.is_refreshable for one in found),
        "refreshable": sum(one.is_refreshable for one in found),
    }
    if ages:
        metadata["oldest_success_seconds"] = round(max(ages), 1)
    return dg.MaterializeResult(
        metadata=metadata,
        check_results=[
            dg.AssetCheckResult(
                check_name="refreshes_succeed",
                passed=not troubles,
                description="; ".join(troubles[:3]) or None,
                metadata={"failing": len(troubles)},
            ),
            dg.AssetCheckResult(
                check_name="every_view_is_there",
                passed=not missing,
                description=f"{', '.join(missing)}: recreate from sql/clickhouse" if missing else None,
                metadata={"missing": len(missing)},
            ),
        ],
    )


def _table(found: list, now: datetime) -> str:
    lines = ["| view | kind | last success (UTC) | next (UTC) | trouble |", "|---|---|---|---|---|"]
    for one in found:
        times = [f"{moment:%m-%d %H:%M:%S}" if moment else "" for moment in (one.last_success, one.next_refresh)]
        kind = "refreshable" if one.is_refreshable else "feed"
        trouble = (one.trouble(now) or "").replace("|", "/")
        lines.append(f"| {one.database}.{one.name} | {kind} | {' | '.join(times)} | {trouble} |")
    return "\n".join(lines)
