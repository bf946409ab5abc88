"""supervisord of one home: start it, talk to it, stop it."""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from xmlrpc.client import Fault, ProtocolError, ServerProxy

from dagster_project.stack.errors import StackError, last_log_line
from dagster_project.stack.files import write_private
from dagster_project.stack.part import Part
from dagster_project.stack.sockets import require_private, socket_path
from dagster_project.stack.supervisor_config import SOCKET, render

START_SECONDS = 15
STOP_SECONDS = 120


@dataclass(frozen=True)
class PartState:
    """What supervisord says of a part: `name` as in STOPPED, STARTING, RUNNING, BACKOFF, EXITED, FATAL."""

    part: str
    name: str
    pid: int
    uptime_seconds: int


class Supervisor:
    """The supervisord of `home`, running or not."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.socket = socket_path(home, SOCKET)
        self.config = home / "run" / "supervisord.conf"
        self._process: subprocess.Popen[bytes] | None = None

    @cached_property
    def _proxy(self) -> Any:
        from supervisor.xmlrpc import SupervisorTransport

        transport = SupervisorTransport(None, None, serverurl=f"unix://{self.socket}")
        return ServerProxy("http://127.0.0.1", transport=transport).supervisor

    def _call(self, method: str, *arguments: Any) -> Any:
        """One XML-RPC call, once more on a fresh connection when the old one broke.

        Raises:
            ConnectionError: supervisord does not answer.
        """
        for attempt in (1, 2):
            try:
                return getattr(self._proxy, method)(*arguments)
            except (OSError, http.client.HTTPException, ProtocolError) as error:
                self.__dict__.pop("_proxy", None)
                if attempt == 2 or isinstance(error, FileNotFoundError | ConnectionRefusedError):
                    raise ConnectionError(str(error)) from None
        raise AssertionError

    def pid(self) -> int | None:
        """The process id of the running supervisord, or None when none answers."""
        try:
            return int(self._call("getPID"))
        except ConnectionError:
            return None
        except Fault:  # it answers so while it shuts down
            return int((self.home / "run" / "supervisor.pid").read_text())

    def states(self) -> dict[str, PartState]:
        """The state of each part; empty when supervisord does not run or shuts down."""
        try:
            rows = self._call("getAllProcessInfo")
        except (ConnectionError, Fault):
            return {}
        return {
            row["name"]: PartState(
                row["name"], row["statename"], row["pid"], max(0, row["now"] - row["start"]) if row["pid"] else 0
            )
            for row in rows
        }

    def launch(self, parts: Sequence[Part]) -> None:
        """Start supervisord with `parts`, none of them started yet. Their secrets travel in its environment.

        Raises:
            StackError: it does not come up.
        """
        require_private(self.socket.parent, self.home)
        write_private(self.config, render(self.home, parts))
        environment = dict(os.environ)
        for part in parts:
            environment |= part.environment
        log = self.home / "logs" / "supervisor.out"
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "supervisor.supervisord", "-n", "-c", str(self.config)],
                cwd=self.home,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_SECONDS
        while self.pid() is None:
            if self._process.poll() is not None or time.monotonic() > deadline:
                reason = last_log_line(log) or last_log_line(self.home / "logs" / "supervisor.log")
                raise StackError(f"the supervisor does not start: {reason or 'no reason given'} (log: {log})")
            time.sleep(0.02)

    def start_part(self, name: str) -> bool:
        """Start one part, without waiting for it. Returns False for a part that runs already."""
        try:
            return bool(self._call("startProcess", name, False))
        except Fault as fault:
            if "ALREADY_STARTED" in fault.faultString:
                return False
            raise StackError(
                f"the supervisor cannot start {name}: {fault.faultString}: try `candlehouse doctor`"
            ) from None

    def shutdown(self) -> None:
        """Stop all parts in order, then supervisord, and wait for it. No supervisord: nothing to do.

        Raises:
            StackError: it is still there after two minutes.
        """
        pid = self.pid()
        if pid is None:
            return
        with contextlib.suppress(ConnectionError, Fault):
            self._call("shutdown")
        self._wait_gone(pid)
        if self.socket.parent != self.config.parent:
            shutil.rmtree(self.socket.parent, ignore_errors=True)

    def _wait_gone(self, pid: int) -> None:
        """Wait for the end of `pid`. A zombie has ended: its parent, a foreground `up`, collects it later."""
        import psutil

        deadline = time.monotonic() + STOP_SECONDS
        while time.monotonic() < deadline:
            if self._process is not None:
                self._process.poll()
            try:
                if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                    return
            except psutil.NoSuchProcess:
                return
            # supervisord looks after its parts once a second, and whenever it is asked something: a second per part.
            with contextlib.suppress(ConnectionError, Fault):
                self._call("getState")
            time.sleep(0.05)
        raise StackError(f"the supervisor (pid {pid}) does not stop: read {self.home / 'logs' / 'supervisor.log'}")
