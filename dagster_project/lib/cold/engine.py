"""Months of a table go to files, with proof before anything is dropped.

    with both(settings) as (connection, client):
        outcome = apply(policy("trades_history"), connection, client, store, now)

A month goes round until it rests: what readers see of it is written to a file; the file is read back from the store and
compared (rows, hash over every column, exact sums, times) with what readers see then; it is written down and views read
it; the parts of the partition that the comparison covered are dropped by name. A row that comes meanwhile is in a part
with another name: it stays, and the month goes round again with a new generation of the file that holds it too.

A kill at any point leaves rows in ClickHouse, in a file that views read, or in both, which counts once (reading.py);
the next call goes on there. The named places are in CRASH_POINTS; `CANDLEHOUSE_CRASH_AT=cold_mid_drop` dies there.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from dagster_project.lib.archive.crash_points import reach
from dagster_project.lib.archive.engine import software
from dagster_project.lib.archive.side import Side
from dagster_project.lib.cold import files, ledger, separation, views
from dagster_project.lib.cold.errors import NotProven, readable
from dagster_project.lib.cold.figures import difference, figures
from dagster_project.lib.cold.ledger import ColdFile
from dagster_project.lib.cold.leftovers import remove_leftovers
from dagster_project.lib.cold.policies import ColdPolicy
from dagster_project.lib.cold.reading import Files, as_one
from dagster_project.lib.cold.store import Store
from dagster_project.lib.cold.table import INGESTED, Table, parts, table

if TYPE_CHECKING:
    import psycopg
    from clickhouse_connect.driver.client import Client

# In the order of a month; what is true at that moment.
CRASH_POINTS = {
    "cold_before_write": "nothing of the month has been written",
    "cold_mid_write": "a part of the file is sent",
    "cold_after_write": "the file is in the store, nothing was read back",
    "cold_after_proof": "the file is proven, nothing is written down",
    "cold_before_commit": "manifest and state are written, not committed",
    "cold_after_commit": "the file counts, views do not read it",
    "cold_before_drop": "views read the file, no part is dropped",
    "cold_mid_drop": "a part of the partition is dropped",
    "cold_after_drop": "the partition is dropped, nothing is written down",
    "cold_before_delete": "the month rests, a replaced file is still in the store",
    "cold_before_attach": "a restored month is in a scratch table and proven",
    "cold_after_attach": "the month is in ClickHouse and in a file that views read",
    "cold_after_restore": "the restore is written down, views still read the file",
}
ROUNDS = 5
# An INSERT may take so long between the moment that it stamps its rows with and the moment that they can be seen.
SLOWEST_INSERT = timedelta(hours=1)
# What came since the files were last compared is looked at by every query.
COMPARED_EVERY = timedelta(hours=12)
# A query may still read a file that was replaced.
KEPT_AFTER_REPLACED = timedelta(hours=1)


@dataclass
class Outcome:
    """What a call did: files written, their rows and bytes, parts dropped, files deleted; months by YYYYMM."""

    table: str
    months: list[int] = field(default_factory=list)
    files: int = 0
    rows: int = 0
    bytes: int = 0
    parts: int = 0
    deleted: int = 0
    leftovers: int = 0


@dataclass(frozen=True)
class Plan:
    """Months (YYYYMM) of a table and why: old enough, late rows for a file, a file with replaced rows, unfinished."""

    table: str
    due: dict[int, int]
    late: list[int]
    changed: list[int]
    unfinished: list[int]
    held: list[int]

    @property
    def months(self) -> list[int]:
        """All of them: files with replaced rows first, then oldest first."""
        return [*self.changed, *sorted({*self.due, *self.late, *self.unfinished} - {*self.changed})]


def plan(policy: ColdPolicy, connection: psycopg.Connection, client: Client, store: Store, now: datetime) -> Plan:
    """What `apply` would do. Changes nothing.

    Raises:
        NotFit: the table is not laid out as files need it.
        UnknownTable: it has no policy.
    """
    return _plan(policy, table(client, policy), connection, client, store, now)


def apply(
    policy: ColdPolicy,
    connection: psycopg.Connection,
    client: Client,
    store: Store,
    now: datetime,
    *,
    month: int | None = None,
    run_id: str | None = None,
    on_month: Callable[[Outcome], None] = lambda outcome: None,
) -> Outcome:
    """Sends every month that is due to a file and drops its partition. A second call does nothing.

    Args:
        now: UTC; a month is due when it ended more than the policy's months before.
        month: this month (YYYYMM) alone, due or restored or not.
        on_month: called after every month with the figures so far.

    Raises:
        NotProven: a file is not what it should be. The month is still in ClickHouse, or in the file that was damaged.
        StoreError: the store does not answer.
        Busy: another process works on this table.
        NotFit: the table is not laid out as files need it.
    """
    described = table(client, policy)
    outcome = Outcome(policy.table)
    with ledger.only_writer(connection, described.name):
        outcome.leftovers = remove_leftovers(connection, client, store, described)
        work = _Work(described, connection, client, store, run_id, outcome)
        work.show()
        started = _now(client) - SLOWEST_INSERT
        months = [month] if month else _plan(policy, described, connection, client, store, now).months
        for one in months:
            work.move(one, started)
            outcome.months.append(one)
            on_month(outcome)
        if not month:
            work.remember(started, bool(months))
        work.delete_replaced(now)
    return outcome


def _plan(
    policy: ColdPolicy,
    described: Table,
    connection: psycopg.Connection,
    client: Client,
    store: Store,
    now: datetime,
) -> Plan:
    newest = policy.newest_due(now)
    read = ledger.files(connection, described.name, *ledger.READ)
    restored = {file.month for file in ledger.files(connection, described.name, "restored")}
    held = restored - {file.month for file in read}
    stored = parts(client, described.name)
    due = {month: len(names) for month, names in stored.items() if newest and month <= newest}
    cold = {file.month for file in read}
    return Plan(
        policy.table,
        {month: count for month, count in due.items() if month not in held and month not in cold},
        sorted(cold & stored.keys()),
        _changed(client, described, ledger.read_now(connection, described.name), store),
        sorted(file.month for file in read if file.state == "served" and file.month not in stored),
        sorted(held),
    )


def _changed(client: Client, described: Table, read: Files, store: Store) -> list[int]:
    """Months whose files hold rows of which ClickHouse has got versions since, wherever these lie."""
    if not described.moves or not read.paths or read.compared_at is None:
        return []
    source = store.table_function(list(read.paths.values()), described.structure)
    with readable():
        rows = client.query(
            f"SELECT DISTINCT toYYYYMM(`{described.time}`) FROM {source} WHERE {described.identity} IN ("
            f"SELECT {described.identity} FROM {described.name}"
            f" WHERE `{INGESTED}` >= {{since:DateTime64(6, 'UTC')}}) ORDER BY 1",
            parameters={"since": read.compared_at.astimezone(UTC)},
        ).result_rows
    return [int(month) for (month,) in rows]


def _now(client: Client) -> datetime:
    stamp = client.query("SELECT toUnixTimestamp64Micro(now64(6))").result_rows[0][0]
    return datetime.fromtimestamp(stamp / 1_000_000, UTC)


class _Work:
    """One call of `apply` with what it needs at every step."""

    def __init__(
        self,
        described: Table,
        connection: psycopg.Connection,
        client: Client,
        store: Store,
        run_id: str | None,
        outcome: Outcome,
    ) -> None:
        self.table, self.connection, self.client, self.store = described, connection, client, store
        self.run_id, self.outcome = run_id, outcome
        self.software = software(connection, client)
        self._checked: set[int] = set()

    def show(self) -> None:
        """Views read what the ledger says."""
        views.show(self.client, self.table, self.read(), self.store)

    def remember(self, started: datetime, moved: bool) -> None:
        """No row that came before `started` is newer than what the files hold: readers look at those after it only."""
        read = self.read()
        if not read.paths or not self.table.moves or read.compared_at is None:
            return
        if moved or started - read.compared_at > COMPARED_EVERY:
            ledger.compared(self.connection, self.table.name, started, self.run_id)
            self.show()

    def read(self) -> Files:
        """The files that views read."""
        return ledger.read_now(self.connection, self.table.name)

    def move(self, month: int, started: datetime) -> None:
        """Brings a month to rest: in a proven file, and not in ClickHouse."""
        for _ in range(ROUNDS):
            names, seen = self.settled(month)
            file = self.file_of(month)
            if not seen.rows:
                if file:
                    # Every row of it has a newer version elsewhere.
                    ledger.happened(self.connection, "replaced", file, self.run_id, {"by": None})
                    self.show()
                return
            if not file or file.columns != self.table.columns or file.side != seen:
                proven = self.export(month, names, started)
                file = self.file_of(month)
                if proven is None or file is None:
                    continue
                names = proven
            elif file.id not in self._checked:
                files.check(self.client, self.store, self.table, file)
                self._checked.add(file.id)
            if self.table.moves:
                self.separate(file, started)
            if self.drop(file, names):
                return
        raise NotProven(f"{self.table.name} {month}: rows came in every one of {ROUNDS} rounds: nothing was dropped")

    def file_of(self, month: int) -> ColdFile | None:
        """The file of a month that views read."""
        found = [file for file in ledger.files(self.connection, self.table.name, *ledger.READ) if file.month == month]
        return found[-1] if found else None

    def settled(self, month: int) -> tuple[list[str], Side]:
        """Parts of a month, and the figures of what readers see of it while these were its parts."""
        names = parts(self.client, self.table.name, month).get(month, [])
        for _ in range(ROUNDS):
            seen = self.seen(month)
            after = parts(self.client, self.table.name, month).get(month, [])
            if after == names:
                return names, seen
            names = after
        raise NotProven(f"{self.table.name} {month}: its parts change all the time: nothing was dropped")

    def seen(self, month: int) -> Side:
        """The figures of what readers see of a month."""
        select = as_one(self.table, self.read(), self.store)
        return figures(self.client, self.table, f"({select})", self.table.month(month))

    def export(self, month: int, names: list[str], started: datetime) -> list[str] | None:
        """Writes a month to a new file, which counts when it is what readers see; the parts that were compared with it,
        None when rows came meanwhile."""
        reach("cold_before_write")
        seconds: dict[str, float] = {}
        number = ledger.generation(self.connection, self.table.name, month)
        path = files.name_of(self.table, month, number)
        select = f"SELECT * FROM ({as_one(self.table, self.read(), self.store)}) WHERE {self.table.month(month)}"
        start = time.perf_counter()
        try:
            written = files.write(self.client, self.store, self.table, path, select)
            seconds["write"] = time.perf_counter() - start
            reach("cold_after_write")
            side = files.proven(self.client, self.store, self.table, path, written, seconds)
            start = time.perf_counter()
            after, seen = self.settled(month)
            seconds["compare"] = time.perf_counter() - start
        except BaseException:
            self.store.delete(path)
            raise
        if reason := difference("ClickHouse", seen, "the file", side):
            self.store.delete(path)
            if after == names and not self.table.moves:
                raise NotProven(f"{self.table.name} {month}: {reason}: nothing was dropped")
            return None
        reach("cold_after_proof")
        with self.connection.transaction():
            first = not self.read().paths
            file = ledger.write_down(
                self.connection,
                self.table,
                month,
                number,
                path,
                written,
                seen,
                side,
                kind="export",
                seconds=seconds,
                software=self.software,
                run_id=self.run_id,
            )
            for older in ledger.files(self.connection, self.table.name, *ledger.READ, "restored"):
                if older.month == month:
                    ledger.happened(self.connection, "replaced", older, self.run_id, {"by": file.id})
            ledger.happened(self.connection, "served", file, self.run_id)
            if first:
                ledger.compared(self.connection, self.table.name, started, self.run_id)
            reach("cold_before_commit")
        reach("cold_after_commit")
        self._checked.add(file.id)
        self.outcome.files += 1
        self.outcome.rows += side.rows
        self.outcome.bytes += written.bytes
        self.show()
        return after

    def separate(self, file: ColdFile, started: datetime) -> None:
        """Nothing older of the file's rows stays in other files, nor in other months of ClickHouse, once its partition
        is gone: what told that it is older would be gone too."""
        others = [path for month, path in self.read().paths.items() if month != file.month]
        for month in separation.months_with(self.client, self.store, self.table, others, file):
            self.move(month, started)
        separation.delete_older(self.client, self.store, self.table, file)

    def drop(self, file: ColdFile, names: list[str]) -> bool:
        """Drops the parts that were compared; False when one of them was merged away."""
        from clickhouse_connect.driver.exceptions import DatabaseError

        reach("cold_before_drop")
        for name in names:
            try:
                self.client.command(f"ALTER TABLE {self.table.name} DROP PART '{name}'")
            except DatabaseError as error:
                if name in parts(self.client, self.table.name, file.month).get(file.month, []):
                    raise NotProven(f"{self.table.name}: part {name} is not dropped: {_line(error)}") from error
                return False
            self.outcome.parts += 1
            reach("cold_mid_drop")
        reach("cold_after_drop")
        ledger.happened(self.connection, "dropped", file, self.run_id, {"parts": names})
        if reason := difference("the file", file.side, "the views", self.seen(file.month)):
            if parts(self.client, self.table.name, file.month):
                return False
            raise NotProven(f"{file.path}: after the drop: {reason}: `candlehouse cold verify {self.table.name}`")
        return not parts(self.client, self.table.name, file.month)

    def delete_replaced(self, now: datetime) -> None:
        """Removes files from the store that newer ones replaced a while ago."""
        for file in ledger.files(self.connection, self.table.name, "replaced"):
            if file.since <= now - KEPT_AFTER_REPLACED:
                reach("cold_before_delete")
                self.store.delete(file.path)
                ledger.happened(self.connection, "deleted", file, self.run_id)
                self.outcome.deleted += 1


def _line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
