"""The code location as a whole: a golden list of what it defines, conventions, and a load in a fresh interpreter."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from dagster_project.settings import PROJECT_ROOT

GOLDEN = Path(__file__).with_name("golden.json")
HEAVY = ("ccxt", "pandas", "polars", "pyarrow", "chdb", "matplotlib", "numpy")


@pytest.fixture(scope="module")
def loaded() -> dg.Definitions:
    from dagster_project.definitions import defs

    return defs()


def inventory(loaded: dg.Definitions) -> dict[str, Any]:
    graph = loaded.resolve_asset_graph()
    return {
        "assets": sorted(
            key.to_user_string() for key in graph.get_all_asset_keys() if key in graph.materializable_asset_keys
        ),
        "external": sorted(key.to_user_string() for key in graph.external_asset_keys),
        "checks": sorted(f"{key.asset_key.to_user_string()}:{key.name}" for key in graph.asset_check_keys),
        "schedules": sorted(
            f"{schedule.name} {schedule.cron_schedule}" for schedule in loaded.get_repository_def().schedule_defs
        ),
        "sensors": sorted(sensor.name for sensor in loaded.sensors or []),
        "jobs": sorted(job.name for job in loaded.jobs or []),
    }


def test_inventory_is_the_golden_one(loaded: dg.Definitions) -> None:
    found = inventory(loaded)
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.write_text(json.dumps(found, indent=1) + "\n")
    assert found == json.loads(GOLDEN.read_text()), "if this change is meant: UPDATE_GOLDEN=1 make test"


def test_every_job_can_be_built(loaded: dg.Definitions) -> None:
    """The daemon builds all of them to load the code location: one that cannot be stops every schedule."""
    assert loaded.get_repository_def().get_all_jobs()


def test_every_asset_tells_people_what_it_is(loaded: dg.Definitions) -> None:
    graph = loaded.resolve_asset_graph()
    silent = []
    for key in graph.materializable_asset_keys:
        node = graph.get(key)
        missing = [name for name in ("description", "owners", "kinds", "group_name") if not getattr(node, name)]
        if node.group_name == "default":
            missing.append("group_name")
        if missing:
            silent.append(f"{key.to_user_string()}: {', '.join(missing)}")
    assert silent == []


def test_every_materializable_asset_has_a_freshness_policy(loaded: dg.Definitions) -> None:
    graph = loaded.resolve_asset_graph()
    without = [
        key.to_user_string() for key in graph.materializable_asset_keys if graph.get(key).freshness_policy is None
    ]
    assert without == []


def test_assets_of_dbt_link_to_their_page_of_the_docs_site(
    loaded: dg.Definitions, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dagster_project.definitions import carried
    from dagster_project.settings import load_settings

    metadata = loaded.resolve_asset_graph().get(dg.AssetKey(["clickhouse", "analytics", "leaderboard"])).metadata
    page = "/clickhouse/#!/model/model.candlehouse.leaderboard"
    assert metadata["dbt_docs"] == dg.MetadataValue.url(load_settings().docs_url + page)
    monkeypatch.setenv("CANDLEHOUSE_DOCS_URL", "https://docs.example/candlehouse/")
    spec = carried(dg.AssetSpec(dg.AssetKey(["clickhouse", "analytics", "leaderboard"])), load_settings().docs_url)
    assert spec.metadata["dbt_docs"] == dg.MetadataValue.url("https://docs.example/candlehouse" + page)


def test_no_module_uses_private_dagster() -> None:
    offenders = []
    for file in (PROJECT_ROOT / "dagster_project").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            offenders += [f"{file.name}: {name}" for name in names if name.startswith("dagster._")]
    assert offenders == []


def test_no_room_imports_a_neighbours_inside() -> None:
    offenders = []
    rooms = PROJECT_ROOT / "dagster_project" / "defs"
    for file in rooms.glob("*/**/*.py"):
        room = file.relative_to(rooms).parts[0]
        for node in ast.walk(ast.parse(file.read_text())):
            module = (node.module or "") if isinstance(node, ast.ImportFrom) else ""
            if module.startswith("dagster_project.defs.") and module.split(".")[2] != room:
                offenders.append(f"{file.relative_to(rooms)} imports {module}")
    assert offenders == []


def test_loads_in_a_fresh_interpreter_without_heavy_imports() -> None:
    bare = "import sys, dagster, dagster_dbt; before = set(sys.modules); "
    code = bare + (
        "from dagster_project.definitions import defs; defs().resolve_asset_graph(); "
        f"print([name for name in {HEAVY!r} if name in sys.modules and name not in before])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT_ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip().splitlines()[-1] == "[]"


def test_lib_imports_without_dagster_or_a_database() -> None:
    modules = [
        ".".join(file.relative_to(PROJECT_ROOT).with_suffix("").parts)
        for file in (PROJECT_ROOT / "dagster_project" / "lib").rglob("*.py")
        if file.name != "__init__.py"
    ]
    assert modules
    code = (
        f"import importlib, sys\nfor name in {modules!r}: importlib.import_module(name)\n"
        "print([name for name in ('dagster', 'psycopg', 'clickhouse_connect', 'dbt') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT_ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
