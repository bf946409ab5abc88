"""Rows and hash of every table of a PostgreSQL database, as one snapshot shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dagster_project.lib.archive.text import lanes_text

if TYPE_CHECKING:
    import psycopg

Contents = dict[str, list]

_TABLES = """
SELECT n.nspname, c.relname FROM pg_class AS c INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence = 'p' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.objid = c.oid AND d.deptype = 'e')
ORDER BY 1, 2
"""
_SETTINGS = """
SELECT unnest(s.setconfig) FROM pg_db_role_setting AS s INNER JOIN pg_database AS d ON d.oid = s.setdatabase
WHERE d.datname = current_database() AND s.setrole = 0 ORDER BY 1
"""


def contents(connection: psycopg.Connection) -> Contents:
    """{"schema.table": [rows, hash]}; the hash is the sum of two 64-bit hashes of every row's text in any order.

    Partitions count, the tables above them do not. The session must be in UTC with default settings of text.
    """
    from psycopg import sql

    found: Contents = {}
    for schema, name in connection.execute(_TABLES).fetchall():
        row = connection.execute(
            sql.SQL(
                "SELECT count(*), coalesce(sum(hashtextextended(t::text, 0)::numeric), 0),"
                " coalesce(sum(hashtextextended(t::text, 1)::numeric), 0) FROM ONLY {} AS t"
            ).format(sql.Identifier(schema, name))
        ).fetchone()
        assert row is not None
        found[f"{schema}.{name}"] = [row[0], lanes_text(int(row[1]), int(row[2]))]
    return found


def settings(connection: psycopg.Connection) -> list[str]:
    """What ALTER DATABASE ... SET has set, as name=value."""
    return [value for (value,) in connection.execute(_SETTINGS).fetchall()]


def first_difference(wanted: Contents, found: Contents) -> str | None:
    """The first table that differs, in words; None when all are equal."""
    for name in sorted(wanted.keys() | found.keys()):
        if name not in found:
            return f"table {name} is missing"
        if name not in wanted:
            return f"table {name} was not in the dump"
        if wanted[name] != found[name]:
            rows = f"{wanted[name][0]} rows dumped, {found[name][0]} restored"
            return f"table {name}: {rows if wanted[name][0] != found[name][0] else 'other values'}"
    return None
