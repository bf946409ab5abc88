"""The two @dbt_assets: one dbt project, built on PostgreSQL and on ClickHouse. Nothing else knows that dbt exists."""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtProject, dbt_assets

from dagster_project.defs.transform import command
from dagster_project.defs.transform.parsed import parsed
from dagster_project.defs.transform.prepare import (
    DBT_PROJECT,
    Engine,
    ensure_manifests,
    fingerprint,
    manifest_path,
)
from dagster_project.resources.postgres import PostgresResource
from dagster_project.settings import ANALYTICS, load_settings

OWNERS = ["team:transform"]
MART_CUT = dg.AssetKey(["postgres", "ops", "mart_cuts"])
REBUILD = dg.AutomationCondition.eager() & dg.AutomationCondition.all_deps_blocking_checks_passed()
# The models of both engines go together, in one run per cut: parts of them are of different cuts, and the next build
# can go on from a whole one only.
NEW_CUT = (
    dg.AutomationCondition.any_deps_updated().allow(dg.AssetSelection.assets(MART_CUT)).since_last_handled()
    & ~dg.AutomationCondition.in_progress()
    & dg.AutomationCondition.all_deps_blocking_checks_passed()
)


class Translator(DagsterDbtTranslator):
    """Keys of one engine: `engine/analytics/model`; sources say theirs in `meta.dagster.asset_key`."""

    def __init__(self, engine: Engine) -> None:
        # The history of trades and the changes of the last days are one asset.
        super().__init__(DagsterDbtTranslatorSettings(enable_duplicate_source_asset_keys=True))
        self.engine = engine

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """The address of a model."""
        if dbt_resource_props["resource_type"] == "source":
            return super().get_asset_key(dbt_resource_props)
        return dg.AssetKey([self.engine, ANALYTICS, dbt_resource_props["name"]])

    def get_asset_spec(self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None) -> dg.AssetSpec:
        """The spec with owners, and rebuilt when there is a new cut and the blocking checks of its inputs passed."""
        spec = super().get_asset_spec(manifest, unique_id, project)
        if manifest["nodes"].get(unique_id, {}).get("resource_type") != "model":
            return spec
        above = manifest["nodes"][unique_id]["depends_on"]["nodes"]
        first = not any(parent.startswith("model.") for parent in above)
        spec = spec.replace_attributes(owners=OWNERS, automation_condition=NEW_CUT if first else REBUILD)
        knows = any(dep.asset_key == MART_CUT for dep in spec.deps)
        return spec.merge_attributes(deps=[MART_CUT]) if first and not knows else spec

    def get_asset_check_spec(
        self, asset_spec: dg.AssetSpec, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> dg.AssetCheckSpec | None:
        """The spec; that of `rows_hold` tells its rules."""
        spec = super().get_asset_check_spec(asset_spec, manifest, unique_id, project)
        test = manifest["nodes"][unique_id].get("test_metadata") or {}
        if spec is None or test.get("name") != "rows_hold":
            return spec
        return spec._replace(description=_told(test["kwargs"]))


def _told(rules: Mapping[str, Any]) -> str:
    """The rules of `rows_hold` for people."""
    words = {"not_null": "Never NULL", "not_negative": "Never negative", "probabilities": "Within 0 and 1"}
    told = [f"{said}: {', '.join(rules[name])}." for name, said in words.items() if rules.get(name)]
    told += [f"{column} is one of: {', '.join(values)}." for column, values in rules.get("one_of", {}).items()]
    return " ".join(told)


def _manifest(engine: Engine) -> Path:
    if os.environ.get("DAGSTER_IS_DEV_CLI"):
        ensure_manifests()
    path = manifest_path(engine)
    if not path.exists():
        raise dg.DagsterInvalidDefinitionError(
            f"the dbt manifest for {engine} is not prepared: run `python -m dagster_project.defs.transform.prepare`"
        )
    return path


def _build(context: dg.AssetExecutionContext, engine: Engine, postgres: PostgresResource) -> Iterator[Any]:
    """`dbt build` of the selected models and their tests of data, one at a time per engine, of the newest cut.

    Unit tests are left out, as dbt advises for production: their rows are their own, `make test` runs them. The lock is
    for a second run that the pools of the instance let through.
    """
    from dagster_dbt.asset_utils import get_updated_cli_invocation_params_for_context
    from dagster_dbt.core.dbt_cli_event import DbtCoreCliEventMessage
    from filelock import FileLock

    from dagster_project.lib.mart_builds import plan, succeeded

    settings = load_settings()
    variables = settings.dbt_environment()
    _refuse_masking(engine, variables)
    target = settings.home / "dbt" / engine
    target.mkdir(parents=True, exist_ok=True)
    wanted = get_updated_cli_invocation_params_for_context(
        context=context, manifest={}, dagster_dbt_translator=Translator(engine)
    )
    arguments = [
        *("build", "--target", engine, "--no-use-colors"),
        *("--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT)),
        *("--target-path", str(target), "--log-path", str(target), "--log-level-file", "info", "--no-write-json"),
        *wanted.selection_args,
        *("--exclude-resource-types", "unit_test"),
        *(["--indirect-selection", wanted.indirect_selection] if wanted.indirect_selection else []),
    ]
    project = fingerprint()
    with FileLock(target / "build.lock"), postgres.connect(autocommit=True) as connection:
        wanted_build = plan(connection, engine, project)
        context.log.info(
            f"as of {wanted_build.as_of}, {wanted_build.why_full or f'changes since {wanted_build.since}'}"
        )
        variables |= wanted_build.environment
        try:
            for event in command.run([*arguments, *wanted_build.arguments], variables, parsed(engine, variables)):
                message = DbtCoreCliEventMessage(raw_event=event, event_history_metadata={})
                yield from message.to_default_asset_events(
                    wanted.manifest, wanted.dagster_dbt_translator, context, target
                )
        except command.DbtFailed as failed:
            raise dg.Failure(f"{failed} (log: {target / 'dbt.log'})") from None
        if not context.is_subset:
            succeeded(connection, engine, project, wanted_build, context.run_id)


def _refuse_masking(engine: Engine, variables: Mapping[str, str]) -> None:
    """dbt masks passwords in its events, also inside the ids by which Dagster recognises models and tests.

    The password `x` turned `not_null_exchange` into `not_null_e*****change`.
    """
    names = set(json.loads(manifest_path(engine).read_bytes())["nodes"])
    for variable, value in variables.items():
        if variable.startswith("DBT_ENV_SECRET_") and value and any(value in name for name in names):
            raise dg.Failure(
                f"the password in {variable} is part of a model's or a test's name and dbt would mask it there:"
                " choose a longer password",
                allow_retries=False,
            )


@dbt_assets(
    manifest=_manifest("postgres"),
    name="dbt_postgres",
    dagster_dbt_translator=Translator("postgres"),
    pool="postgres",
)
def dbt_postgres(context: dg.AssetExecutionContext, postgres: PostgresResource) -> Iterator[Any]:
    """The marts in PostgreSQL."""
    yield from _build(context, "postgres", postgres)


@dbt_assets(
    manifest=_manifest("clickhouse"),
    name="dbt_clickhouse",
    dagster_dbt_translator=Translator("clickhouse"),
    pool="clickhouse",
)
def dbt_clickhouse(context: dg.AssetExecutionContext, postgres: PostgresResource) -> Iterator[Any]:
    """The marts in ClickHouse."""
    yield from _build(context, "clickhouse", postgres)
