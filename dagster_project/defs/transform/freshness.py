"""How fresh the sources of the marts are, once an hour: a warning for each source, nothing waits for it."""

import dagster as dg

from dagster_project.defs.transform.ask_freshness import watched
from dagster_project.defs.transform.dbt import OWNERS, Translator
from dagster_project.defs.transform.prepare import ENGINES, Engine
from dagster_project.lib.source_freshness import Freshness
from dagster_project.settings import load_settings


def freshness_asset(engine: Engine) -> dg.AssetsDefinition:
    """One engine's sources: one `dbt source freshness` for all.

    The checks hang here and not on the sources, where every run of a source would ask dbt again: 5 s of CPU.
    """
    key = dg.AssetKey([engine, "ops", "source_freshness"])
    sources = {source["name"]: Translator(engine).get_asset_key(source) for source in watched(engine)}

    @dg.asset(
        key=key,
        description="How old the newest row of each source of the marts is, by the database's clock. The limits are in"
        " the dbt project's sources; `candlehouse freshness` prints the same.",
        group_name="transform",
        kinds={engine, "python"},
        owners=OWNERS,
        pool=engine,
        check_specs=[
            dg.AssetCheckSpec(
                f"{table}_is_fresh",
                asset=key,
                description=f"The newest row of {source.to_user_string()} is not older than its limit, and not ahead of"
                " the database's clock.",
            )
            for table, source in sources.items()
        ],
    )
    def source_freshness(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        from dagster_project.defs.transform.ask_freshness import ask, excuse
        from dagster_project.defs.transform.command import DbtFailed

        settings = load_settings()
        try:
            answers = {answer.table: answer for answer in ask(engine, settings)}
        except DbtFailed as failed:
            raise dg.Failure(str(failed)) from None
        lines = ["| source | newest row (UTC) | verdict |", "|---|---|---|"]
        checks = []
        for table, source in sources.items():
            answer = answers[table]
            note = excuse(answer, settings)
            newest = f"{answer.newest:%Y-%m-%d %H:%M:%S}" if answer.newest else "none"
            lines.append(f"| {table} | {newest} | {(note or answer.trouble or 'fresh').replace('|', '/')} |")
            context.log_event(dg.AssetObservation(source, metadata=_metadata(answer)))
            checks.append(
                dg.AssetCheckResult(
                    check_name=f"{table}_is_fresh",
                    passed=note is not None or answer.trouble is None,
                    severity=dg.AssetCheckSeverity.WARN,
                    description=note or answer.trouble,
                    metadata=_metadata(answer),
                )
            )
        return dg.MaterializeResult(
            metadata={
                "sources": dg.MetadataValue.md("\n".join(lines)),
                "stale": sum(not check.passed for check in checks),
            },
            check_results=checks,
        )

    return source_freshness


def _metadata(answer: Freshness) -> dict[str, dg.MetadataValue]:
    found: dict[str, dg.MetadataValue] = {}
    if answer.newest and answer.age is not None:
        found["newest_row"] = dg.MetadataValue.timestamp(answer.newest)
        found["age_hours"] = dg.MetadataValue.float(round(answer.age.total_seconds() / 3600, 3))
    if answer.limit:
        found["limit_hours"] = dg.MetadataValue.float(answer.limit.total_seconds() / 3600)
    return found


freshness = [freshness_asset(engine) for engine in ENGINES]

freshness_hourly = dg.ScheduleDefinition(
    name="source_freshness_hourly",
    target=dg.AssetSelection.assets(*(key for asset in freshness for key in asset.keys)),
    cron_schedule="50 * * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Warns about sources that stopped, in both warehouses.",
)
