"""Old months of ClickHouse in files, dumps of PostgreSQL, and the drills that bring both back on trial."""

from typing import Any

import dagster as dg

from dagster_project.defs.upkeep.archive import asset_key
from dagster_project.defs.upkeep.assets import OWNERS
from dagster_project.lib.archive.policies import policies as archive_policies
from dagster_project.resources.clickhouse import ClickHouseResource
from dagster_project.resources.postgres import PostgresResource
from dagster_project.settings import load_settings

COLD_FILES = dg.AssetKey(["postgres", "ops", "cold_files"])
DUMPS = dg.AssetKey(["postgres", "ops", "dumps"])
RESTORE_DRILLS = dg.AssetKey(["postgres", "ops", "restore_drills"])


@dg.asset(
    key=COLD_FILES,
    deps=[asset_key(policy) for policy in archive_policies().values()],
    description="Months of ClickHouse that are older than their table's policy, as Parquet files in the cold store."
    " Each file is read back and compared before its partition is dropped; views show both as one.",
    group_name="upkeep",
    kinds={"clickhouse", "parquet", "python"},
    owners=OWNERS,
    pool="clickhouse",
    check_specs=[
        dg.AssetCheckSpec(
            "every_month_is_proven",
            asset=COLD_FILES,
            blocking=True,
            description="Every month that was due is in a file that was read back, and no file is damaged.",
        )
    ],
)
def cold_files(
    context: dg.AssetExecutionContext, postgres: PostgresResource, clickhouse: ClickHouseResource
) -> dg.MaterializeResult:
    """Applies every policy; one that fails does not stop the others."""
    from datetime import UTC, datetime

    from dagster_project.lib.cold.engine import apply
    from dagster_project.lib.cold.errors import NotProven
    from dagster_project.lib.cold.ledger import Busy
    from dagster_project.lib.cold.policies import policies
    from dagster_project.lib.cold.store import StoreError, open_store
    from dagster_project.lib.cold.table import NotFit

    settings = load_settings()
    store, done, troubles = open_store(settings.cold_url), [], []
    with postgres.connect(autocommit=True) as connection, clickhouse.client() as client:
        for policy in policies(settings.collect.cold.months).values():
            try:
                outcome = apply(policy, connection, client, store, datetime.now(UTC), run_id=context.run_id)
            except (NotProven, NotFit, Busy, StoreError) as error:
                troubles.append(str(error))
                continue
            if outcome.months:
                context.log.info(f"{policy.table}: {outcome.rows} rows of {outcome.months}")
                done.append(outcome)
    lines = [f"| {o.table} | {', '.join(map(str, o.months))} | {o.rows} | {o.bytes} |" for o in done]
    return dg.MaterializeResult(
        metadata={
            "files": sum(outcome.files for outcome in done),
            "rows": sum(outcome.rows for outcome in done),
            "bytes": sum(outcome.bytes for outcome in done),
            "months": _table("| table | months | rows | bytes |", lines),
        },
        check_results=[_check("every_month_is_proven", troubles)],
    )


@dg.asset(
    key=DUMPS,
    deps=[COLD_FILES],
    description="Dumps of the canonical PostgreSQL database in the cold store (pg_dump, as its owner), each with the"
    " rows and hash of every table in the snapshot that was dumped. Dagster's own storage is not in them.",
    group_name="upkeep",
    kinds={"postgres", "python"},
    owners=OWNERS,
    pool="postgres",
)
def dumps(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """Dumps, and deletes what makes room."""
    from dagster_project.lib.cold.dumps import DumpFailed, dump
    from dagster_project.lib.cold.ledger import Busy
    from dagster_project.lib.cold.store import StoreError, open_store
    from dagster_project.stack.errors import StackError
    from dagster_project.stack.pg_programs import pg_program

    settings = load_settings()
    try:
        made = dump(
            settings.postgres_url,
            open_store(settings.cold_url),
            pg_program,
            settings.collect.cold.keep_dumps,
            run_id=context.run_id,
        )
    except (DumpFailed, Busy, StoreError, StackError) as error:
        raise dg.Failure(str(error)) from None
    largest = sorted(made.tables.items(), key=lambda item: -item[1][0])[:10]
    return dg.MaterializeResult(
        metadata={
            "bytes": made.bytes,
            "rows": made.rows,
            "tables": len(made.tables),
            "path": made.path,
            "largest": _table(
                "| table | rows |", [f"| {name} | {figures[0]} |" for name, figures in largest], columns=2
            ),
        }
    )


@dg.asset(
    key=RESTORE_DRILLS,
    deps=[COLD_FILES, DUMPS],
    description="Cold files restored into scratch tables, the one longest untried first, and the newest dump into a"
    " scratch database; compared row by row and dropped again. One row per trial.",
    group_name="upkeep",
    kinds={"clickhouse", "postgres", "python"},
    owners=OWNERS,
    pool="clickhouse",
    check_specs=[
        dg.AssetCheckSpec(
            name,
            asset=RESTORE_DRILLS,
            blocking=True,
            description=description,
        )
        for name, description in (
            ("files_come_back", "Every file that was tried came back with the rows, hash and sums of its manifest."),
            ("dump_comes_back", "Every table of the newest dump came back with the rows and hash of its snapshot."),
        )
    ],
)
def restore_drills(
    context: dg.AssetExecutionContext, postgres: PostgresResource, clickhouse: ClickHouseResource
) -> dg.MaterializeResult:
    """Tries files within the budget of candlehouse.toml, and the newest dump."""
    from dagster_project.lib.cold.dumps import drill_dump
    from dagster_project.lib.cold.ledger import Busy
    from dagster_project.lib.cold.restore import drill
    from dagster_project.lib.cold.store import open_store
    from dagster_project.stack.pg_programs import pg_program

    settings = load_settings()
    store, rules = open_store(settings.cold_url), settings.collect.cold
    with postgres.connect(autocommit=True) as connection, clickhouse.client() as client:
        tried = drill(
            connection,
            client,
            store,
            count=rules.drill_files,
            max_bytes=rules.drill_megabytes * 1_000_000,
            run_id=context.run_id,
        )
    try:
        dumped = drill_dump(settings.postgres_url, store, pg_program, context.run_id)
    except Busy as error:
        raise dg.Failure(str(error)) from None
    lines = [f"| {one.path} | {one.rows} | {one.seconds:.2f} | {one.reason or 'as proven'} |" for one in tried]
    if dumped:
        lines.append(f"| {dumped.path} | {dumped.rows} | {dumped.seconds:.2f} | {dumped.reason or 'as dumped'} |")
    return dg.MaterializeResult(
        metadata={
            "files_tried": len(tried),
            "files_failed": sum(not one.passed for one in tried),
            "rows": sum(one.rows for one in tried),
            "trials": _table("| file | rows | seconds | outcome |", lines),
        },
        check_results=[
            _check("files_come_back", [str(one.reason) for one in tried if not one.passed]),
            _check("dump_comes_back", [str(dumped.reason)] if dumped and not dumped.passed else []),
        ],
    )


def _check(name: str, troubles: list[str]) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        check_name=name,
        passed=not troubles,
        description="; ".join(troubles[:3]) or None,
        metadata={"troubles": dg.MetadataValue.md("\n".join(f"- {line}" for line in troubles) or "none")},
    )


def _table(head: str, lines: list[str], columns: int = 4) -> Any:
    return dg.MetadataValue.md("\n".join([head, "|" + "---|" * columns, *lines]) if lines else "none")


cold_nightly = dg.ScheduleDefinition(
    name="cold_nightly",
    target=dg.AssetSelection.assets(COLD_FILES, DUMPS, RESTORE_DRILLS),
    cron_schedule="10 2 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Sends old months to files, dumps PostgreSQL, and tries to bring both back.",
)
