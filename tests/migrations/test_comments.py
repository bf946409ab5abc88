"""Everything that people read in PostgreSQL says what it is: schemas, tables, views and every column of theirs."""

from __future__ import annotations

import psycopg

from tests.conftest import Warehouse

OWN_SCHEMAS = ["public", "ops", "nof0", "learning", "hybrid", "quantbot", "tradingagents"]
# Alembic's own table, and the ledger that exists before the first migration.
NOT_OURS = ["ops.alembic_version", "ops.applied_migrations"]
COLUMNS = """
    SELECT format('%%s.%%s', n.nspname, c.relname), a.attname, obj_description(c.oid, 'pg_class'),
        col_description(c.oid, a.attnum)
    FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE n.nspname = ANY (%s) AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
        AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.objid = c.oid AND d.deptype = 'e')
    ORDER BY 1, a.attnum
"""


def test_every_table_view_and_column_has_a_comment(warehouse: Warehouse) -> None:
    with psycopg.connect(warehouse.settings.postgres_url) as connection:
        rows = [row for row in connection.execute(COLUMNS, [OWN_SCHEMAS]) if row[0] not in NOT_OURS]
    assert {relation.split(".")[0] for relation, *_ in rows} == set(OWN_SCHEMAS)
    assert [f"{relation}.{column}" for relation, column, _, comment in rows if not comment] == []
    assert sorted({relation for relation, _, comment, _ in rows if not comment}) == []


def test_every_schema_and_function_has_a_comment(warehouse: Warehouse) -> None:
    with psycopg.connect(warehouse.settings.postgres_url) as connection:
        silent = connection.execute(
            """
            SELECT nspname FROM pg_namespace
            WHERE nspname = ANY (%(own)s) AND obj_description(oid, 'pg_namespace') IS NULL
            UNION ALL
            SELECT p.oid::regprocedure::text FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
            WHERE n.nspname = ANY (%(own)s) AND obj_description(p.oid, 'pg_proc') IS NULL
                AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.objid = p.oid AND d.deptype = 'e')
            """,
            {"own": OWN_SCHEMAS},
        ).fetchall()
    assert silent == []
