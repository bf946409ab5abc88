"""Policy of the code location: what every asset carries and how automation is split. Rooms under defs/ state facts."""

from datetime import timedelta
from pathlib import Path

import dagster as dg

from dagster_project.defs.transform.prepare import ENGINES
from dagster_project.settings import ANALYTICS, load_settings

# Under what a person or a schedule starts: four runs go at a time, and derived tables can be many.
DERIVED = {"dagster/priority": "-1"}
DEFAULT_FRESHNESS = dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=26), warn_window=timedelta(hours=25))


def automation_sensors() -> list[dg.AutomationConditionSensorDefinition]:
    """One sensor for dbt and one for the rest, so that a flood in one cannot starve the other."""
    dbt = dg.AssetSelection.kind("dbt")
    return [
        dg.AutomationConditionSensorDefinition(
            "automate_dbt",
            target=dbt,
            default_status=dg.DefaultSensorStatus.RUNNING,
            minimum_interval_seconds=30,
            run_tags=DERIVED,
        ),
        dg.AutomationConditionSensorDefinition(
            "automate_rest",
            target=dg.AssetSelection.all() - dbt,
            default_status=dg.DefaultSensorStatus.RUNNING,
            minimum_interval_seconds=30,
            run_tags=DERIVED,
        ),
    ]


def carried(spec: dg.AssetSpec, docs: str) -> dg.AssetSpec:
    """The spec with what every asset carries: a freshness policy, and for dbt's the page of its docs site."""
    if len(spec.key.path) == 3 and spec.key.path[0] in ENGINES and spec.key.path[1] == ANALYTICS:
        engine, _, model = spec.key.path
        page = dg.MetadataValue.url(f"{docs}/{engine}/#!/model/model.candlehouse.{model}")
        spec = spec.merge_attributes(metadata={"dbt_docs": page})
    return spec if spec.freshness_policy else dg.apply_freshness_policy(spec, DEFAULT_FRESHNESS)


@dg.definitions
def defs() -> dg.Definitions:
    """Loads every room under defs/ and stamps the defaults."""
    loaded = dg.load_from_defs_folder(path_within_project=Path(__file__).parent)
    docs = load_settings().docs_url
    return dg.Definitions.merge(
        loaded.permissive_map_resolved_asset_specs(
            func=lambda spec: carried(spec, docs),
            selection=dg.AssetSelection.all().materializable(),
        ),
        dg.Definitions(sensors=automation_sensors(), executor=dg.in_process_executor),
    )
