"""Scenes in which an engine dies under the archiver, or the clock does what it should not."""

from __future__ import annotations

import os
import signal

from dagster_project.stack.theatre.play import Flop, Scene, Stage
from dagster_project.stack.theatre.proxy import Fault, Proxy

INSERT = b"insert_deduplication_token"
SNAPSHOT = b"COPY (SELECT"
COMMIT = b"COMMIT"
# Snapshots are committed too.
MANIFEST = b"INSERT INTO ops.archive_manifests"
WAIT = 60.0


def clickhouse_dies(stage: Stage, fault: Fault, what: str) -> None:
    """The gateway process with its engine is killed when `fault` happens."""
    ground = stage.ground
    victim = ground.stack.pid("clickhouse")
    with Proxy(ground.port("clickhouse")) as proxy:
        fault.before_cut = lambda: os.kill(victim, signal.SIGKILL)
        proxy.expect(fault)
        archiver = stage.archiver(clickhouse=proxy.port)
        if not fault.happened.wait(WAIT):
            raise Flop(f"nothing to break came by: {stage.end_of(archiver).error}")
        ground.relaunch("clickhouse")
        stage.fails(archiver)
    stage.broken(what)
    stage.check()


def clickhouse_dies_mid_insert(stage: Stage) -> None:
    """In the middle of the request."""
    clickhouse_dies(stage, Fault(INSERT, upstream=20_000, skip=1), "20 kB into the second insert")


def clickhouse_dies_after_insert(stage: Stage) -> None:
    """When the rows are stored and the answer is on its way."""
    clickhouse_dies(stage, Fault(INSERT, downstream=0, skip=1), "second insert stored, no answer")


def postgres_dies(stage: Stage, fault: Fault, kill: signal.Signals, what: str) -> None:
    """PostgreSQL is stopped with `kill` when `fault` happens: INT restarts it in order, QUIT is a crash."""
    ground = stage.ground
    victim = ground.stack.pid("postgres")
    with Proxy(ground.port("postgres")) as proxy:
        fault.before_cut = lambda: os.kill(victim, kill)
        fault.pause = 0.2
        proxy.expect(fault)
        archiver = stage.archiver(postgres=proxy.port)
        if not fault.happened.wait(WAIT):
            raise Flop(f"nothing to break came by: {stage.end_of(archiver).error}")
        ground.relaunch("postgres")
        stage.fails(archiver)
    stage.broken(what)
    stage.check()


def postgres_restarts_mid_snapshot(stage: Stage) -> None:
    """An orderly restart while the lines of a batch are read."""
    fault = Fault(SNAPSHOT, downstream=20_000, skip=1)
    postgres_dies(stage, fault, signal.SIGINT, "restarted 20 kB into the second COPY")


def postgres_crashes_before_commit(stage: Stage) -> None:
    """A crash with the manifest and marks written; the COMMIT never arrives."""
    fault = Fault(COMMIT, MANIFEST, upstream=0, skip=1)
    postgres_dies(stage, fault, signal.SIGQUIT, "crashed before the second manifest's COMMIT")


def postgres_crashes_after_commit(stage: Stage) -> None:
    """A crash with the COMMIT done; its answer never arrives."""
    fault = Fault(COMMIT, MANIFEST, downstream=0, skip=1)
    postgres_dies(stage, fault, signal.SIGQUIT, "crashed after the second manifest's COMMIT")


def clock_jumps_back(stage: Stage) -> None:
    """The clock was an hour ahead: rows got versions of then and were archived, some purged; now it is right again."""
    connection = stage.ground.connection
    stage.crowd.pause()
    connection.execute("ALTER TABLE trades DISABLE TRIGGER USER")
    connection.execute("UPDATE trades SET updated_at = updated_at + interval '59 minutes'")
    connection.execute("ALTER TABLE trades ENABLE TRIGGER USER")
    for trade, version in stage.crowd.ledger.rows().values():
        row = connection.execute("SELECT updated_at FROM trades WHERE id = %s", [trade.id]).fetchone()
        assert row is not None, trade.id
        stage.crowd.ledger.acknowledge(trade, row[0])
        assert row[0] > version
    stage.run("--settle=-3600")
    stage.crowd.resume()
    stage.check()
    stage.more()
    stage.broken("versions of 59 minutes ahead")
    row = connection.execute("SELECT count(*) FROM trades WHERE updated_at > clock_timestamp()").fetchone()
    if not row or not row[0]:
        raise Flop("no row got a version later than the clock")


SCENES = [
    Scene(
        "clickhouse_dies_mid_insert",
        "A part of a batch in a killed ClickHouse is no batch: it is sent again whole.",
        clickhouse_dies_mid_insert,
    ),
    Scene(
        "clickhouse_dies_after_insert",
        "A batch that was stored without an answer is found when it is sent again.",
        clickhouse_dies_after_insert,
    ),
    Scene(
        "postgres_restarts_mid_snapshot",
        "A snapshot that ends early is no batch: nothing of it is sent.",
        postgres_restarts_mid_snapshot,
    ),
    Scene(
        "postgres_crashes_before_commit",
        "Rows in ClickHouse without a manifest are nobody's: not marked, not purged, sent again.",
        postgres_crashes_before_commit,
    ),
    Scene(
        "postgres_crashes_after_commit",
        "A manifest whose COMMIT was not answered counts, and is not written twice.",
        postgres_crashes_after_commit,
    ),
    Scene(
        "clock_jumps_back",
        "Corrections and upserts get later versions than what was archived, whatever the clock says.",
        clock_jumps_back,
    ),
]
