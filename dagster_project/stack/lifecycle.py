"""The stack of one home: what is up, start it, stop it."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from urllib.parse import urlsplit, urlunsplit

from dagster_project.settings import ROLES, Settings
from dagster_project.stack.docs_site import DocsSite
from dagster_project.stack.embedded import ENGINES, engine_part
from dagster_project.stack.errors import StackError, explain_os_error, last_log_line
from dagster_project.stack.files import write_private
from dagster_project.stack.home import LEAST_FREE_BYTES, open_home
from dagster_project.stack.leftovers import Leftover, remove_leftovers
from dagster_project.stack.orchestrator import CodeServer, Daemon, Webserver
from dagster_project.stack.part import Part
from dagster_project.stack.ports import LOOPBACK, free_port, require_free
from dagster_project.stack.servers import check_server
from dagster_project.stack.signals import uninterrupted
from dagster_project.stack.sources import Sources, VenuePart, choose_sources, write_sources
from dagster_project.stack.supervisor import Supervisor

# A part that keeps failing is given this long before its start counts as failed; PostgreSQL may need a second try while
# the shared memory of a killed predecessor goes away.
PATIENCE_SECONDS = 4.0
LOCK_SECONDS = 300.0
# supervisord says STARTING for the first second, also of a part that answers already.
ALIVE = ("STARTING", "RUNNING")

Progress = Callable[[str, str], None]


def silent(_part: str, _state: str) -> None:
    """A `Progress` that shows nothing."""


@dataclass(frozen=True)
class PartStatus:
    """One row of `candlehouse status`: `state` is supervisord's word or `server` for a part given by URL."""

    part: str
    state: str
    healthy: bool
    pid: int
    uptime_seconds: int
    url: str


class Stack:
    """The embedded stack under `settings.home`."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.home = settings.home
        self.supervisor = Supervisor(self.home)
        self.sources: Sources | None = None

    @contextlib.contextmanager
    def lock(self, progress: Progress = silent) -> Iterator[None]:
        """Only one start or stop per home at a time; others wait."""
        from filelock import FileLock, Timeout

        lock = FileLock(self.home / "run" / "up.lock", mode=0o600)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            progress("stack", "another start or stop is under way, waiting")
            try:
                lock.acquire(timeout=LOCK_SECONDS)
            except Timeout:
                raise StackError(
                    f"another start or stop holds {self.home / 'run' / 'up.lock'} for {LOCK_SECONDS:.0f} s:"
                    " end that command, then try again"
                ) from None
        try:
            yield
        finally:
            lock.release()

    def is_running(self) -> bool:
        """Whether a supervisor of this home answers."""
        return self.supervisor.pid() is not None

    def start_engines(self, progress: Progress = silent) -> list[Leftover]:
        """Start databases, cache and venue; wait until they answer. Holder of the lock only; nothing may run.

        Returns the leftovers of a killed predecessor that had to be stopped.

        Raises:
            StackError: a part cannot start; everything that did start is stopped again.
        """
        try:
            removed = remove_leftovers(self.home)
            self.sources = choose_sources(self.settings)
            if self.sources.note:
                progress("venue", self.sources.note)
            self._choose_ports()
            parts = self._engines()
            write_sources(self.settings, self.sources, self.settings.port("venue"))
            for part in parts:
                part.prepare()
            served = self._served()
            for part in served:
                part.prepare()
        except OSError as error:
            raise explain_os_error(error, self.home) from None
        try:
            self.supervisor.launch([*parts, *served])
            self._bring_up(parts, progress)
        except BaseException:
            self.stop()
            raise
        return removed

    def resume_engines(self, progress: Progress = silent) -> None:
        """Start what stopped in a running stack; wait until every engine answers. Holder of the lock only."""
        replaced = VenuePart(self.settings, Sources("sandbox"))
        known = self.supervisor.states()
        parts = [
            engine_part(name, self.settings, self.settings.port(name)) for name in ENGINES if self.settings.embeds(name)
        ]
        self._bring_up([part for part in [*parts, replaced] if part.name in known], progress)

    def process_environment(self) -> dict[str, str]:
        """What this process needs to act as Dagster and dbt. Contains secrets."""
        return Webserver(self.settings).environment

    def start_dagster(self, progress: Progress = silent) -> None:
        """Start what serves, one by one: UI and daemon side by side would race to create Dagster's tables."""
        for part in self._served():
            if self.supervisor.start_part(part.name):
                progress(part.name, "starting")
            self._wait(part)
            progress(part.name, "ready")

    def stop(self) -> list[Leftover]:
        """Stop everything in order. Holder of the lock only. Returns what had to be stopped by hand."""
        with uninterrupted():
            self.supervisor.shutdown()
            removed = remove_leftovers(self.home)
            (self.home / "stack.json").unlink(missing_ok=True)
        return removed

    def status(self) -> list[PartStatus]:
        """The state of every part, with addresses free of passwords."""
        states = self.supervisor.states()
        rows = []
        for name in ENGINES:
            if self.settings.embeds(name):
                continue
            rows.append(PartStatus(name, "server", _answers(name, self.settings), 0, 0, self.address(name)))
        for name, state in states.items():
            healthy = state.name in ALIVE and self._healthy(name)
            rows.append(PartStatus(name, state.name, healthy, state.pid, state.uptime_seconds, self.address(name)))
        return rows

    def address(self, name: str) -> str:
        """The address of a part, without its password."""
        match name:
            case "postgres" | "clickhouse" | "redis":
                return without_password(getattr(self.settings, f"{name}_url"))
            case "venue" | "docs" | "dagster-webserver":
                return f"http://{LOOPBACK}:{self.settings.port(name.removesuffix('-webserver'))}"
            case _:
                return ""

    def _healthy(self, name: str) -> bool:
        try:
            if name in ENGINES:
                return engine_part(name, self.settings, self.settings.port(name)).ready()
            match name:
                case "dagster-code":
                    return CodeServer(self.settings).ready()
                case "dagster-webserver":
                    return Webserver(self.settings).ready()
                case "docs":
                    return DocsSite(self.settings).ready()
                case "venue":
                    return VenuePart(self.settings, Sources("sandbox")).ready()
                case _:
                    return True
        except StackError:
            return False

    def _served(self) -> list[Part]:
        served = (CodeServer, Webserver, Daemon, DocsSite)
        return [part(self.settings) for part in served]

    def _engines(self) -> list[Part]:
        assert self.sources is not None
        parts = [
            engine_part(name, self.settings, self.settings.port(name)) for name in ENGINES if self.settings.embeds(name)
        ]
        return parts if self.sources.kind == "live" else [*parts, VenuePart(self.settings, self.sources)]

    def _bring_up(self, parts: list[Part], progress: Progress) -> None:
        for part in parts:
            if self.supervisor.start_part(part.name):
                progress(part.name, "starting")
        for part in parts:
            self._wait(part)
            part.finish()
            progress(part.name, "ready")
        for name in ENGINES:
            if not self.settings.embeds(name):
                check_server(name, self.settings)
                progress(name, "server answers")

    def _choose_ports(self) -> None:
        """Fix the ports of this run in stack.json; a taken one is an error, 0 becomes a free one."""
        assert self.sources is not None
        wanted = [(name, name.capitalize()) for name in ENGINES if self.settings.embeds(name)]
        wanted += [] if self.sources.kind == "live" else [("venue", "the local venue")]
        wanted += [("dagster", "the Dagster UI"), ("docs", "the dbt docs")]
        titles = {"postgres": "PostgreSQL", "clickhouse": "ClickHouse"}
        ports: dict[str, int] = {}
        for name, title in wanted:
            port = self.settings.configured_port(name) or free_port(set(ports.values()))
            if port in ports.values():
                raise StackError(f"{name}_port {port} is used twice: choose another under [stack] in candlehouse.toml")
            require_free(titles.get(name, title), name, port)
            ports[name] = port
        write_private(self.home / "stack.json", json.dumps({"ports": ports}))

    def _wait(self, part: Part) -> None:
        deadline = time.monotonic() + part.start_seconds
        failing_since: float | None = None
        while True:
            state = self.supervisor.states().get(part.name)
            if state is None:
                raise StackError(f"the supervisor is gone: read {self.home / 'logs' / 'supervisor.log'}")
            now = time.monotonic()
            if state.name in ALIVE:
                if part.ready() and (part.port_serves or state.name == "RUNNING"):
                    return
            else:
                failing_since = failing_since or now
                if state.name == "FATAL" or now - failing_since > PATIENCE_SECONDS:
                    raise StackError(f"{part.title} does not start: {last_log_line(part.log)} (log: {part.log})")
            if now > deadline:
                raise StackError(f"{part.title} did not answer in {part.start_seconds} s: read {part.log}")
            time.sleep(0.05)


def open_stack(settings: Settings, least_free: int = LEAST_FREE_BYTES) -> Stack:
    """The stack of `settings.home`, its folder made, proven writable and with `least_free` bytes left.

    Raises:
        StackError: the environment starts no embedded part, or the folder cannot be used.
    """
    if not settings.environment.may_embed:
        raise StackError(
            f"environment {settings.environment.value!r} starts no embedded part: use `docker compose up`,"
            " or unset CANDLEHOUSE_ENV"
        )
    open_home(settings.home, least_free)
    for name in ENGINES:
        if settings.embeds(name):
            settings.secret(name)
    for role in ROLES:
        settings.role_password(role)
    return Stack(settings)


def without_password(url: str) -> str:
    """`url` with its password left out."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{parts.username}@{host}" if parts.username else host))


def as_rows(statuses: list[PartStatus]) -> list[dict[str, object]]:
    """`statuses` for JSON."""
    return [asdict(status) for status in statuses]


def _answers(name: str, settings: Settings) -> bool:
    try:
        check_server(name, settings)
    except StackError:
        return False
    return True
