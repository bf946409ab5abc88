"""Every ClickHouse table, view and column says what it is.

Not asked of materialized views' columns: with TO they hold nothing, nobody reads them, and their columns are their
target's. Not asked of alembic_version either: Alembic makes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import clickhouse_connect
import pytest
from clickhouse_connect.driver.client import Client

from dagster_project.lib.clickhouse_ddl import FACADE_DATABASES
from tests.conftest import Warehouse


@pytest.fixture(scope="module")
def client(warehouse: Warehouse) -> Iterator[Client]:
    with clickhouse_connect.get_client(dsn=warehouse.settings.clickhouse_url) as client:
        yield client


@pytest.fixture(scope="module")
def databases(warehouse: Warehouse) -> list[str]:
    prefix = warehouse.settings.clickhouse_facade_prefix
    return [warehouse.name, *(prefix + name for name in FACADE_DATABASES)]


def test_every_database_of_a_facade_has_a_comment(client: Client, databases: list[str]) -> None:
    commented = client.query(
        "SELECT name FROM system.databases WHERE has({d:Array(String)}, name) AND comment != ''", {"d": databases[1:]}
    ).result_rows
    assert sorted(row[0] for row in commented) == sorted(databases[1:])


def test_every_table_and_view_has_a_comment(client: Client, databases: list[str]) -> None:
    tables = client.query(
        "SELECT database, name, comment FROM system.tables"
        # What a refreshable view computed lies in a table of ClickHouse's own naming; the comment is the view's.
        " WHERE has({d:Array(String)}, database) AND name != 'alembic_version' AND name NOT LIKE '.inner%'",
        {"d": databases},
    ).result_rows
    assert len(tables) > 100
    assert [row[:2] for row in tables if not row[2]] == []


def test_every_column_has_a_comment(client: Client, databases: list[str]) -> None:
    columns = client.query(
        "SELECT c.database, c.table, c.name, c.comment FROM system.columns AS c"
        " INNER JOIN system.tables AS t ON t.database = c.database AND t.name = c.table"
        " WHERE has({d:Array(String)}, c.database) AND t.engine != 'MaterializedView' AND t.name != 'alembic_version'",
        {"d": databases},
    ).result_rows
    assert len(columns) > 1000
    assert [row[:3] for row in columns if not row[3]] == []


def test_a_view_says_the_same_of_a_column_as_its_table(client: Client, warehouse: Warehouse) -> None:
    differing = client.query(
        "SELECT v.table, v.name, v.comment, s.comment FROM system.columns AS v"
        " INNER JOIN system.columns AS s"
        " ON s.database = v.database AND s.table = concat(v.table, '_versions') AND s.name = v.name"
        " WHERE v.database = {d:String} AND (v.comment != s.comment OR v.type != s.type)",
        {"d": warehouse.name},
    ).result_rows
    assert differing == []


def test_every_version_table_has_a_view_and_an_identity(client: Client, warehouse: Warehouse) -> None:
    rows = client.query(
        "SELECT name, engine, sorting_key, engine_full FROM system.tables"
        " WHERE database = {d:String} AND name LIKE '%\\_versions'",
        {"d": warehouse.name},
    ).result_rows
    assert len(rows) > 25
    views = {
        row[0]
        for row in client.query(
            "SELECT name FROM system.tables"
            " WHERE database = {d:String} AND engine = 'View' AND as_select LIKE '% FINAL%'",
            {"d": warehouse.name},
        ).result_rows
    }
    for name, engine, key, full in rows:
        version = full.split("ReplacingMergeTree(")[1].split(")")[0]
        assert engine == "ReplacingMergeTree", name
        assert version in ("updated_at", "ingested_at", "scored_at", "computed_at", "replaced_at"), name
        assert version not in key, f"{name}: the version in the identity keeps every version"
        assert name.removesuffix("_versions") in views, name


def test_no_materialized_view_has_a_scalar_subquery(client: Client, databases: list[str]) -> None:
    """chDB 4.4 loses, without an error, what is streamed into a table that such a view reads."""
    views = client.query(
        "SELECT name, as_select FROM system.tables WHERE has({d:Array(String)}, database)"
        " AND engine = 'MaterializedView'",
        {"d": databases},
    ).result_rows
    assert len(views) > 10
    for name, select in views:
        assert set(re.findall(r"(\S+)\s*\(\s*SELECT", select)) <= {"FROM", "IN", "JOIN"}, name
