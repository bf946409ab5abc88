"""The archive's engine: one policy at a time, batch by batch, and nothing is marked that was not proven.

    with psycopg.connect(url, autocommit=True, options="-c timezone=UTC") as connection:
        outcome = archive(policy("trades"), connection, client)
        purged = purge(policy("trades"), connection)          # purge.py

`archive` takes the policy's advisory lock (a second archiver gets `Outcome.busy`), compares the contract with both
catalogs, and makes a pass over the rows that are due. Each batch is

1. planned and read in one read-only repeatable-read snapshot (snapshot.py): keys, versions, sums, then the lines;
2. streamed to ClickHouse with the batch id as insert token (warehouse.py), while the next batch is read and the one
   before is compared and marked (ahead.py); versions that a corrected trade leaves in another month are hidden first
   (moved_trades.py);
3. read back and compared: rows, hash over every column, exact sums, first and last times (side.py);
4. written down: manifest, marks and progress in one transaction (manifest.py).

A kill at any point leaves either a finished batch or none: the next call takes the interrupted pass up where its
progress says, and a batch that ClickHouse already has is the same batch again (same id, same token, same identities).
The named places are in crash_points.py; `CANDLEHOUSE_CRASH_AT=mid_insert` in the environment makes a process die there.

Connections must be in autocommit mode and in time zone UTC. Errors: `ContractBroken` (before any write), `NotVerified`
(the sides differ, after a second try; a failed manifest says how), the drivers' own errors when an engine is away.
"""

from __future__ import annotations

import itertools
import math
import time
import zlib
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from dagster_project.lib import moved_trades
from dagster_project.lib.archive import contract, gentle, manifest, progress, warehouse
from dagster_project.lib.archive.ahead import Ahead, Loaded
from dagster_project.lib.archive.crash_points import reach
from dagster_project.lib.archive.fitness import unfit
from dagster_project.lib.archive.policy import Policy
from dagster_project.lib.archive.recalls import recall_shown
from dagster_project.lib.archive.side import disagreement
from dagster_project.lib.archive.snapshot import Pass, Planned, coming, due, lines, parameters, plan, snapshot

if TYPE_CHECKING:
    import psycopg
    from clickhouse_connect.driver.client import Client

_LOCK_CLASS = 0x41524348  # "ARCH": one archiver per policy
TRIES = 2

Sent = tuple[Loaded, Future[str]]


class NotVerified(Exception):
    """ClickHouse does not hold what was sent; the message is one line. Nothing of the batch is marked."""


@dataclass
class Outcome:
    """What a call did. `busy`: another archiver holds the policy, nothing was done."""

    policy: str
    busy: bool = False
    rows: int = 0
    batches: int = 0
    bytes: int = 0
    quarantined: int = 0
    resumed: bool = False
    seconds: dict[str, float] = field(default_factory=dict)
    last_batch: str | None = None

    def spend(self, step: str, seconds: float) -> None:
        """Adds to the time of a step."""
        self.seconds[step] = self.seconds.get(step, 0.0) + seconds


@contextmanager
def only_archiver(connection: psycopg.Connection, policy: Policy) -> Iterator[bool]:
    """Whether this connection got the policy's lock. It is held to the end of the block or of the connection."""
    key = zlib.crc32(policy.name.encode()) - (1 << 31)
    row = connection.execute("SELECT pg_try_advisory_lock(%s, %s)", [_LOCK_CLASS, key]).fetchone()
    got = bool(row and row[0])
    try:
        yield got
    finally:
        if got and not connection.closed:
            connection.execute("SELECT pg_advisory_unlock(%s, %s)", [_LOCK_CLASS, key])


def archive(
    policy: Policy,
    connection: psycopg.Connection,
    client: Client,
    *,
    run_id: str | None = None,
    full: bool = False,
    on_batch: Callable[[Outcome], None] = lambda outcome: None,
    max_batches: int | None = None,
) -> Outcome:
    """Archives every row that is due.

    Args:
        run_id: kept in the manifests.
        full: compare every due row with the marks instead of looking only at versions newer than the last pass.
        on_batch: called after every batch with the figures so far.
        max_batches: stop after so many; the next call goes on there.

    Raises:
        ContractBroken: a table is not what the policy says. Nothing was written.
        NotVerified: ClickHouse does not hold what was sent. Earlier batches are archived.
    """
    outcome = Outcome(policy.name)
    with only_archiver(connection, policy) as got:
        if not got:
            outcome.busy = True
            return outcome
        gentle.backend(connection)
        contract.check(connection, client, policy)
        work = _Work(policy, connection, client, run_id, outcome, on_batch, max_batches)
        resumed = True
        while resumed:
            reach("before_pass")
            taken, resumed = progress.begin(connection, policy, full)
            if taken is None:
                break
            outcome.resumed |= resumed
            if not work.make(taken):
                return outcome
        if policy.follows_reopened:
            work.follow_reopened()
    return outcome


class _Work:
    """One call of `archive` with what it needs at every step."""

    def __init__(
        self,
        policy: Policy,
        connection: psycopg.Connection,
        client: Client,
        run_id: str | None,
        outcome: Outcome,
        on_batch: Callable[[Outcome], None],
        max_batches: int | None,
    ) -> None:
        self.policy, self.connection, self.client = policy, connection, client
        self.run_id, self.outcome, self.on_batch, self.max_batches = run_id, outcome, on_batch, max_batches
        self.types = contract.postgres_columns(connection, policy)
        self.unfit = unfit(connection, policy)
        self.software = software(connection, client)

    def make(self, taken: Pass) -> bool:
        """Makes a pass; False when `max_batches` ended it early."""
        with Ahead(self.connection, self.load, self.send) as ahead:
            end = self._batches(ahead, taken)
        if end is None:
            return False
        taken = end
        self.quarantine(taken)
        if self.policy.follows_reopened:
            recall_shown(self.connection, self.client, self.policy, taken)
        reach("before_pass_end")
        progress.end(self.connection, self.policy)
        return True

    def _batches(self, ahead: Ahead, taken: Pass) -> Pass | None:
        """Archives batch after batch; the pass behind the last one, None when `max_batches` ended it early."""
        sent: Sent | None = None
        end: Pass | None = None
        left = math.inf if self.max_batches is None else self.max_batches - self.outcome.batches
        while left > 0:
            left -= 1
            try:
                loaded = ahead.take(taken)
            except Exception:
                # What the reader ran into says nothing about the batch before.
                if sent:
                    self.prove(*sent)
                raise
            if loaded is None:
                end = taken
                break
            taken = taken.after(loaded.planned.cursor)
            if loaded.is_full and left:
                ahead.begin(taken)
            sending = ahead.send(loaded)
            if sent:
                self.prove(*sent)
            sent = loaded, sending
        if sent:
            self.prove(*sent)
        return end

    def follow_reopened(self) -> None:
        """Sends rows that were archived and are no longer due in the state that they have now."""
        known = self.connection.execute(
            "SELECT EXISTS (SELECT FROM ops.archive_recalls WHERE policy = %s)", [self.policy.name]
        ).fetchone()
        taken = Pass("-infinity", "infinity", "-infinity", "infinity", False, recalled=True)
        while known and known[0] and (loaded := self.load(self.connection, taken)):
            taken = taken.after(loaded.planned.cursor)
            self.prove(loaded)

    def load(self, connection: psycopg.Connection, taken: Pass) -> Loaded | None:
        """Reads the next batch of a pass in one snapshot; None when nothing is left."""
        reach("before_snapshot")
        seconds: dict[str, float] = {}
        clock = _Clock(seconds)
        with snapshot(connection):
            planned = plan(connection, self.policy, taken, self.unfit, self.types)
            clock.lap("plan")
            if planned is None:
                return None
            reach("after_plan")
            blocks = list(lines(connection, self.policy, taken, self.unfit, self.types, planned))
            clock.lap("read")
            moving = coming(connection, self.policy, planned)
            clock.lap("former")
        full = planned.rows == self.policy.batch_rows or planned.bytes > self.policy.batch_bytes // 2
        return Loaded(planned, blocks, seconds, taken.recalled, full, moving)

    def send(self, loaded: Loaded, attempt: int = 0) -> str:
        """Inserts a batch into ClickHouse; the id of the query there."""
        # A token that ClickHouse remembers swallows the insert even when its rows are gone; a second try has its own.
        batch = loaded.planned.batch
        token = str(batch) if attempt == 0 else f"{batch}:{attempt}:{time.time_ns()}"
        clock = _Clock(loaded.seconds)
        # Before the insert: a kill in between leaves a row in PostgreSQL alone, never the old one beside the new one.
        moved_trades.hide(self.client, loaded.coming)
        clock.lap("hide")
        reach("after_hide")
        query = warehouse.insert(self.client, self.policy, _with_crash_points(loaded.blocks), token)
        clock.lap("insert")
        reach("after_insert")
        return query

    def prove(self, loaded: Loaded, sending: Future[str] | None = None) -> None:
        """Compares a batch that is being sent (else it is sent here), and writes down the verdict.

        Raises:
            NotVerified: the sides differ. The manifest says how.
        """
        planned = loaded.planned
        record = manifest.Record(self.software, self.run_id, seconds=loaded.seconds)
        for attempt in itertools.count():
            try:
                record.queries["insert"] = sending.result() if sending else self.send(loaded, attempt)
            except Exception as error:
                self._give_up(planned, record, f"insert: {_line(error)}")
                raise
            sending = None
            clock = _Clock(record.seconds)
            reason = self._compare(planned, record)
            clock.lap("read_back")
            if reason is None:
                break
            if record.clickhouse and record.clickhouse.rows < planned.rows and attempt + 1 < TRIES:
                continue
            self._give_up(planned, record, reason)
            raise NotVerified(f"archive policy {self.policy.name}: batch {planned.batch}: {reason}: nothing was marked")
        reach("after_read_back")
        clock = _Clock(record.seconds)
        manifest.verified(self.connection, self.policy, planned, record, loaded.recalled)
        clock.lap("mark")
        reach("after_commit")
        self._count(planned, record)

    def _compare(self, planned: Planned, record: manifest.Record) -> str | None:
        """Why the sides differ; None when they agree."""
        found = warehouse.read_back(self.client, self.policy, planned.batch)
        if found.side.rows > planned.rows:
            found = warehouse.read_back(self.client, self.policy, planned.batch, distinct=True)
        record.clickhouse, record.days = found.side, found.days
        record.queries["read_back"] = found.query_id
        return disagreement(planned.side, found.side)

    def _give_up(self, planned: Planned, record: manifest.Record, reason: str | None) -> None:
        manifest.failed(self.connection, self.policy, planned, record, reason or "unknown")

    def _count(self, planned: Planned, record: manifest.Record) -> None:
        outcome = self.outcome
        outcome.rows += planned.rows
        outcome.bytes += planned.bytes
        outcome.batches += 1
        outcome.last_batch = str(planned.batch)
        for step, seconds in record.seconds.items():
            outcome.spend(step, seconds)
        self.on_batch(outcome)

    def quarantine(self, taken: Pass) -> None:
        """Keeps a copy of due rows that ClickHouse cannot hold, with the reason. They stay in PostgreSQL."""
        everything = replace(taken, cursor=None)
        for reason, condition in self.unfit:
            cursor = self.connection.execute(
                "INSERT INTO ops.quarantine AS stored (source, row_key, reason, payload)"
                f' SELECT %(quarantine)s, t."{self.policy.key}"::text, %(reason)s, to_jsonb(t)'
                f" FROM {self.policy.source} AS t"
                f" WHERE {due(self.policy, everything, [])} AND ({condition}) IS TRUE"
                " ON CONFLICT (source, row_key, reason) DO UPDATE SET payload = excluded.payload, last_seen_at = now(),"
                " times_seen = stored.times_seen + 1".encode(),
                parameters(self.policy, everything) | {"quarantine": f"archive/{self.policy.name}", "reason": reason},
            )
            self.outcome.quarantined += cursor.rowcount


class _Clock:
    def __init__(self, laps: dict[str, float]) -> None:
        self._laps, self._last = laps, time.perf_counter()

    def lap(self, step: str) -> None:
        now = time.perf_counter()
        self._laps[step] = self._laps.get(step, 0.0) + now - self._last
        self._last = now


def software(connection: psycopg.Connection, client: Client) -> str:
    """Versions of what made a manifest."""
    from importlib.metadata import version

    server = connection.info.parameter_status("server_version")
    return f"candlehouse {version('candlehouse')}, PostgreSQL {server}, ClickHouse {client.server_version}"


def _with_crash_points(blocks: list[bytes]) -> Generator[bytes, None, None]:
    for place, block in enumerate(blocks):
        reach("mid_insert" if place else "before_insert")
        yield block
    reach("mid_insert")


def _line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:500]
