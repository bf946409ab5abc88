"""A month comes back from its file, and the drill that tries it without changing anything."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dagster_project.lib import moved_trades
from dagster_project.lib.archive.crash_points import reach
from dagster_project.lib.archive.side import Side
from dagster_project.lib.cold import ledger, views
from dagster_project.lib.cold.errors import Damaged, NotProven, readable
from dagster_project.lib.cold.figures import difference, figures
from dagster_project.lib.cold.files import intact
from dagster_project.lib.cold.ledger import ColdFile
from dagster_project.lib.cold.leftovers import scratch_of
from dagster_project.lib.cold.policies import ColdPolicy, policy
from dagster_project.lib.cold.reading import Files, as_one
from dagster_project.lib.cold.store import Store, StoreError
from dagster_project.lib.cold.table import Table, table

if TYPE_CHECKING:
    import psycopg
    from clickhouse_connect.driver.client import Client


class NotCold(Exception):
    """The month is in no file; the message is one line."""


@dataclass(frozen=True)
class Restored:
    """What a restore did. `already`: the month was in ClickHouse before."""

    table: str
    month: int
    rows: int
    path: str
    already: bool = False


@dataclass(frozen=True)
class Drill:
    """A restore that was tried; `reason` says why it failed."""

    table: str
    month: int
    path: str
    passed: bool
    reason: str | None
    rows: int
    bytes: int
    seconds: float


def restorable(connection: psycopg.Connection, name: str, month: int) -> ColdFile:
    """The file that holds a month now, or held it last when it is restored.

    Raises:
        NotCold: there is none.
    """
    found = [file for file in ledger.files(connection, name, *ledger.READ, "restored") if file.month == month]
    if not found:
        months = [str(file.month) for file in ledger.files(connection, name, *ledger.READ)]
        known = f"in files are {', '.join(months)}" if months else "the table has no files"
        raise NotCold(f"{name} has no cold file of month {month}: {known}")
    return found[-1]


def restore(
    rule: ColdPolicy,
    connection: psycopg.Connection,
    client: Client,
    store: Store,
    month: int,
    *,
    run_id: str | None = None,
) -> Restored:
    """Brings a month back into ClickHouse, proven by the same comparison. A second call does nothing.

    The file stays in the store until a newer one replaces it. The month stays in ClickHouse until
    `candlehouse cold apply TABLE --month` sends it off again.

    Raises:
        NotCold: the month is in no file.
        Damaged, NotProven: the file is not what was written, or what came back is not what the file holds.
        StoreError: the store does not answer.
        Busy: another process works on this table.
    """
    described = table(client, rule)
    with ledger.only_writer(connection, described.name):
        file = restorable(connection, described.name, month)
        read = ledger.read_now(connection, described.name)
        views.show(client, described, read, store)
        if file.state == "restored":
            return Restored(rule.table, month, file.side.rows, file.path, already=True)
        intact(store, file)
        rest = Files({place: path for place, path in read.paths.items() if place != month}, read.compared_at)
        wanted = _seen(client, described, read, store, month)
        if difference("views", wanted, "ClickHouse", _seen(client, described, rest, store, month)):
            with _scratch(client, store, described, file) as scratch:
                reach("cold_before_attach")
                client.command(f"ALTER TABLE {described.name} ATTACH PARTITION {month} FROM {scratch}")
        reach("cold_after_attach")
        if described.name == moved_trades.STORAGE:
            moved_trades.hide_left(client)
        back = _seen(client, described, rest, store, month)
        if reason := difference("views", wanted, "ClickHouse", back):
            raise NotProven(f"{described.name} {month}: {reason}: views still read the file")
        ledger.happened(connection, "restored", file, run_id)
        reach("cold_after_restore")
        views.show(client, described, ledger.read_now(connection, described.name), store)
    return Restored(rule.table, month, back.rows, file.path)


def drill(
    connection: psycopg.Connection,
    client: Client,
    store: Store,
    *,
    count: int,
    max_bytes: int,
    run_id: str | None = None,
) -> list[Drill]:
    """Restores files into scratch tables, the one that was tried longest ago first, and drops them again.

    The outcome of each is a row of ops.restore_drills, failed ones too.

    Args:
        count: at most so many files.
        max_bytes: stop before the sum of their sizes exceeds this; one file is always tried.
    """
    tried_at = dict(
        connection.execute("SELECT file_id, max(drilled_at) FROM ops.restore_drills WHERE passed GROUP BY file_id")
    )
    known = ledger.files(connection, None, *ledger.READ, "restored")
    chosen, total = [], 0
    for file in sorted(known, key=lambda file: (tried_at[file.id].timestamp() if file.id in tried_at else 0, file.id)):
        if len(chosen) == count or (chosen and total + file.bytes > max_bytes):
            break
        chosen.append(file)
        total += file.bytes
    done = [_drill(connection, client, store, file, run_id) for file in chosen]
    return [one for one in done if one]


def _drill(
    connection: psycopg.Connection, client: Client, store: Store, file: ColdFile, run_id: str | None
) -> Drill | None:
    """None when another process works on the table: that is neither good nor bad."""
    start, reason, rule = time.perf_counter(), None, policy(file.table)
    try:
        described = table(client, rule)
        with ledger.only_writer(connection, file.table), _scratch(client, store, described, file):
            pass
    except ledger.Busy:
        return None
    except (NotProven, StoreError) as error:
        reason = str(error)
    seconds, rows = time.perf_counter() - start, 0 if reason else file.side.rows
    connection.execute(
        "INSERT INTO ops.restore_drills (file_id, passed, reason, rows, bytes, seconds, run_id)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s)",
        [file.id, reason is None, reason, rows, file.bytes, seconds, run_id],
    )
    return Drill(rule.table, file.month, file.path, reason is None, reason, rows, file.bytes, seconds)


@contextmanager
def _scratch(client: Client, store: Store, described: Table, file: ColdFile) -> Iterator[str]:
    """A table with the rows of a file, compared with its manifest; dropped at the end of the block.

    Raises:
        Damaged: they differ.
    """
    intact(store, file)
    own, name = file.described(described), scratch_of(described)
    client.command(f"DROP TABLE IF EXISTS {name} SYNC")
    try:
        client.command(f"CREATE TABLE {name} AS {described.name}")
        # By the columns of today, as views read it.
        source = store.table_function([file.path], described.structure)
        with readable():
            client.command(f"INSERT INTO {name} ({described.names}) SELECT {described.names} FROM {source}")
        if reason := difference("its manifest", file.side, "the restored rows", figures(client, own, f"{name} FINAL")):
            raise Damaged(f"{file.path}: {reason}")
        yield name
    finally:
        client.command(f"DROP TABLE IF EXISTS {name} SYNC")


def _seen(client: Client, described: Table, read: Files, store: Store, month: int) -> Side:
    return figures(client, described, f"({as_one(described, read, store)})", described.month(month))
