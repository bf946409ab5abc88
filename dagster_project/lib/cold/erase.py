"""Rows leave cold files on request: new files without them take over, and the old ones are deleted at once."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dagster_project.lib.archive.engine import software
from dagster_project.lib.cold import files, ledger, views
from dagster_project.lib.cold.errors import NotProven, readable
from dagster_project.lib.cold.figures import difference, figures
from dagster_project.lib.cold.files import intact
from dagster_project.lib.cold.ledger import ColdFile
from dagster_project.lib.cold.leftovers import remove_leftovers
from dagster_project.lib.cold.policies import ColdPolicy, UnknownTable, policy
from dagster_project.lib.cold.reading import AS_ONE
from dagster_project.lib.cold.store import Store
from dagster_project.lib.cold.table import Table
from dagster_project.lib.cold.table import table as catalog

if TYPE_CHECKING:
    import psycopg
    from clickhouse_connect.driver.client import Client


# Files that are in the store.
HOLDING = (*ledger.READ, "written", "restored", "replaced")


@dataclass(frozen=True)
class Rewritten:
    """A file that held such rows: how many it lost, and the file that took over (None: none were left, or the month is
    in ClickHouse again)."""

    month: int
    path: str
    rows: int
    successor: str | None


def erase(
    rule: ColdPolicy,
    connection: psycopg.Connection,
    client: Client,
    store: Store,
    column: str,
    values: Sequence[str],
    *,
    run_id: str | None = None,
) -> list[Rewritten]:
    """Takes the rows whose column has one of these values (as text) out of every file of the table.

    Rows in ClickHouse are the caller's: delete them there first, for a file that a kill leaves behind is rewritten from
    what is in the file alone. A second call finds nothing.

    Raises:
        NotProven: a new file is not the old one less these rows. That file and those after it are as they were.
        StoreError: the store does not answer.
        Busy: another process works on this table.
        KeyError: the table has no such column.
    """
    described = catalog(client, rule)
    if column not in dict(described.columns):
        raise KeyError(f"{rule.table} has no column {column}")
    condition, parameters = _condition(column), {"values": list(values)}
    done = []
    with ledger.only_writer(connection, described.name):
        remove_leftovers(connection, client, store, described)
        for file in ledger.files(connection, described.name, *HOLDING):
            own = file.described(described)
            gone = _matching(client, store, described, file, column, values)
            if not gone:
                continue
            successor = None
            if file.state in ledger.READ and gone < file.side.rows:
                successor = _rewrite(connection, client, store, own, file, condition, parameters, run_id)
            elif file.state in ledger.READ:
                ledger.happened(connection, "replaced", file, run_id, {"by": None, "erased": gone})
            views.show(client, described, ledger.read_now(connection, described.name), store)
            store.delete(file.path)
            ledger.happened(connection, "deleted", file, run_id, {"erased": gone})
            done.append(Rewritten(file.month, file.path, gone, successor))
    return done


def _rewrite(
    connection: psycopg.Connection,
    client: Client,
    store: Store,
    own: Table,
    file: ColdFile,
    condition: str,
    parameters: dict[str, list[str]],
    run_id: str | None,
) -> str:
    intact(store, file)
    source = store.table_function([file.path], own.structure)
    seconds: dict[str, float] = {}
    number = ledger.generation(connection, own.name, file.month)
    path = files.name_of(own, file.month, number)
    start = time.perf_counter()
    select = f"SELECT {own.names} FROM {source} WHERE NOT ({condition})"
    written = files.write(client, store, own, path, select, parameters)
    seconds["write"] = time.perf_counter() - start
    side = files.proven(client, store, own, path, written, seconds)
    kept = figures(client, own, source, f"NOT ({condition})", parameters)
    if reason := difference("the old file", kept, "the new file", side):
        store.delete(path)
        raise NotProven(f"{path}: {reason}: {file.path} stays as it was")
    with connection.transaction():
        newer = ledger.write_down(
            connection,
            own,
            file.month,
            number,
            path,
            written,
            kept,
            side,
            kind="erasure",
            seconds=seconds,
            software=software(connection, client),
            run_id=run_id,
        )
        ledger.happened(connection, "replaced", file, run_id, {"by": newer.id})
        # Parts of the partition may still be there when the file that is replaced was not dropped yet.
        ledger.happened(connection, file.state, newer, run_id)
    return path


class ColdFiles:
    """The files of every table, as `candlehouse erase` asks for them. Tables that have no policy have no files."""

    def __init__(self, connection: psycopg.Connection, client: Client, store: Store, run_id: str | None = None) -> None:
        self._connection, self._client, self._store, self._run_id = connection, client, store, run_id

    def view(self, table: str) -> str | None:
        """The view over the table and its files as one; None when views read no files."""
        rule = _rule(table)
        if rule is None or not ledger.read_now(self._connection, rule.storage).paths:
            return None
        return rule.storage + AS_ONE

    def count(self, table: str, column: str, values: Sequence[str]) -> int:
        """Rows in files, replaced ones among them, whose column has one of these values (as text)."""
        rule = _rule(table)
        if rule is None:
            return 0
        described = catalog(self._client, rule)
        held = ledger.files(self._connection, rule.storage, *HOLDING)
        return sum(_matching(self._client, self._store, described, file, column, values) for file in held)

    def erase(self, table: str, column: str, values: Sequence[str]) -> int:
        """Writes these files anew without the rows; how many went. See `erase`."""
        rule = _rule(table)
        if rule is None:
            return 0
        done = erase(rule, self._connection, self._client, self._store, column, values, run_id=self._run_id)
        return sum(one.rows for one in done)


def _rule(table: str) -> ColdPolicy | None:
    try:
        return policy(table)
    except UnknownTable:
        return None


def _condition(column: str) -> str:
    return f"toString(`{column}`) IN {{values:Array(String)}}"


def _matching(
    client: Client, store: Store, described: Table, file: ColdFile, column: str, values: Sequence[str]
) -> int:
    own = file.described(described)
    if column not in dict(own.columns):
        return 0
    with readable():
        row = client.query(
            f"SELECT count() FROM {store.table_function([file.path], own.structure)} WHERE {_condition(column)}",
            parameters={"values": list(values)},
        ).result_rows[0]
    return int(row[0])
