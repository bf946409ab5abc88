"""The engines of a theatre: PostgreSQL and ClickHouse of its own in a scratch folder, emptied for every scene."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit, urlunsplit

from dagster_project.stack.embedded import EmbeddedStack

if TYPE_CHECKING:
    import psycopg
    from clickhouse_connect.driver.client import Client

ENGINES = ("postgres", "clickhouse")
STORAGE = "trades_history_versions"
WINDOW = "non_replicated_deduplication_window"
LEDGERS = (
    *("archive_manifests", "archive_marks", "archive_recalls", "archive_purges", "archive_parity"),
    *("archive_superseded", "quarantine"),
)


class NotPlayable(Exception):
    """This machine cannot play a scene; the message says what it lacks."""


@dataclass
class SmallDisk:
    """A disk that can be filled up."""

    folder: Path

    @property
    def _ballast(self) -> Path:
        return self.folder / "ballast"

    def fill(self, leave: int) -> None:
        """Takes all space but `leave` bytes."""
        status = os.statvfs(self.folder)
        with self._ballast.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, max(1, status.f_bavail * status.f_frsize - leave))

    def free(self) -> None:
        """Gives it back."""
        self._ballast.unlink(missing_ok=True)


class Ground:
    """Migrated engines. Call it from one thread: they stop when that thread ends.

    with Ground(folder) as ground:
        ground.clear()
        ground.connection.execute(...)
    """

    def __init__(self, folder: Path, progress: Callable[[str], None] = lambda line: None) -> None:
        self.stack = EmbeddedStack(folder, ENGINES)
        self._progress = progress
        self._opened = ExitStack()
        self.connection: psycopg.Connection
        self.client: Client

    def __enter__(self) -> Self:
        from dagster_project import migrations

        self._progress("starting PostgreSQL and ClickHouse")
        self.stack.start()
        try:
            self._progress("migrating both")
            migrations.apply(self.stack.settings)
            self.connect()
        except BaseException:
            self.stack.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(Exception):
            self._opened.close()
        self.stack.stop()

    def connect(self) -> None:
        """New connections of the theatre itself, after an engine was restarted too."""
        import clickhouse_connect
        import psycopg

        with suppress(Exception):
            self._opened.close()
        self.connection = self._opened.enter_context(
            psycopg.connect(self.stack.postgres_url, autocommit=True, options="-c timezone=UTC")
        )
        self.client = self._opened.enter_context(
            clickhouse_connect.get_client(dsn=self.stack.clickhouse_url, autogenerate_session_id=False)
        )

    def relaunch(self, name: str) -> None:
        """Starts a part that was killed, and connects again."""
        self.stack.relaunch(name)
        self.connect()

    def clear(self) -> None:
        """Empties both engines, on purpose without the archive's triggers."""
        run = self.connection.execute
        run("SET session_replication_role = replica")
        run(f"TRUNCATE agents, {', '.join(f'ops.{name}' for name in LEDGERS)} CASCADE".encode())
        run("DELETE FROM ops.archive_progress WHERE policy = 'trades'")
        run("RESET session_replication_role")
        run("INSERT INTO ops.archive_progress (policy) VALUES ('trades')")
        run("CREATE TABLE IF NOT EXISTS analytics.trade_facts (trade_id text PRIMARY KEY)")
        run("TRUNCATE analytics.trade_facts")
        run("INSERT INTO ops.lasting_marts (mart) VALUES ('trade_facts') ON CONFLICT DO NOTHING")
        self.client.command(f"TRUNCATE TABLE {STORAGE}")

    def port(self, name: str) -> int:
        """The port of a part."""
        return self.stack.settings.port(name)

    def url(self, name: str, port: int | None = None) -> str:
        """The URL of a part, through another port if one is given. Contains the password."""
        url = self.stack.postgres_url if name == "postgres" else self.stack.clickhouse_url
        if port is None:
            return url
        parts = urlsplit(url)
        return urlunsplit(parts._replace(netloc=f"{parts.netloc.rpartition(':')[0]}:{port}"))

    @contextmanager
    def small_disk(self, name: str, spare: int) -> Iterator[SmallDisk]:
        """The data of a part on a tmpfs of its present size and `spare` bytes; emptied scenes only, what is written
        there is gone afterwards.

        Raises:
            NotPlayable: this process may not mount.
        """
        data = self.stack.home / name
        disk = self.stack.home / f"disk-{name}"
        disk.mkdir(exist_ok=True)
        if name == "postgres":
            self.connection.execute("CHECKPOINT")
        self.stack.halt(name)
        try:
            used = sum(
                path.stat().st_blocks * 512 for path in data.rglob("*") if path.is_file() and not path.is_symlink()
            )
            # Folders and the tails of files take pages as well.
            _mount("-t", "tmpfs", "-o", f"size={used + spare + (16 << 20)},mode=700", "tmpfs", str(disk))
            try:
                subprocess.run(["cp", "-a", f"{data}/.", str(disk)], check=True)
                _mount("--bind", str(disk), str(data))
                try:
                    self.relaunch(name)
                    yield SmallDisk(disk)
                finally:
                    if self.stack.is_alive(name):
                        self.stack.halt(name)
                    _unmount(data)
            finally:
                _unmount(disk)
        finally:
            self.relaunch(name)


def _mount(*arguments: str) -> None:
    if os.geteuid() != 0:
        raise NotPlayable("a disk that fills up needs a mount of its own: run it as root")
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise NotPlayable(f"this machine does not let root mount a tmpfs: {done.stderr.strip()[:120]}")


def _unmount(folder: Path) -> None:
    # A killed server may take a moment to let go of its files.
    subprocess.run(["umount", "--lazy", str(folder)], check=False)
