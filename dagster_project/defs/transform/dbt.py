"""The two @dbt_assets: one dbt project, built on PostgreSQL and on ClickHouse. Nothing else knows that dbt exists."""

import json
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DbtCliResource, DbtProject, dbt_assets

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
    from filelock import FileLock

    settings = load_settings()
    variables = {name: value for name, value in settings.process_environment().items() if name.startswith("DBT_")}
    _refuse_masking(engine, variables)
    os.environ.update(variables)
    target = settings.home / "dbt" / engine
    target.mkdir(parents=True, exist_ok=True)
    dbt = DbtCliResource(
        project_dir=str(DBT_PROJECT),
        profiles_dir=str(DBT_PROJECT),
        target=engine,
        dbt_executable=str(Path(sys.executable).with_name("dbt")),
    )
    with FileLock(target / "build.lock"):
        (target / "run_results.json").unlink(missing_ok=True)
        parsed = manifest_path(engine).with_name("partial_parse.msgpack")
        if parsed.exists() and not (target / parsed.name).exists():
            shutil.copy(parsed, target / parsed.name)
        yield from dbt.cli(["build"], context=context, target_path=target).stream()


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
