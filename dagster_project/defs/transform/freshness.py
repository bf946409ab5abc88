"""How fresh the sources of the marts are, once an hour, as a warning on each source's asset."""

from collections.abc import Iterator

import dagster as dg

from dagster_project.defs.transform.ask_freshness import watched
from dagster_project.defs.transform.dbt import Translator
from dagster_project.defs.transform.prepare import ENGINES, Engine
from dagster_project.settings import load_settings

CHECK = "is_fresh"


def freshness_check(engine: Engine) -> dg.AssetChecksDefinition:
    """The checks of one engine's sources: one `dbt source freshness` for all."""
    sources = {source["name"]: Translator(engine).get_asset_key(source) for source in watched(engine)}

    @dg.multi_asset_check(
        name=f"source_freshness_{engine}",
        specs=[
            dg.AssetCheckSpec(
                CHECK,
                asset=key,
                description="The newest row is not older than the limit in the dbt project's sources, and not ahead of"
                " the database's clock. Nothing waits for it.",
            )
            for key in sources.values()
        ],
        pool=engine,
    )
    def checks(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        from dagster_project.defs.transform.ask_freshness import ask, excuse
        from dagster_project.defs.transform.command import DbtFailed

        try:
            answers = ask(engine, load_settings())
        except DbtFailed as failed:
            raise dg.Failure(str(failed)) from None
        found = {answer.table: answer for answer in answers}
        for table, key in sources.items():
            answer = found[table]
            metadata: dict[str, dg.MetadataValue] = {}
            if answer.newest and answer.age is not None:
                metadata["newest"] = dg.MetadataValue.timestamp(answer.newest)
                metadata["age_hours"] = dg.MetadataValue.float(round(answer.age.total_seconds() / 3600, 3))
            if answer.limit:
                metadata["limit_hours"] = dg.MetadataValue.float(answer.limit.total_seconds() / 3600)
            yield dg.AssetCheckResult(
                check_name=CHECK,
                asset_key=key,
                passed=answer.trouble is None or excuse(answer, load_settings()) is not None,
                severity=dg.AssetCheckSeverity.WARN,
                description=excuse(answer, load_settings()) or answer.trouble,
                metadata=metadata,
            )

    return checks


freshness_checks = [freshness_check(engine) for engine in ENGINES]

freshness_hourly = dg.ScheduleDefinition(
    name="source_freshness_hourly",
    job=dg.define_asset_job(
        "source_freshness",
        selection=dg.AssetSelection.checks(*(key for check in freshness_checks for key in check.check_keys)),
        description="Looks how old the newest row of each source of the marts is.",
    ),
    cron_schedule="50 * * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Warns about sources that stopped, in both warehouses.",
)
