"""SQLite files of other programs: opened for reading only, told apart by their tables, read row by row exactly."""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote

from dagster_project.lib.import_account import ImportFailed

MAGIC = b"SQLite format 3\0"
SHOWN_TABLES = 6

Schema = dict[str, list[str]]
"""Table name -> its columns, in order."""


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that sees one moment of the file, also while its program goes on writing, and changes nothing.

    Raises:
        ImportFailed: there is no such file, or it is no SQLite database.
    """
    try:
        with path.open("rb") as file:
            head = file.read(len(MAGIC))
    except OSError as error:
        raise ImportFailed(f"{path}: {error.strerror}: give the SQLite file of the old program") from None
    if head != MAGIC:
        raise ImportFailed(f"{path} is no SQLite database: give the SQLite file of the old program")
    address = f"file:{quote(str(path.resolve()))}?mode=ro"
    # A file in WAL mode on a medium that cannot be written to opens only as immutable.
    last_try = "" if path.with_name(f"{path.name}-wal").exists() else "&immutable=1"
    try:
        connection = _connect(address)
    except sqlite3.DatabaseError:
        try:
            connection = _connect(address + last_try)
        except sqlite3.DatabaseError as error:
            raise ImportFailed(f"{path} cannot be read: {error}") from None
    with closing(connection):
        yield connection


def _connect(address: str) -> sqlite3.Connection:
    connection = sqlite3.connect(address, uri=True, isolation_level=None)
    try:
        connection.text_factory = lambda data: data.decode("utf-8", "surrogateescape")
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.DatabaseError:
        connection.close()
        raise
    return connection


def schema(connection: sqlite3.Connection) -> Schema:
    """All tables and their columns."""
    names = [
        name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    ]
    return {
        name: [row[1] for row in connection.execute(f"PRAGMA table_info({_quoted(name)})")]
        for name in names
        if not name.startswith("sqlite_")
    }


def rows(connection: sqlite3.Connection, table: str, columns: list[str]) -> Iterator[dict[str, Any]]:
    """The rows of a table, in the order of rowid; a column `rowid` is added where the table has none.

    A REAL becomes the Decimal of its shortest decimals, a BLOB what is left of it: its length and SHA-256.
    """
    listed = ", ".join(_quoted(column) for column in columns)
    cursor = connection.execute(f"SELECT rowid, {listed} FROM {_quoted(table)} ORDER BY rowid")
    cursor.arraysize = 1000
    for rowid, *values in cursor:
        yield {"rowid": rowid} | {column: exact(value) for column, value in zip(columns, values, strict=True)}


def count(connection: sqlite3.Connection, table: str) -> int:
    """How many rows a table has."""
    return connection.execute(f"SELECT count(*) FROM {_quoted(table)}").fetchone()[0]


def largest(connection: sqlite3.Connection, table: str, column: str) -> Any:
    """The largest number of a column, or None."""
    statement = (
        f"SELECT max({_quoted(column)}) FROM {_quoted(table)} WHERE typeof({_quoted(column)}) IN ('integer', 'real')"
    )
    return exact(connection.execute(statement).fetchone()[0])


def exact(value: Any) -> Any:
    """A value of SQLite without loss."""
    match value:
        case float():
            return Decimal(repr(value))
        case bytes():
            return {"bytes": len(value), "sha256": hashlib.sha256(value).hexdigest()}
        case _:
            return value


def is_freqtrade(tables: Schema) -> bool:
    """freqtrade's trade database, of any generation."""
    return {"pair", "is_open", "open_rate", "stake_amount"} <= set(tables.get("trades", ()))


def what_is_it(connection: sqlite3.Connection, tables: Schema) -> str:
    """One clause about a file that nothing here reads."""
    candles = [name for name, columns in tables.items() if re.match(r"candles_", name) and "vwp" in columns]
    if candles:
        found = sum(count(connection, name) for name in candles)
        return f"a Gekko candle history ({found:,} candles in {len(candles)} tables), which holds no trades"
    if "candle" in tables.get("ohlcv", ()):
        return f"an OctoBot data file ({count(connection, 'ohlcv'):,} candles), which holds no trades"
    if {"studies", "trials"} <= set(tables):
        trials = count(connection, "trials")
        return f"an Optuna study storage ({trials:,} trials), which holds no trades"
    shown = ", ".join(list(tables)[:SHOWN_TABLES]) or "no tables"
    more = f" and {len(tables) - SHOWN_TABLES} more" if len(tables) > SHOWN_TABLES else ""
    return f"an unknown database with {shown}{more}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
