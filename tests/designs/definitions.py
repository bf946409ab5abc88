"""Printed table definitions as columns with type families, read back from the engine that they were written for."""

from __future__ import annotations

import re
from typing import Any

import psycopg

Columns = dict[str, str]

_FAMILIES = {
    "text": ("text", "character varying", "uuid", "string", "lowcardinality", "fixedstring", "enum8"),
    "number": ("real", "double precision", "numeric", "float32", "float64", "decimal"),
    "integer": ("integer", "bigint", "smallint", "uint8", "uint16", "uint32", "uint64", "int32", "int64"),
    "time": ("timestamp with time zone", "datetime64", "datetime"),
    "boolean": ("boolean", "bool"),
    "json": ("jsonb",),
    "array": ("array", "text[]"),
    "date": ("date",),
}


def family(kind: str) -> str:
    """The family of a type name of either engine: an application that reads one member reads the others.

    Text ids and UUIDs are one family, exact and binary numbers another: money is never binary here. Integers of any
    width are one; Nullable is the same family as its type.
    """
    bare = re.sub(r"^(Nullable|LowCardinality)\((.*)\)$", r"\2", kind)
    bare = re.sub(r"^Nullable\((.*)\)$", r"\1", bare)
    bare = re.sub(r"\(.*", "", bare).strip().lower()
    for name, members in _FAMILIES.items():
        if bare in members:
            return name
    raise AssertionError(f"no family for the type {kind}")


def postgres_columns(connection: psycopg.Connection[Any], schema: str, table: str) -> Columns:
    """Columns of a table or view in their order, with the engine's type names."""
    rows = connection.execute(
        "SELECT a.attname, format_type(a.atttypid, NULL) FROM pg_attribute AS a WHERE a.attrelid = %s::regclass"
        " AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum",
        (f"{schema}.{table}",),
    )
    return dict(rows.fetchall())


def clickhouse_columns(client: Any, database: str, table: str) -> Columns:
    """Columns of a table or view in their order, with the engine's type names."""
    rows = client.query(
        "SELECT name, type FROM system.columns WHERE database = {database:String} AND table = {table:String} ORDER BY"
        " position",
        parameters={"database": database, "table": table},
    ).result_rows
    return dict(rows)


def families(columns: Columns) -> dict[str, str]:
    """The same columns by family."""
    return {name: family(kind) for name, kind in columns.items()}
