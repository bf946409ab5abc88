"""The list of scenes, in the order in which they are played."""

from __future__ import annotations

from dagster_project.stack.theatre import crashes, disks, engines, network, retries
from dagster_project.stack.theatre.play import Scene


class UnknownScene(Exception):
    """No scene has that name; the message lists those that are there."""


def scenes() -> dict[str, Scene]:
    """Every scene by its name: the crash points first."""
    found = [*crashes.SCENES, *engines.SCENES, *network.SCENES, *retries.SCENES, *disks.SCENES]
    return {scene.name: scene for scene in found}


def choose(names: tuple[str, ...]) -> list[Scene]:
    """The scenes of these names, all of them for none.

    Raises:
        UnknownScene: there is none of that name.
    """
    known = scenes()
    for name in names:
        if name not in known:
            raise UnknownScene(f"no scene {name}: choose from {', '.join(known)}")
    return [known[name] for name in names] if names else list(known.values())
