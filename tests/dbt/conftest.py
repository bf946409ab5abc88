"""Marts built through the assets, on real engines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import dagster as dg
import psycopg
import pytest

Build = Callable[[], dg.ExecuteInProcessResult]


@pytest.fixture(scope="module")
def build(warehouse: Any) -> Build:
    """Copies and archives what PostgreSQL holds, builds both dbt targets, compares the marts; the result of the run."""
    from dagster_project.defs.transform.prepare import ensure_manifests

    ensure_manifests()
    from dagster_project.defs.trading.assets import copies
    from dagster_project.defs.transform.dbt import dbt_clickhouse, dbt_postgres
    from dagster_project.defs.transform.parity import mart_parity
    from dagster_project.defs.upkeep.archive import archives
    from dagster_project.resources.clickhouse import ClickHouseResource
    from dagster_project.resources.postgres import PostgresResource

    def run() -> dg.ExecuteInProcessResult:
        return dg.materialize(
            [*copies, *archives, dbt_postgres, dbt_clickhouse, mart_parity],
            resources={"postgres": PostgresResource(), "clickhouse": ClickHouseResource()},
            raise_on_error=False,
        )

    return run


@pytest.fixture
def connection(warehouse: Any) -> Iterator[psycopg.Connection]:
    """An autocommit connection to PostgreSQL."""
    with psycopg.connect(warehouse.settings.postgres_url, autocommit=True) as opened:
        yield opened
