"""Scenes in which the network between the archiver and one of the engines misbehaves."""

from __future__ import annotations

from dagster_project.stack.theatre.engines import COMMIT, INSERT, MANIFEST, SNAPSHOT, WAIT
from dagster_project.stack.theatre.ground import STORAGE
from dagster_project.stack.theatre.play import Flop, Scene, Stage
from dagster_project.stack.theatre.proxy import Fault, Proxy

READ_BACK = b"formatRow"
PLAN = b"bounded"


def broken_once(stage: Stage, engine: str, fault: Fault, what: str) -> None:
    """`fault` happens once; the archiver may fail or get over it."""
    with Proxy(stage.ground.port(engine)) as proxy:
        proxy.expect(fault)
        archiver = (
            stage.archiver(postgres=proxy.port) if engine == "postgres" else stage.archiver(clickhouse=proxy.port)
        )
        ended = stage.end_of(archiver)
        if not fault.happened.is_set():
            raise Flop(f"nothing to break came by: {ended.error}")
        if ended.code not in (0, 1):
            raise Flop(f"the archiver ended with {ended.code}: {ended.error}")
    stage.broken(f"{what}, archiver {'failed' if ended.code else 'got over it'}")
    stage.check()


def insert_cut(stage: Stage) -> None:
    """Reset in the middle of the request."""
    broken_once(stage, "clickhouse", Fault(INSERT, upstream=20_000, skip=1), "20 kB into the second insert")


def insert_frozen(stage: Stage) -> None:
    """Nothing passes for three seconds, then a reset."""
    broken_once(stage, "clickhouse", Fault(INSERT, upstream=20_000, skip=1, pause=3), "frozen 3 s into an insert")


def insert_answer_lost(stage: Stage) -> None:
    """The insert is done, its answer is lost."""
    broken_once(stage, "clickhouse", Fault(INSERT, downstream=0, skip=1), "no answer to the second insert")


def insert_answer_truncated(stage: Stage) -> None:
    """The insert is done, its answer ends in the middle of its headers."""
    broken_once(stage, "clickhouse", Fault(INSERT, downstream=40), "40 bytes of the first answer")


def insert_doubled(stage: Stage) -> None:
    """The same request arrives twice at the same moment."""
    broken_once(stage, "clickhouse", Fault(INSERT, mirror=True, skip=1), "second insert sent twice at once")


def read_back_truncated(stage: Stage) -> None:
    """What is read back ends early: a part of the proof is no proof."""
    broken_once(stage, "clickhouse", Fault(READ_BACK, downstream=450, skip=1), "450 bytes of the second read-back")


def plan_truncated(stage: Stage) -> None:
    """The keys and sums of a batch end early."""
    broken_once(stage, "postgres", Fault(PLAN, downstream=300, skip=1), "300 bytes of the second plan")


def snapshot_cut(stage: Stage) -> None:
    """The lines of a batch end early."""
    broken_once(stage, "postgres", Fault(SNAPSHOT, downstream=20_000, skip=1), "20 kB of the second COPY")


def commit_lost(stage: Stage) -> None:
    """The COMMIT of manifest and marks does not arrive."""
    broken_once(stage, "postgres", Fault(COMMIT, MANIFEST, upstream=0, skip=1), "second manifest's COMMIT lost")


def commit_answer_lost(stage: Stage) -> None:
    """The COMMIT of manifest and marks is done, its answer is lost."""
    broken_once(stage, "postgres", Fault(COMMIT, MANIFEST, downstream=0, skip=1), "no answer to that COMMIT")


def slow(stage: Stage) -> None:
    """Ten milliseconds more for every piece, to both engines, in both directions."""
    ground = stage.ground
    with Proxy(ground.port("clickhouse"), 0.01) as clickhouse, Proxy(ground.port("postgres"), 0.01) as postgres:
        stage.run(clickhouse=clickhouse.port, postgres=postgres.port)
    stage.broken("10 ms a piece")
    stage.check()


def insert_delivered_late(stage: Stage) -> None:
    """A copy of an insert arrives when its rows are archived, purged and corrected, past the deduplication window."""
    client = stage.ground.client
    with Proxy(stage.ground.port("clickhouse")) as proxy:
        fault = proxy.expect(Fault(INSERT))
        stage.run(clickhouse=proxy.port)
        if not fault.happened.wait(WAIT):
            raise Flop("no insert came by")
        stage.more()
        stage.run()
        stage.more()
        client.command(f"SYSTEM STOP MERGES {STORAGE}")
        try:
            with stage.without_window():
                before = client.command(f"SELECT count() FROM {STORAGE}")
                answer = proxy.deliver(fault.request)
                after = client.command(f"SELECT count() FROM {STORAGE}")
        finally:
            client.command(f"SYSTEM START MERGES {STORAGE}")
    if b" 200 " not in answer or int(str(after)) <= int(str(before)):
        raise Flop(f"the late insert brought no rows: {answer.decode()}, {before} rows before, {after} after")
    stage.broken(f"{int(str(after)) - int(str(before))} old rows delivered late")
    stage.check()


SCENES = [
    Scene("insert_cut", "A cut-off insert is sent again whole.", insert_cut),
    Scene("insert_frozen", "An insert on a network that freezes, then breaks, is sent again whole.", insert_frozen),
    Scene(
        "insert_answer_lost", "An insert whose answer is lost is recognised when it is sent again.", insert_answer_lost
    ),
    Scene("insert_answer_truncated", "Half an answer counts as none.", insert_answer_truncated),
    Scene("insert_doubled", "The same insert twice at the same moment shows every row once.", insert_doubled),
    Scene(
        "insert_delivered_late",
        "A copy of an old insert, delivered after the purge and after corrections, hides no newer version.",
        insert_delivered_late,
    ),
    Scene(
        "read_back_truncated", "Half a read-back proves nothing: the batch is not marked by it.", read_back_truncated
    ),
    Scene("plan_truncated", "Half a plan sends nothing.", plan_truncated),
    Scene("snapshot_cut", "A snapshot cut off in the middle becomes no batch.", snapshot_cut),
    Scene("commit_lost", "A manifest that was not committed marks nothing.", commit_lost),
    Scene(
        "commit_answer_lost",
        "A manifest that was committed without an answer is not written twice.",
        commit_answer_lost,
    ),
    Scene("slow", "A slow network costs time only.", slow),
]
