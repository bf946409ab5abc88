"""Cold files in PostgreSQL: what was proven (ops.cold_files) and what became of it (ops.cold_events)."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from dagster_project.lib.archive.side import Side
from dagster_project.lib.cold.figures import side
from dagster_project.lib.cold.reading import Files
from dagster_project.lib.cold.store import Written
from dagster_project.lib.cold.table import Table

if TYPE_CHECKING:
    import psycopg

_LOCK_CLASS = 0x434F4C44  # "COLD": one writer per table
READ = ("served", "dropped")


class Busy(Exception):
    """Another process works on the cold files of the table; the message is one line."""


@dataclass(frozen=True)
class ColdFile:
    """A file of the ledger with its state; `side` is what its rows were proven to be."""

    id: int
    table: str
    month: int
    generation: int
    path: str
    bytes: int
    sha256: str
    side: Side
    columns: tuple[tuple[str, str], ...]
    state: str
    since: datetime

    def described(self, table: Table) -> Table:
        """The table with the columns that the file has."""
        return Table(table.name, self.columns, table.time, table.key, table.version)


_FILES = """
SELECT f.id, f.table_name, f.month, f.generation, f.path, f.bytes, f.sha256, f.file, f.columns, s.state, s.since
FROM ops.cold_files AS f
INNER JOIN ops.cold_state AS s ON s.id = f.id
WHERE (%(table)s::text IS NULL OR f.table_name = %(table)s) AND s.state = ANY (%(states)s)
ORDER BY f.table_name, f.month, f.generation
"""


@contextmanager
def only_writer(connection: psycopg.Connection, table: str) -> Iterator[None]:
    """Holds the table's lock to the end of the block or of the connection.

    Raises:
        Busy: another connection holds it.
    """
    key = zlib.crc32(table.encode()) - (1 << 31)
    row = connection.execute("SELECT pg_try_advisory_lock(%s, %s)", [_LOCK_CLASS, key]).fetchone()
    if not (row and row[0]):
        raise Busy(f"another process works on the cold files of {table}: try again when it is done")
    try:
        yield
    finally:
        if not connection.closed:
            connection.execute("SELECT pg_advisory_unlock(%s, %s)", [_LOCK_CLASS, key])


def files(connection: psycopg.Connection, table: str | None, *states: str) -> list[ColdFile]:
    """Files in one of these states, by table, month and generation."""
    rows = connection.execute(_FILES, {"table": table, "states": list(states)}).fetchall()
    return [
        ColdFile(
            number, name, month, generation, path, size, sha256, side(found), tuple(map(tuple, columns)), state, since
        )
        for number, name, month, generation, path, size, sha256, found, columns, state, since in rows
    ]


def read_now(connection: psycopg.Connection, table: str) -> Files:
    """What views are to read."""
    row = connection.execute(
        "SELECT max(at) FROM ops.cold_events WHERE table_name = %s AND event = 'compared'", [table]
    ).fetchone()
    return Files({file.month: file.path for file in files(connection, table, *READ)}, row[0] if row else None)


def generation(connection: psycopg.Connection, table: str, month: int) -> int:
    """The number of the next file of a month."""
    row = connection.execute(
        "SELECT coalesce(max(generation), 0) + 1 FROM ops.cold_files WHERE table_name = %s AND month = %s",
        [table, month],
    ).fetchone()
    return row[0] if row else 1


def write_down(
    connection: psycopg.Connection,
    table: Table,
    month: int,
    number: int,
    path: str,
    written: Written,
    source: Side,
    file: Side,
    *,
    kind: str,
    seconds: dict[str, float],
    software: str,
    run_id: str | None,
) -> ColdFile:
    """Lists a proven file. The database refuses one whose sides differ."""
    connection.execute(
        "INSERT INTO ops.cold_files (kind, table_name, month, generation, path, bytes, sha256, rows, source, file,"
        " columns, seconds, software, run_id) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            kind,
            table.name,
            month,
            number,
            path,
            written.bytes,
            written.sha256,
            file.rows,
            json.dumps(source.as_json()),
            json.dumps(file.as_json()),
            json.dumps(table.columns),
            json.dumps({name: round(value, 4) for name, value in seconds.items()}),
            software,
            run_id,
        ],
    )
    return next(one for one in files(connection, table.name, "written") if one.path == path)


def happened(
    connection: psycopg.Connection,
    event: str,
    file: ColdFile,
    run_id: str | None,
    details: dict[str, Any] | None = None,
) -> None:
    """Writes down what became of a file."""
    connection.execute(
        "INSERT INTO ops.cold_events (table_name, file_id, event, details, run_id) VALUES (%s, %s, %s, %s, %s)",
        [file.table, file.id, event, json.dumps(details or {}), run_id],
    )


def compared(connection: psycopg.Connection, table: str, at: datetime, run_id: str | None) -> None:
    """Writes down that rows which came before `at` (UTC) hold nothing newer than the files."""
    connection.execute(
        "INSERT INTO ops.cold_events (table_name, event, at, run_id) VALUES (%s, 'compared', %s, %s)",
        [table, at, run_id],
    )
