"""House rules of the dbt project, read from the manifests."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from dagster_project.defs.transform import prepare
from dagster_project.settings import PROJECT_ROOT


@pytest.fixture(scope="module", params=prepare.ENGINES)
def manifest(request: pytest.FixtureRequest) -> dict[str, Any]:
    prepare.ensure_manifests()
    return json.loads(prepare.manifest_path(request.param).read_bytes())


def models(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    found = [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]
    assert found
    return found


def test_every_model_and_column_is_described(manifest: dict[str, Any]) -> None:
    silent = [model["name"] for model in models(manifest) if not model["description"]]
    silent += [
        f"{model['name']}.{name}"
        for model in models(manifest)
        for name, column in model["columns"].items()
        if not column["description"]
    ]
    assert silent == []


def test_every_source_table_and_macro_is_described(manifest: dict[str, Any]) -> None:
    assert [source["name"] for source in manifest["sources"].values() if not source["description"]] == []
    own = [macro for macro in manifest["macros"].values() if macro["package_name"] == "candlehouse"]
    public = [macro for macro in own if "__" not in macro["name"] and not macro["name"].startswith("test_")]
    assert public
    assert [macro["name"] for macro in public if not macro["description"]] == []


def test_every_mart_has_a_contract_a_key_and_a_test_of_it(manifest: dict[str, Any]) -> None:
    marts = [model for model in models(manifest) if model["fqn"][1] == "marts"]
    tests = [node for node in manifest["nodes"].values() if node["resource_type"] == "test"]
    for mart in marts:
        key = mart["config"]["meta"]["key"]
        assert mart["config"]["contract"]["enforced"], mart["name"]
        on_mart = [test for test in tests if test.get("attached_node") == mart["unique_id"]]
        assert any(
            test["test_metadata"]["name"] == "unique_combination" and test["test_metadata"]["kwargs"]["columns"] == key
            for test in on_mart
        ), mart["name"]


def test_what_is_never_null_is_refused_by_both_databases(manifest: dict[str, Any]) -> None:
    """A mart's column that takes no NULL is NOT NULL in PostgreSQL's tables and not Nullable in ClickHouse.

    PostgreSQL has no such thing for views: there a test of dbt asks.
    """
    other = prepare.ENGINES[manifest["metadata"]["adapter_type"] == "postgres"]
    twin = json.loads(prepare.manifest_path(other).read_bytes())
    both = {one["metadata"]["adapter_type"]: one["nodes"] for one in (manifest, twin)}
    seen = 0
    for unique_id, mart in both["postgres"].items():
        if mart["resource_type"] != "model" or mart["fqn"][1] != "marts":
            continue
        types = {name: column["data_type"] for name, column in both["clickhouse"][unique_id]["columns"].items()}
        required = {name for name, data_type in types.items() if not data_type.startswith("Nullable(")}
        if mart["config"]["materialized"] == "view":
            (refused,) = (
                set(test["test_metadata"]["kwargs"]["not_null"])
                for test in both["postgres"].values()
                if test.get("attached_node") == unique_id and test["test_metadata"]["name"] == "rows_hold"
            )
        else:
            refused = {
                name
                for name, column in mart["columns"].items()
                if [constraint["type"] for constraint in column["constraints"]] == ["not_null"]
            }
        assert refused == required, mart["name"]
        assert set(mart["config"]["meta"]["key"]) <= required, mart["name"]
        seen += len(required)
    assert seen > 200


def test_what_is_spread_over_days_is_joined_by_hash(manifest: dict[str, Any]) -> None:
    """PostgreSQL takes it for one row and went through it for every touched day: 361 s for 100 corrections, now 7."""
    spread = [
        model
        for model in models(manifest)
        if model["config"]["materialized"] == "incremental" and re.search(r"\beach_(day|month)\(", model["raw_code"])
    ]
    assert spread
    hooks = {model["name"]: " ".join(hook["sql"] for hook in model["config"]["pre-hook"]) for model in spread}
    assert [name for name, said in hooks.items() if "join_by_hash()" not in said] == []


def test_every_dbt_test_is_an_error(manifest: dict[str, Any]) -> None:
    tests = [node for node in manifest["nodes"].values() if node["resource_type"] == "test"]
    assert tests
    assert {test["config"]["severity"].lower() for test in tests} == {"error"}


def test_every_mart_has_a_unit_test(manifest: dict[str, Any]) -> None:
    tested = {test["model"] for test in manifest["unit_tests"].values()}
    assert {model["name"] for model in models(manifest) if model["fqn"][1] == "marts"} <= tested


def test_every_consumer_reads_what_it_says(manifest: dict[str, Any]) -> None:
    """dbt itself refuses an exposure on a model that is not there."""
    for exposure in manifest["exposures"].values():
        text = "\n".join((PROJECT_ROOT / file).read_text() for file in exposure["config"]["meta"]["code"])
        assert exposure["description"], exposure["name"]
        names = [unique_id.rpartition(".")[2] for unique_id in exposure["depends_on"]["nodes"]]
        assert names, exposure["name"]
        assert [name for name in names if not re.search(rf"\b{name}\b", text)] == [], exposure["name"]


def test_every_mart_has_a_consumer(manifest: dict[str, Any]) -> None:
    read = {unique_id for exposure in manifest["exposures"].values() for unique_id in exposure["depends_on"]["nodes"]}
    marts = {model["unique_id"] for model in models(manifest) if model["fqn"][1] == "marts"}
    assert marts - read == set()


def test_a_current_manifest_is_not_parsed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    prepare.ensure_manifests()
    monkeypatch.setattr(prepare, "_parse", lambda engine: pytest.fail(f"{engine} was parsed again"))
    assert prepare.ensure_manifests() == []


def test_without_a_manifest_the_error_is_one_line_and_names_the_fix(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    import dagster as dg

    from dagster_project.defs.transform import dbt

    monkeypatch.setattr(dbt, "manifest_path", lambda engine: tmp_path / "manifest.json")
    monkeypatch.delenv("DAGSTER_IS_DEV_CLI", raising=False)
    with pytest.raises(
        dg.DagsterInvalidDefinitionError, match=r"run `python -m dagster_project\.defs\.transform\.prepare`"
    ):
        dbt._manifest("postgres")


def test_a_password_that_dbt_would_mask_inside_names_is_refused() -> None:
    import dagster as dg

    from dagster_project.defs.transform import dbt

    with pytest.raises(dg.Failure, match="choose a longer password"):
        dbt._refuse_masking("postgres", {"DBT_ENV_SECRET_POSTGRES_PASSWORD": "trade"})
    dbt._refuse_masking("postgres", {"DBT_ENV_SECRET_POSTGRES_PASSWORD": "Yz-0qXk81"})
