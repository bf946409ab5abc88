"""Scenes in which the archiver itself dies: SIGKILL at every named crash point of the engine."""

from __future__ import annotations

from functools import partial

from dagster_project.lib.archive.crash_points import CRASH_POINTS
from dagster_project.stack.theatre.play import KILLED, Flop, Scene, Stage

# Reached once in a pass, all others once a batch.
ONCE = ("before_pass", "before_pass_end")


def at_point(stage: Stage, point: str) -> None:
    """Dies at a point, the first to third time that it comes there."""
    stage.crash(point, 1 if point in ONCE else stage.random.randint(1, 3))
    stage.check()


def over_and_over(stage: Stage) -> None:
    """Dies six times in a row, each time somewhere else, before it may come through."""
    died = []
    for _ in range(6):
        point = stage.random.choice(list(CRASH_POINTS))
        ended = stage.end_of(stage.archiver(crash_at=f"{point}:{stage.random.randint(1, 2)}"))
        if ended.code == KILLED:
            died.append(point)
        elif ended.code != 0:
            raise Flop(f"on the way to {point}: {ended.error}")
        stage.check()
        stage.more()
    stage.broken(", ".join(died))


def two_at_once(stage: Stage) -> None:
    """Two archivers start together and make four rounds each."""
    both = [stage.archiver("--rounds=4"), stage.archiver("--rounds=4")]
    for process in both:
        ended = stage.end_of(process)
        if ended.code != 0:
            raise Flop(f"one of two archivers ended with {ended.code}: {ended.error}")
    stage.broken("two archivers")
    stage.check()


SCENES = [
    *(Scene(point, f"Killed when {truth}.", partial(at_point, point=point)) for point, truth in CRASH_POINTS.items()),
    Scene("over_and_over", "Six kills in a row at drawn points, without one pass that comes through.", over_and_over),
    Scene("two_at_once", "Two archivers at the same time take no row twice.", two_at_once),
]
