"""Replaces a table of both warehouses with the same rows: one text, which both engines read exactly.

PostgreSQL replaces in one transaction. ClickHouse fills the table beside it (`_next`) and swaps the rows in by REPLACE
PARTITION. ClickHouse goes first; a run that dies between the two is found by the comparison of the warehouses and
mended by the next run.
"""

from __future__ import annotations

import tempfile
from collections.abc import Generator, Iterable, Sequence
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    import psycopg
    from clickhouse_connect.driver.client import Client

PIECE = 1 << 20
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def replace(
    connection: psycopg.Connection, client: Client, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> int:
    """Writes the rows and returns how many there are. Memory does not grow with them.

    Args:
        connection: not in a transaction.
    """
    from psycopg import sql

    stored = 0
    with tempfile.TemporaryFile() as text:
        for row in rows:
            text.write(line(row))
            stored += 1
        client.command(f"TRUNCATE TABLE {table}_next")
        if stored:
            client.raw_insert(
                f"{table}_next", column_names=list(columns), insert_block=_pieces(text), fmt="TabSeparated"
            )
            client.command(f"ALTER TABLE {table} REPLACE PARTITION tuple() FROM {table}_next")
            client.command(f"TRUNCATE TABLE {table}_next")
        else:
            # ClickHouse refuses to replace a partition by nothing.
            client.command(f"TRUNCATE TABLE {table}")
        names = sql.SQL(", ").join(map(sql.Identifier, columns))
        with connection.transaction(), connection.cursor() as cursor:
            cursor.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
            with cursor.copy(sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), names)) as copy:
                for piece in _pieces(text):
                    copy.write(piece)
    return stored


def line(row: Sequence[Any]) -> bytes:
    """A row as COPY and TabSeparated read it. Floats keep every digit."""
    return ("\t".join(map(_cell, row)) + "\n").encode()


def _cell(value: Any) -> str:
    if value is None:
        return "\\N"
    if isinstance(value, str):
        return value.translate(_ESCAPES)
    return repr(value) if isinstance(value, float) else str(value)


def _pieces(text: IO[bytes]) -> Generator[bytes, None, None]:
    text.seek(0)
    while piece := text.read(PIECE):
        yield piece
