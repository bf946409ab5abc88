"""What every part of the embedded stack is: a command, a port, a log and a way to tell that it works."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar

from dagster_project.settings import PROJECT_ROOT


class Part(ABC):
    """One program of the stack.

    `environment` holds its secrets (never on the command line), `priority` orders starts (low first) and stops (high
    first), `stop_signal` is the name of the signal for an orderly stop. `with_group` stops its process group too,
    `keeps_environment` lets it see every variable, `port_serves` is False for a part without a port.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    priority: ClassVar[int]
    stop_signal: ClassVar[str] = "TERM"
    stop_seconds: ClassVar[int] = 20
    start_seconds: ClassVar[int] = 60
    keeps_environment: ClassVar[bool] = False
    with_group: ClassVar[bool] = False
    port_serves: ClassVar[bool] = True

    def __init__(self, home: Path, port: int) -> None:
        self.home = home
        self.port = port

    @property
    def log(self) -> Path:
        """Where its output goes."""
        return self.home / "logs" / f"{self.name}.log"

    @property
    def environment(self) -> dict[str, str]:
        """Variables that this part needs beyond the plain ones. May hold secrets."""
        return {}

    @property
    def directory(self) -> Path:
        """Where it is started."""
        return PROJECT_ROOT

    def prepare(self) -> None:  # noqa: B027
        """Make its data folder and files. Idempotent; raises StackError."""

    @abstractmethod
    def command(self) -> list[str]:
        """The program and its arguments, without secrets."""

    @abstractmethod
    def ready(self) -> bool:
        """Whether it answers. Raises StackError when it never will."""

    def finish(self) -> None:  # noqa: B027
        """What must exist inside it once it answers. Idempotent."""

    def launch_command(self) -> list[str]:
        """`command` behind the launcher that ties it to its starter."""
        keep = ["--keep-all"] if self.keeps_environment else [f"--keep={name}" for name in self.environment]
        launcher = [sys.executable, "-m", "dagster_project.stack.child"]
        mark = ["--part", self.name, "--home", str(self.home), "--signal", self.stop_signal]
        return [*launcher, *mark, *keep, "--", *self.command()]
