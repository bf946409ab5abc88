"""Compares every mart that both warehouses hold, stores the outcome, and stops what comes after on a difference."""

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import dagster as dg

from dagster_project.defs.transform.dbt import OWNERS, REBUILD
from dagster_project.defs.transform.prepare import manifest_path
from dagster_project.defs.transform.statistics import STATISTICS
from dagster_project.resources.clickhouse import ClickHouseResource
from dagster_project.resources.postgres import PostgresResource
from dagster_project.settings import ANALYTICS, load_settings

if TYPE_CHECKING:
    import psycopg
    from clickhouse_connect.driver.client import Client

    from dagster_project.lib.parity import Verdict

MART_PARITY = dg.AssetKey(["postgres", "ops", "mart_parity"])
BATCH = 10_000
TEXT = 25  # pg_type.oid of text


def mart_keys() -> dict[str, list[str]]:
    """The marts that both engines build, with the key columns (text, days, whole numbers) that `meta.key` names.

    Raises:
        dagster.DagsterInvalidDefinitionError: there is none, or one names no key.
    """
    found: list[dict[str, list[str]]] = []
    for engine in ("postgres", "clickhouse"):
        nodes = json.loads(manifest_path(engine).read_bytes())["nodes"].values()
        marts = [node for node in nodes if node["resource_type"] == "model" and node["fqn"][1] == "marts"]
        found.append({mart["name"]: mart["config"]["meta"].get("key", []) for mart in marts})
    if not found[0] or found[0] != found[1]:
        raise dg.DagsterInvalidDefinitionError(
            f"marts of both engines: {sorted(found[0])} and {sorted(found[1])} differ"
        )
    if keyless := sorted(name for name, key in found[0].items() if not key):
        raise dg.DagsterInvalidDefinitionError(f"{', '.join(keyless)}: add meta.key, the columns that identify a row")
    return found[0]


MARTS = mart_keys()


@dg.asset(
    key=MART_PARITY,
    deps=[
        *(dg.AssetKey([engine, ANALYTICS, mart]) for engine in ("postgres", "clickhouse") for mart in MARTS),
        *STATISTICS,
    ],
    description="Every shared mart compared between PostgreSQL and ClickHouse, cell by cell; one row per mart and run.",
    group_name="transform",
    kinds={"postgres", "clickhouse", "python"},
    owners=OWNERS,
    pool="postgres",
    # Not of marts whose tests failed: what is published waits for this comparison.
    automation_condition=REBUILD,
    check_specs=[
        dg.AssetCheckSpec(
            "marts_agree",
            asset=MART_PARITY,
            blocking=True,
            description="No cell differs: exact for whole numbers, decimals and text, 1e-9 relative for floats.",
        )
    ],
)
def mart_parity(
    context: dg.AssetExecutionContext, postgres: PostgresResource, clickhouse: ClickHouseResource
) -> dg.MaterializeResult:
    """Compares and stores."""
    with postgres.connect() as connection, clickhouse.client() as client:
        verdicts = [_compare(connection, client, mart, key) for mart, key in MARTS.items()]
        _store(connection, context.run_id, verdicts)
    differing = [verdict for verdict in verdicts if not verdict.agree]
    lines = [
        f"{verdict.mart} {example.key} {example.column}: {example.postgres} / {example.clickhouse}"
        for verdict in differing
        for example in verdict.examples
    ]
    return dg.MaterializeResult(
        metadata={
            "marts": dg.MetadataValue.md(_table(verdicts)),
            "cells_compared": sum(verdict.cells for verdict in verdicts),
            "differences": sum(verdict.differences for verdict in verdicts),
        },
        check_results=[
            dg.AssetCheckResult(
                check_name="marts_agree",
                passed=not differing,
                description="; ".join(lines[:3]) or None,
                metadata={"differences": dg.MetadataValue.md("\n".join(f"- {line}" for line in lines) or "none")},
            )
        ],
    )


def _compare(connection: "psycopg.Connection", client: "Client", mart: str, key: list[str]) -> "Verdict":
    from dagster_project.lib.parity import compare, different_columns

    left_columns, left = _postgres_rows(connection, mart, key)
    right_columns, right = _clickhouse_rows(client, mart, key)
    return different_columns(mart, left_columns, right_columns) or compare(mart, left_columns, key, left, right)


def _postgres_rows(
    connection: "psycopg.Connection", mart: str, key: list[str]
) -> tuple[list[str], Iterator[Sequence[Any]]]:
    from psycopg import sql

    table = sql.Identifier(ANALYTICS, mart)
    empty = connection.execute(sql.SQL("SELECT * FROM {} LIMIT 0").format(table))
    texts = {column.name for column in empty.description or () if column.type_code == TEXT}
    cursor = connection.cursor(f"parity_{mart}")
    cursor.itersize = BATCH
    # COLLATE "C" is the order in which ClickHouse sorts text.
    order = sql.SQL(", ").join(
        sql.SQL('{} COLLATE "C"' if column in texts else "{}").format(sql.Identifier(column)) for column in key
    )
    cursor.execute(
        sql.SQL("SELECT * FROM {} ORDER BY {}").format(table, order),
    )
    return [column.name for column in cursor.description or ()], iter(cursor)


def _clickhouse_rows(client: "Client", mart: str, key: list[str]) -> tuple[list[str], Iterator[Sequence[Any]]]:
    database = load_settings().clickhouse_analytics
    table = f"`{database}`.`{mart}`"
    columns = list(client.query(f"SELECT * FROM {table} LIMIT 0").column_names)
    stream = client.query_row_block_stream(f"SELECT * FROM {table} ORDER BY {', '.join(f'`{name}`' for name in key)}")

    def rows() -> Iterator[Sequence[Any]]:
        with stream:
            for block in stream:
                yield from block

    return columns, rows()


def _store(connection: "psycopg.Connection", run_id: str, verdicts: "list[Verdict]") -> None:
    from dataclasses import asdict

    with connection.cursor() as cursor:
        cursor.executemany(
            """
            INSERT INTO ops.mart_parity
            (run_id, mart, rows_postgres, rows_clickhouse, cells_compared, differences, examples)
            VALUES (%s, %s, %s, %s, %s, %s, %s)
            """,
            [
                (
                    run_id,
                    verdict.mart,
                    verdict.rows_postgres,
                    verdict.rows_clickhouse,
                    verdict.cells,
                    verdict.differences,
                    json.dumps([asdict(example) for example in verdict.examples]),
                )
                for verdict in verdicts
            ],
        )


def _table(verdicts: "list[Verdict]") -> str:
    lines = ["| mart | rows PostgreSQL | rows ClickHouse | cells | differences |", "|---|---|---|---|---|"]
    lines += [f"| {v.mart} | {v.rows_postgres} | {v.rows_clickhouse} | {v.cells} | {v.differences} |" for v in verdicts]
    return "\n".join(lines)
