"""Memory of the engines while something runs."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from types import TracebackType
from typing import Self

import psutil


class Peak:
    """The most memory that this process, ClickHouse and PostgreSQL took, looked at twice a second.

    MB: resident memory of this process and of ClickHouse; of PostgreSQL the private memory of all its processes and all
    shared memory of the machine. Proportional shares are more exact, but the kernel walks every page for them: 14 s of
    CPU in a build of 75 s.
    """

    def __init__(self, clickhouse: int, postgres: int) -> None:
        self._clickhouse, self._postgres = psutil.Process(clickhouse), psutil.Process(postgres)
        self._own = psutil.Process(os.getpid())
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self.most = {"dbt and Python": 0, "clickhouse": 0, "postgres": 0}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._stop.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._stop.wait(0.5):
            found = {
                "dbt and Python": self._own.memory_info().rss,
                "clickhouse": self._clickhouse.memory_info().rss,
                "postgres": _private_and_shared([self._postgres, *self._postgres.children(recursive=True)]),
            }
            self.most = {name: max(self.most[name], size >> 20) for name, size in found.items()}


def _private_and_shared(processes: Iterable[psutil.Process]) -> int:
    total = psutil.virtual_memory().shared
    for process in processes:
        try:
            memory = process.memory_info()
        except psutil.NoSuchProcess:  # a backend that ended
            continue
        total += memory.rss - memory.shared
    return total
