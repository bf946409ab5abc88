"""What applications and imports write to PostgreSQL, and its copy in ClickHouse."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
from pydantic import Field

from dagster_project.lib.warehouse_copy import POLICIES, Policy
from dagster_project.resources.clickhouse import ClickHouseResource
from dagster_project.resources.postgres import PostgresResource
from dagster_project.settings import load_settings

if TYPE_CHECKING:
    import psycopg

    from dagster_project.lib.trading_rows import Tally

OWNERS = ["team:trading"]
HOT_TABLES = {
    "agents": "Every trading agent.",
    "symbols": "Instruments that agents trade.",
    "accounts": "One account per agent and exchange, with what it started from.",
    "account_equity_snapshots": "Equity of an account at a moment.",
    "trades": "Round trips of agents, open and closed.",
    "positions": "Positions as last synced with the venue.",
    "orders": "Orders at a venue, open and finished.",
    "decisions": "What agents decided, traded or not.",
    "decision_cycles": "Turns of agents: what they were asked, how they thought.",
    "prompt_versions": "Prompts by version.",
    "model_analytics": "Published analytics of an agent.",
    "conversations": "Threads between an agent and its model.",
    "conversation_messages": "Messages of conversations.",
    "price_ticks": "Prices as they came.",
    "price_latest": "Newest known price per instrument.",
}
# The recorded arena folder's positions and conversations were typed in by a person (order ids of one agent under
# another's name, round timestamps). Whoever has real ones names their origin in the run config.
ARENA_ORIGINS = {"positions": "handmade", "conversations": "handmade"}
SANDBOX_SEED = 0
SANDBOX_DAYS = 28


class TradingSource(dg.Config):
    """Where rows of the hot tables come from in this run."""

    directory: str | None = Field(
        default=None,
        description="Folder of the NOF0 design's JSON files. Empty: the arena folder of CANDLEHOUSE_SOURCES=replay:DIR,"
        " or the sandbox agents when the sandbox venue runs, or nothing (applications write the tables themselves).",
    )
    exchange: str = Field(default="hyperliquid", description="Venue the agents of the folder trade on.")
    origin: str = Field(default="recorded", description="live, recorded, repaired, paper, simulated or handmade.")
    origins: dict[str, str] = Field(
        default=ARENA_ORIGINS, description="Origin per file where it differs, such as {'positions': 'handmade'}."
    )


@dg.multi_asset(
    name="hot_trading_tables",
    specs=[
        dg.AssetSpec(
            dg.AssetKey(["postgres", "public", table]),
            description=f"{description} Applications write it; imports and the sandbox land here too.",
            group_name="trading",
            kinds={"postgres", "python"},
            owners=OWNERS,
            automation_condition=dg.AutomationCondition.cron_tick_passed("11 * * * *")
            & ~dg.AutomationCondition.in_progress(),
        )
        for table, description in HOT_TABLES.items()
    ],
    pool="postgres",
)
def hot_trading_tables(
    context: dg.AssetExecutionContext, config: TradingSource, postgres: PostgresResource
) -> Iterator[dg.MaterializeResult]:
    """Imports a NOF0 folder, or lands sandbox trades, or only counts what applications wrote."""
    with postgres.connect(autocommit=True) as connection:
        tallies = _land(context, config, connection)
        for table in HOT_TABLES:
            yield dg.MaterializeResult(
                asset_key=dg.AssetKey(["postgres", "public", table]),
                metadata=_account(tallies.get(table, [])) | {"dagster/row_count": _count(connection, table)},
            )


def _land(
    context: dg.AssetExecutionContext, config: TradingSource, connection: "psycopg.Connection"
) -> dict[str, list["Tally"]]:
    from dagster_project.lib.nof0_import import ImportFailed, Options, import_folder

    settings = load_settings()
    folder = Path(config.directory) if config.directory else _arena(settings.replay_dir)
    if folder is None:
        if any(market.exchange == "sandbox" for market in settings.markets):
            return _land_sandbox(connection)
        context.log.info("no folder to import: counting what applications wrote")
        return {}
    try:
        report = import_folder(connection, folder, Options(config.exchange, config.origin, config.origins))
    except ImportFailed as failed:
        raise dg.Failure(str(failed), allow_retries=False) from None
    for file in report.missing:
        context.log.warning(f"{file} is missing in {folder}")
    for line in report.lines:
        for reject in line.tally.rejects:
            context.log.warning(f"quarantined {line.table} {reject.key}: {reject.reason}")
    if report.broken:
        file, why = next(iter(report.broken.items()))
        raise dg.Failure(f"{folder / file}: {why}", allow_retries=False)
    tallies: dict[str, list[Tally]] = {}
    for line in report.lines:
        tallies.setdefault(line.table, []).append(line.tally)
    return tallies


def _arena(replay_dir: Path | None) -> Path | None:
    arena = replay_dir / "arena" if replay_dir else None
    return arena if arena and arena.is_dir() else None


def _land_sandbox(connection: "psycopg.Connection") -> dict[str, list["Tally"]]:
    from datetime import UTC, datetime, timedelta

    from dagster_project.lib import trading_rows as rows
    from dagster_project.lib.trading_store import land, land_trades
    from dagster_project.stack.sandbox import sandbox_decisions
    from dagster_project.stack.sandbox import trades as sandbox

    end = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    start = end - timedelta(days=SANDBOX_DAYS)
    agents = [
        {"id": agent, "display_name": agent, "origin": "simulated", "details": {"exchange": sandbox.EXCHANGE}}
        for agent in sandbox.SANDBOX_AGENTS
    ]
    accounts = [
        {
            "agent_id": agent,
            "exchange": sandbox.EXCHANGE,
            "base_currency": "USDT",
            "initial_equity": sandbox.START_EQUITY,
            "origin": "simulated",
        }
        for agent in sandbox.SANDBOX_AGENTS
    ]
    decisions = sandbox_decisions(SANDBOX_SEED, sandbox.SANDBOX_AGENTS, start, end)
    made = sandbox.sandbox_trades(SANDBOX_SEED, sandbox.SANDBOX_AGENTS, start, end)
    return {
        "agents": [land(connection, rows.AGENTS, (rows.Row(row, row) for row in agents), "sandbox/agents")],
        "accounts": [land(connection, rows.ACCOUNTS, (rows.Row(row, row) for row in accounts), "sandbox/accounts")],
        "decisions": [land(connection, rows.DECISIONS, (rows.Row(row, row) for row in decisions), "sandbox/decisions")],
        "trades": [land_trades(connection, made, "sandbox/trades")],
    }


def _account(tallies: list["Tally"]) -> dict[str, Any]:
    if not tallies:
        return {}
    return {
        name: sum(getattr(tally, name) for tally in tallies)
        for name in ("read", "landed", "updated", "unchanged", "quarantined")
    }


def _count(connection: "psycopg.Connection", table: str) -> int:
    row = connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
    return row[0] if row else 0


import_nof0 = dg.define_asset_job(
    "import_nof0",
    selection=dg.AssetSelection.assets(hot_trading_tables),
    description="Imports a folder of the NOF0 design's JSON files into PostgreSQL. Config: `directory`.",
)


def _copy_asset(policy: Policy) -> dg.AssetsDefinition:
    check = "same_as_postgres"

    @dg.asset(
        key=["clickhouse", "candlehouse", policy.target],
        deps=[dg.AssetKey(["postgres", "public", table]) for table in (policy.source, *policy.after)],
        description=f"Copy of PostgreSQL's `{policy.source}` where {policy.where}, newest version of each row.",
        group_name="trading",
        kinds={"clickhouse", "python"},
        owners=OWNERS,
        pool="clickhouse",
        check_specs=[
            dg.AssetCheckSpec(
                check,
                asset=["clickhouse", "candlehouse", policy.target],
                blocking=True,
                description="Count of rows, sum of versions and sums of money are equal in both warehouses.",
            )
        ],
        automation_condition=dg.AutomationCondition.eager(),
    )
    def copied(postgres: PostgresResource, clickhouse: ClickHouseResource) -> dg.MaterializeResult:
        from dagster_project.lib.warehouse_copy import copy

        with postgres.connect(autocommit=True) as connection, clickhouse.client() as client:
            done = copy(connection, client, policy)
        sums = {
            name: {"postgres": str(left), "clickhouse": str(right)}
            for name, left, right in zip(policy.sums, done.postgres.sums, done.clickhouse.sums, strict=True)
        }
        return dg.MaterializeResult(
            metadata={"dagster/row_count": done.clickhouse.rows, "rows_sent": done.sent, "sent_everything": done.full},
            check_results=[
                dg.AssetCheckResult(
                    check_name=check,
                    passed=done.agree,
                    description=None
                    if done.agree
                    else f"{done.postgres.rows} rows in PostgreSQL, {done.clickhouse.rows} in ClickHouse, or sums"
                    " differ: a row left PostgreSQL or was reopened; delete it from ClickHouse or restore it",
                    metadata={
                        "rows_postgres": done.postgres.rows,
                        "rows_clickhouse": done.clickhouse.rows,
                        "sums": sums,
                    },
                )
            ],
        )

    return copied


copies = [_copy_asset(policy) for policy in POLICIES]
