"""The two @dbt_assets: one dbt project, built on PostgreSQL and on ClickHouse. Nothing else knows that dbt exists."""

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DbtProject, dbt_assets

from dagster_project.defs.transform import command
from dagster_project.defs.transform.prepare import (
    DBT_PROJECT,
    Engine,
    ensure_manifests,
    manifest_path,
)
from dagster_project.settings import ANALYTICS, load_settings

OWNERS = ["team:transform"]
REBUILD = dg.AutomationCondition.eager() & dg.AutomationCondition.all_deps_blocking_checks_passed()


class Translator(DagsterDbtTranslator):
    """Keys of one engine: `engine/analytics/model`; sources say theirs in `meta.dagster.asset_key`."""

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self.engine = engine

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """The address of a model."""
        if dbt_resource_props["resource_type"] == "source":
            return super().get_asset_key(dbt_resource_props)
        return dg.AssetKey([self.engine, ANALYTICS, dbt_resource_props["name"]])

    def get_asset_spec(self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None) -> dg.AssetSpec:
        """The spec with owners, and rebuilt when its inputs change and their blocking checks passed."""
        spec = super().get_asset_spec(manifest, unique_id, project)
        if manifest["nodes"].get(unique_id, {}).get("resource_type") != "model":
            return spec
        return spec.replace_attributes(owners=OWNERS, automation_condition=REBUILD)


def _manifest(engine: Engine) -> Path:
    if os.environ.get("DAGSTER_IS_DEV_CLI"):
        ensure_manifests()
    path = manifest_path(engine)
    if not path.exists():
        raise dg.DagsterInvalidDefinitionError(
            f"the dbt manifest for {engine} is not prepared: run `python -m dagster_project.defs.transform.prepare`"
        )
    return path


def _build(context: dg.AssetExecutionContext, engine: Engine) -> Iterator[Any]:
    """`dbt build` of the selected models and their tests, one at a time per engine.

    The target folder is kept between runs, so that dbt parses only what changed; the lock is for a second run that the
    pools of the instance let through.
    """
    from dagster_dbt.asset_utils import get_updated_cli_invocation_params_for_context
    from dagster_dbt.core.dbt_cli_event import DbtCoreCliEventMessage
    from filelock import FileLock

    settings = load_settings()
    variables = {name: value for name, value in settings.process_environment().items() if name.startswith("DBT_")}
    _refuse_masking(engine, variables)
    os.environ.update(variables)
    target = settings.home / "dbt" / engine
    target.mkdir(parents=True, exist_ok=True)
    wanted = get_updated_cli_invocation_params_for_context(
        context=context, manifest={}, dagster_dbt_translator=Translator(engine)
    )
    arguments = [
        *("build", "--target", engine, "--no-use-colors"),
        *("--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT)),
        *("--target-path", str(target), "--log-path", str(target)),
        *wanted.selection_args,
        *(["--indirect-selection", wanted.indirect_selection] if wanted.indirect_selection else []),
    ]
    with FileLock(target / "build.lock"):
        (target / "run_results.json").unlink(missing_ok=True)
        parsed = manifest_path(engine).with_name("partial_parse.msgpack")
        if parsed.exists() and not (target / parsed.name).exists():
            shutil.copy(parsed, target / parsed.name)
        try:
            for event in command.run(arguments):
                message = DbtCoreCliEventMessage(raw_event=event, event_history_metadata={})
                yield from message.to_default_asset_events(
                    wanted.manifest, wanted.dagster_dbt_translator, context, target
                )
        except command.DbtFailed as failed:
            raise dg.Failure(f"{failed} (log: {target / 'dbt.log'})") from None


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
def dbt_postgres(context: dg.AssetExecutionContext) -> Iterator[Any]:
    """The marts in PostgreSQL."""
    yield from _build(context, "postgres")


@dbt_assets(
    manifest=_manifest("clickhouse"),
    name="dbt_clickhouse",
    dagster_dbt_translator=Translator("clickhouse"),
    pool="clickhouse",
)
def dbt_clickhouse(context: dg.AssetExecutionContext) -> Iterator[Any]:
    """The marts in ClickHouse."""
    yield from _build(context, "clickhouse")
