"""Compares every mart that both warehouses hold, stores the outcome, and stops what comes after on a difference."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
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
# The cut that both sides are built of, and the one up to which they agreed: where no build since made everything anew,
# and every row was compared within a day.
_CUTS = """
SELECT
    (
        SELECT CASE WHEN count(*) = 2 THEN min(newest.as_of) END
        FROM (SELECT DISTINCT ON (b.engine) b.as_of FROM ops.mart_builds AS b ORDER BY b.engine, b.id DESC) AS newest
    ),
    (
        SELECT p.as_of
        FROM (SELECT * FROM ops.mart_parity WHERE mart = %(mart)s ORDER BY id DESC LIMIT 1) AS p
        WHERE
            p.differences = 0
            AND NOT EXISTS (SELECT FROM ops.mart_builds AS b WHERE b.is_full AND b.built_at >= p.checked_at)
            AND EXISTS (
                SELECT FROM ops.mart_parity AS w
                WHERE w.mart = p.mart AND w.is_whole AND w.differences = 0
                    AND w.checked_at > clock_timestamp() - interval '1 day'
            )
    )
"""


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


def versioned_marts() -> dict[str, str]:
    """The marts that grow without end, with the column of the version of a row that `meta.version` names."""
    nodes = json.loads(manifest_path("postgres").read_bytes())["nodes"].values()
    marts = [node for node in nodes if node["name"] in MARTS and node["resource_type"] == "model"]
    return {mart["name"]: mart["config"]["meta"]["version"] for mart in marts if "version" in mart["config"]["meta"]}


VERSIONED = versioned_marts()


@dataclass(frozen=True)
class Scope:
    """Of which cut both sides are, and from which version on rows are compared; all of them where `since` is None."""

    as_of: datetime | None = None
    since: datetime | None = None
    version: str | None = None


WHOLE = Scope()


@dg.asset(
    key=MART_PARITY,
    deps=[
        *(dg.AssetKey([engine, ANALYTICS, mart]) for engine in ("postgres", "clickhouse") for mart in MARTS),
        *STATISTICS,
    ],
    description=(
        "Every shared mart compared between PostgreSQL and ClickHouse, cell by cell; one row per mart and run. Of facts"
        " of trades the rows that changed since both agreed, all of them once a day and after a full build."
    ),
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
        scopes = {mart: _scope(connection, mart) for mart in MARTS}
        verdicts = [_compare(connection, client, mart, key, scopes[mart]) for mart, key in MARTS.items()]
        _store(connection, context.run_id, verdicts, scopes)
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


def _scope(connection: "psycopg.Connection", mart: str) -> Scope:
    row = connection.execute(_CUTS, {"mart": mart}).fetchone()
    assert row is not None
    as_of, agreed = row
    version = VERSIONED.get(mart)
    return Scope(as_of, agreed if version else None, version)


def _compare(
    connection: "psycopg.Connection", client: "Client", mart: str, key: list[str], scope: Scope = WHOLE
) -> "Verdict":
    from dagster_project.lib.parity import compare, different_columns, different_counts

    left_columns, left = _postgres_rows(connection, mart, key, scope)
    right_columns, right = _clickhouse_rows(client, mart, key, scope)
    if verdict := different_columns(mart, left_columns, right_columns):
        return verdict
    verdict = compare(mart, left_columns, key, left, right)
    if scope.since is not None:
        different_counts(verdict, *_counts(connection, client, mart))
    return verdict


def _counts(connection: "psycopg.Connection", client: "Client", mart: str) -> tuple[int, int]:
    """Rows of a mart in both warehouses."""
    from psycopg import sql

    row = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(ANALYTICS, mart))).fetchone()
    assert row is not None
    ((stored,),) = client.query(f"SELECT count() FROM `{load_settings().clickhouse_analytics}`.`{mart}`").result_rows
    return row[0], stored


def _postgres_rows(
    connection: "psycopg.Connection", mart: str, key: list[str], scope: Scope
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
    some = (
        sql.SQL("WHERE {} > {}").format(sql.Identifier(scope.version), sql.Placeholder("since"))
        if scope.since and scope.version
        else sql.SQL("")
    )
    cursor.execute(
        sql.SQL("SELECT * FROM {} {} ORDER BY {}").format(table, some, order),
        {"since": scope.since} if scope.since else None,
    )
    return [column.name for column in cursor.description or ()], iter(cursor)


def _clickhouse_rows(
    client: "Client", mart: str, key: list[str], scope: Scope
) -> tuple[list[str], Iterator[Sequence[Any]]]:
    database = load_settings().clickhouse_analytics
    table = f"`{database}`.`{mart}`"
    columns = list(client.query(f"SELECT * FROM {table} LIMIT 0").column_names)
    some = f"WHERE `{scope.version}` > {{since:DateTime64(6, 'UTC')}}" if scope.since else ""
    stream = client.query_row_block_stream(
        f"SELECT * FROM {table} {some} ORDER BY {', '.join(f'`{name}`' for name in key)}",
        parameters={"since": scope.since.astimezone(UTC).replace(tzinfo=None)} if scope.since else None,
    )

    def rows() -> Iterator[Sequence[Any]]:
        with stream:
            for block in stream:
                yield from block

    return columns, rows()


def _store(connection: "psycopg.Connection", run_id: str, verdicts: "list[Verdict]", scopes: dict[str, Scope]) -> None:
    from dataclasses import asdict

    with connection.cursor() as cursor:
        cursor.executemany(
            """
            INSERT INTO ops.mart_parity
            (run_id, mart, rows_postgres, rows_clickhouse, cells_compared, differences, examples, as_of, is_whole)
            VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
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
                    scopes[verdict.mart].as_of,
                    scopes[verdict.mart].since is None,
                )
                for verdict in verdicts
            ],
        )


def _table(verdicts: "list[Verdict]") -> str:
    lines = ["| mart | rows PostgreSQL | rows ClickHouse | cells | differences |", "|---|---|---|---|---|"]
    lines += [f"| {v.mart} | {v.rows_postgres} | {v.rows_clickhouse} | {v.cells} | {v.differences} |" for v in verdicts]
    return "\n".join(lines)
