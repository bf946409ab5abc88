"""Scenes in which the disk of an engine is full. They need root, for a tmpfs that is small enough to fill."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import partial

from dagster_project.stack.theatre.ground import Ground, SmallDisk
from dagster_project.stack.theatre.play import Flop, Scene, Stage

# Free space while the scene is set up: PostgreSQL needs new WAL segments of 16 MiB.
SPARE = {"postgres": 128 << 20, "clickhouse": 64 << 20}
# What is left when the archiver starts, so that the disk ends in the middle of its work.
LEFT = {"postgres": 1 << 20, "clickhouse": 128 << 10}
RUNS = 10


def full(stage: Stage, engine: str) -> None:
    """The archiver runs until the disk is full, which it must say; then there is space again."""
    disk, ground = stage.disk, stage.ground
    disk.fill(LEFT[engine])
    error = ""
    for _ in range(RUNS):
        ended = stage.end_of(stage.archiver())
        if ended.code == 1:
            error = ended.error
            break
        if ended.code != 0:
            raise Flop(f"the archiver ended with {ended.code}: {ended.error}")
        stage.crowd.write_more(stage.rows // 10, patience=5)
    else:
        raise Flop(f"the disk of {engine} was not full after {RUNS} runs")
    died = not ground.stack.is_alive(engine)
    disk.free()
    if died:
        ground.relaunch(engine)
    else:
        ground.connect()
    stage.broken(f"{engine} {'died' if died else 'refused'} ({error.split(':')[0]})")
    stage.check()


def _small(ground: Ground, engine: str) -> AbstractContextManager[SmallDisk]:
    return ground.small_disk(engine, SPARE[engine])


SCENES = [
    Scene(
        "clickhouse_disk_full",
        "A ClickHouse that cannot store a batch fails it; nothing is marked, and it is archived when there is space.",
        partial(full, engine="clickhouse"),
        partial(_small, engine="clickhouse"),
    ),
    Scene(
        "postgres_disk_full",
        "A PostgreSQL that cannot store a manifest marks nothing, whether it refuses or dies of it.",
        partial(full, engine="postgres"),
        partial(_small, engine="postgres"),
    ),
]
