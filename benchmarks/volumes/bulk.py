"""Loading faster than an application writes: without indexes and triggers, which are put back and checked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql

# Indexes of a table and of its partitions that no constraint needs; those of the table itself first.
INDEXES = """
SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid), obj_description(i.indexrelid, 'pg_class'),
    h.inhparent::regclass::text
FROM pg_index AS i
LEFT JOIN pg_inherits AS h ON h.inhrelid = i.indexrelid
WHERE
    (i.indrelid = %(table)s::regclass OR i.indrelid IN (SELECT relid FROM pg_partition_tree(%(table)s::regclass)))
    AND NOT EXISTS (SELECT FROM pg_constraint AS c WHERE c.conindid = i.indexrelid)
ORDER BY i.indrelid <> %(table)s::regclass, i.indrelid, i.indexrelid
"""


@contextmanager
def without_indexes(connection: psycopg.Connection[Any], table: str) -> Iterator[None]:
    """Drops the indexes of `public.table` that no constraint needs, and builds them again by their own definitions."""
    found = connection.execute(INDEXES, {"table": f"public.{table}"}).fetchall()
    for name, _, _, parent in found:
        if parent is None:
            connection.execute(f"DROP INDEX {name}".encode())
    yield
    for name, definition, comment, parent in found:
        connection.execute(definition.encode())
        if parent:
            connection.execute(f"ALTER INDEX {parent} ATTACH PARTITION {name}".encode())
        if comment:
            connection.execute(sql.SQL("COMMENT ON INDEX {} IS {}").format(sql.SQL(name), sql.Literal(comment)))
        if " USING hnsw " in definition:
            connection.execute(f"ALTER INDEX {name} ALTER COLUMN 1 SET STATISTICS 0".encode())


@contextmanager
def without_triggers(connection: psycopg.Connection[Any]) -> Iterator[None]:
    """No trigger fires, foreign keys included: the generator itself fills what they fill, and its test checks that."""
    connection.execute("SET session_replication_role = replica")
    yield
    connection.execute("RESET session_replication_role")
