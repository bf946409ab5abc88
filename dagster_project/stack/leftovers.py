"""Processes and files that a killed stack left behind."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psutil

# The parts get their stop signal from the kernel when the supervisor dies; most are gone by themselves in this time.
LEAVING_SECONDS = 10.0


@dataclass(frozen=True)
class Leftover:
    """A process of a part that nobody supervises any more."""

    part: str
    process: psutil.Process

    def __str__(self) -> str:
        return f"{self.part} (pid {self.process.pid})"


def find_leftovers(home: Path) -> list[Leftover]:
    """All processes that were started for `home`, our own ancestors and ourselves excepted.

    A process is ours when its environment carries the mark of `child.py` for this folder, or when it is a postmaster
    whose data folder is ours: never by pid file alone, because pids are used again.
    """
    import psutil

    spared = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    found = []
    for process in psutil.process_iter():
        if process.pid in spared:
            continue
        part = _part_of(process, home)
        if part:
            found.append(Leftover(part, process))
    return found


def remove_leftovers(home: Path, patience: float = LEAVING_SECONDS) -> list[Leftover]:
    """Stop what `find_leftovers` finds, politely first, and drop pid files that lie. Returns what had to be stopped.

    Only for the holder of the home's lock, with no supervisor running.
    """
    import psutil

    found = find_leftovers(home)
    for leftover in found:
        _send(leftover, signal.SIGINT if leftover.part == "postgres" else signal.SIGTERM)
    _, alive = psutil.wait_procs([leftover.process for leftover in found], timeout=patience)
    for process in alive:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(alive, timeout=5)
    _drop_stale_postmaster(home / "postgres" / "postmaster.pid", home)
    return found


def _part_of(process: psutil.Process, home: Path) -> str | None:
    import psutil

    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        environment = process.environ()
        if environment.get("CANDLEHOUSE_STACK") == str(home):
            return environment.get("CANDLEHOUSE_PART")
        command = process.cmdline()
    except (psutil.Error, OSError):
        return None
    is_postmaster = Path(command[0]).name == "postgres" if command else False
    return "postgres" if is_postmaster and command[1:] == ["-D", str(home / "postgres")] else None


def _send(leftover: Leftover, number: signal.Signals) -> None:
    import psutil

    try:
        leftover.process.send_signal(number)
    except psutil.NoSuchProcess:
        return


def _drop_stale_postmaster(pid_file: Path, home: Path) -> None:
    """PostgreSQL refuses to start while any process has this file's pid, also one that only got the same number."""
    import psutil

    try:
        pid = int(pid_file.read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return
    if not psutil.pid_exists(pid):
        return
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and psutil.pid_exists(pid) and _is_postmaster_of(pid, home):
        time.sleep(0.1)
    if not _is_postmaster_of(pid, home):
        pid_file.unlink(missing_ok=True)


def _is_postmaster_of(pid: int, home: Path) -> bool:
    import psutil

    try:
        return _part_of(psutil.Process(pid), home) == "postgres"
    except psutil.NoSuchProcess:
        return False
