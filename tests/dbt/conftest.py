"""Marts built through the assets, on real engines."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import dagster as dg
import psycopg
import pytest

Build = Callable[..., dg.ExecuteInProcessResult]


@pytest.fixture(scope="module")
def build(warehouse: Any) -> Build:
    """Takes marks, copies and archives what PostgreSQL holds, builds both targets, compares the marts, publishes.

    Where asset keys are given, only those are made.
    """
    from dagster_project.defs.transform.prepare import ensure_manifests

    ensure_manifests()
    from dbt.adapters.clickhouse import dbclient

    # dbt remembers for its process which databases it made; the module before this one had its own dropped.
    dbclient._ensured_databases.clear()
    from dagster_project.defs.trading.assets import copies
    from dagster_project.defs.transform.cut import mart_cut
    from dagster_project.defs.transform.dbt import dbt_clickhouse, dbt_postgres
    from dagster_project.defs.transform.marks import daily_marks
    from dagster_project.defs.transform.parity import mart_parity
    from dagster_project.defs.transform.publish import model_analytics
    from dagster_project.defs.upkeep.archive import archives
    from dagster_project.resources.clickhouse import ClickHouseResource
    from dagster_project.resources.postgres import PostgresResource

    def run(*only: list[str]) -> dg.ExecuteInProcessResult:
        return dg.materialize(
            [daily_marks, *copies, *archives, mart_cut, dbt_postgres, dbt_clickhouse, mart_parity, model_analytics],
            resources={"postgres": PostgresResource(), "clickhouse": ClickHouseResource()},
            selection=[dg.AssetKey(path) for path in only] or None,
            raise_on_error=False,
        )

    return run


@pytest.fixture(scope="module")
def tests_said_once() -> Iterator[None]:
    """Builds of ClickHouse leave out dbt's tests: every cell is compared with PostgreSQL's, which keeps them."""
    from dagster_project.defs.transform import command

    whole = command.run

    def run(arguments: Sequence[str], *more: Any) -> Iterator[dict[str, Any]]:
        if arguments[0] == "build" and "clickhouse" in arguments:
            place = arguments.index("--exclude-resource-types") + 1
            arguments = [*arguments[:place], "test", *arguments[place:]]
        return whole(arguments, *more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(command, "run", run)
        yield


@pytest.fixture
def connection(warehouse: Any) -> Iterator[psycopg.Connection]:
    """An autocommit connection to PostgreSQL."""
    with psycopg.connect(warehouse.settings.postgres_url, autocommit=True) as opened:
        yield opened
