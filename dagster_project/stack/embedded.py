"""The engines as children of this process: for tests and short scripts. `candlehouse up` supervises them instead."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from dagster_project.settings import ROLES, Environment, Settings
from dagster_project.stack.clickhouse import ClickHouse
from dagster_project.stack.errors import StackError, last_log_line
from dagster_project.stack.files import write_private
from dagster_project.stack.home import open_home
from dagster_project.stack.leftovers import remove_leftovers
from dagster_project.stack.part import Part
from dagster_project.stack.ports import free_port
from dagster_project.stack.postgres import Postgres
from dagster_project.stack.redis import Redis

ENGINES = ("postgres", "clickhouse", "redis")


def engine_part(name: str, settings: Settings, port: int, *, durable: bool = True) -> Part:
    """The part `name` (postgres, clickhouse or redis) of the stack under `settings.home`, on `port`."""
    match name:
        case "postgres":
            return Postgres(settings.home, port, settings.secret(name), durable=durable)
        case "clickhouse":
            return ClickHouse(settings.home, port, settings.secret(name))
        case "redis":
            return Redis(settings.home, port, settings.secret(name))
        case _:
            raise StackError(f"{name} is not an engine: choose from {', '.join(ENGINES)}")


class EmbeddedStack:
    """Engines under `home` on free loopback ports, up on entering, down on leaving.

        with EmbeddedStack(tmp_path / "home") as stack:
            psycopg.connect(stack.postgres_url)

    They stop when the thread that called `start` ends, however it ends. PostgreSQL runs without fsync: a killed
    process loses nothing, a power cut may. Not for a home that `candlehouse up` serves.

    Raises:
        StackError: a part does not start; the message says why.
    """

    def __init__(self, home: Path, parts: Sequence[str] = ENGINES) -> None:
        self.settings = Settings(
            env=Environment.LOCAL, home=home, postgres_url=None, clickhouse_url=None, redis_url=None
        )
        self.home = self.settings.home
        self._names = tuple(parts)
        self._parts: dict[str, Part] = {}
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def postgres_url(self) -> str:
        """libpq URL of the canonical database (superuser, pgvector installed)."""
        return self.settings.postgres_url

    @property
    def dagster_postgres_url(self) -> str:
        """libpq URL of Dagster's database."""
        return self.settings.dagster_postgres_url

    @property
    def clickhouse_url(self) -> str:
        """HTTP URL of the gateway."""
        return self.settings.clickhouse_url

    @property
    def redis_url(self) -> str:
        """Redis URL."""
        return self.settings.redis_url

    @property
    def environment(self) -> dict[str, str]:
        """`CANDLEHOUSE_*` variables that point a process of environment `test` at this stack. Contains secrets."""
        urls = {f"CANDLEHOUSE_{name.upper()}_URL": getattr(self, f"{name}_url") for name in self._names}
        passwords = {f"CANDLEHOUSE_{role.upper()}_PASSWORD": self.settings.role_password(role) or "" for role in ROLES}
        return {"CANDLEHOUSE_ENV": Environment.TEST.value, "CANDLEHOUSE_HOME": str(self.home), **urls, **passwords}

    def pid(self, part: str) -> int:
        """The process id of `part`."""
        return self._processes[part].pid

    def start(self) -> Self:
        """Start the parts side by side and wait until each of them answers."""
        open_home(self.home)
        remove_leftovers(self.home)
        ports: dict[str, int] = {}
        for name in self._names:
            ports[name] = free_port(set(ports.values()))
        write_private(self.home / "stack.json", json.dumps({"ports": ports}))
        try:
            for name in self._names:
                self.launch(name)
            for name in self._names:
                self.wait(name)
        except BaseException:
            self.stop()
            raise
        return self

    def launch(self, name: str) -> None:
        """Start one part without waiting; also again, after it was killed."""
        part = engine_part(name, self.settings, self.settings.port(name), durable=False)
        part.prepare()
        self._parts[name] = part
        with part.log.open("ab") as log:
            self._processes[name] = subprocess.Popen(
                part.launch_command(),
                cwd=part.directory,
                env={**os.environ, **part.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                process_group=0,
            )

    def wait(self, name: str) -> None:
        """Wait until `name` answers, then complete it."""
        part, process = self._parts[name], self._processes[name]
        deadline = time.monotonic() + part.start_seconds
        while not part.ready():
            if process.poll() is not None:
                raise StackError(f"{part.title} stopped while starting: {last_log_line(part.log)} (log: {part.log})")
            if time.monotonic() > deadline:
                raise StackError(f"{part.title} did not answer in {part.start_seconds} s: read {part.log}")
            time.sleep(0.05)
        part.finish()

    def halt(self, name: str) -> None:
        """Stop one part in an orderly way."""
        part, process = self._parts[name], self._processes[name]
        process.send_signal(getattr(signal, f"SIG{part.stop_signal}"))
        process.wait(part.stop_seconds)

    def relaunch(self, name: str) -> None:
        """Wait for the end of a part that was killed or halted, start it again and wait until it answers."""
        self._processes[name].wait(self._parts[name].stop_seconds)
        self.launch(name)
        self.wait(name)

    def is_alive(self, name: str) -> bool:
        """Whether the process of a part runs."""
        return self._processes[name].poll() is None

    def stop(self) -> None:
        """Stop all parts in an orderly way; kill those that do not."""
        running = [name for name, process in self._processes.items() if process.poll() is None]
        for name in running:
            self._processes[name].send_signal(getattr(signal, f"SIG{self._parts[name].stop_signal}"))
        for name in running:
            try:
                self._processes[name].wait(self._parts[name].stop_seconds)
            except subprocess.TimeoutExpired:
                self._processes[name].kill()
                self._processes[name].wait()
        self._processes.clear()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
