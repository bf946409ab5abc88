"""Processor time of everything that this process has started: unlike a clock's, it hardly depends on other load."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import psutil

T = TypeVar("T")


def spent() -> float:
    """Seconds of this process, its descendants (the engines among them) and those that ended."""
    me = psutil.Process()
    total = 0.0
    for process in (me, *me.children(recursive=True)):
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue  # its parent has its time by now, or will be asked next time
        total += times.user + times.system + times.children_user + times.children_system
    return total


def measured(work: Callable[[], T]) -> tuple[T, float]:
    """What `work` returns, and the processor seconds that it took everywhere."""
    before = spent()
    return work(), spent() - before
