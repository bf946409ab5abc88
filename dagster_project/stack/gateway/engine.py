"""The embedded engine: who owns the data folder, and the connections that queries run on."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from dagster_project.stack.gateway.errors import engine_error
from dagster_project.stack.gateway.literals import quoted
from dagster_project.stack.gateway.server_config import write_config

LOCK_FILE = "gateway.lock"
VERSION_FILE = "VERSION"
# The setting that carries a query's id into system.processes: chdb has no way to set query_id, and this name of a
# cluster is read only when parallel replicas are switched on, which an embedded engine has none of.
ID_SETTING = "cluster_for_parallel_replicas"


# What a connection string may carry as it is.
_SPECIAL = re.compile(r"[?&=#%]")
_PLAIN = re.compile(r"[A-Za-z0-9_-]{0,200}")


class FolderError(Exception):
    """The data folder cannot be used; the message is one line and names the fix."""


@dataclass(frozen=True)
class Format:
    """A row of system.formats."""

    name: str
    content_type: str
    is_input: bool
    is_output: bool


class Engine:
    """One chdb engine over one folder.

    Args:
        path: data folder; created when missing.
        user, password: known to the engine itself too, for dictionaries that read its own tables.
        upgrade: open a folder that an older engine wrote.

    Raises:
        FolderError: another process owns the folder, another version wrote it, or the disk refuses.
    """

    def __init__(self, path: Path, user: str = "", password: str = "", upgrade: bool = False) -> None:
        if _SPECIAL.search(str(path)):
            raise FolderError(
                f"{path} has one of ? & = # % in it, which the engine cannot open: give --path another folder"
            )
        self.path = path
        self.spool = path / "spool"
        try:
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._lock = FileLock(path / LOCK_FILE, timeout=0)
            self._lock.acquire()
        except Timeout:
            raise FolderError(
                f"{path} is in use by another gateway: stop that one, or give --path another folder"
            ) from None
        except OSError as error:
            raise FolderError(
                f"cannot write {path} ({error.strerror}): make it writable, or give --path another folder"
            ) from error
        try:
            self._open(path / "store", user, password, upgrade)
        except BaseException:
            self._lock.release()
            raise

    def _open(self, store: Path, user: str, password: str, upgrade: bool) -> None:
        from importlib.metadata import version

        running = version("chdb-core")
        marker = self.path / VERSION_FILE
        written = marker.read_text().strip() if marker.exists() else running
        if _line(written) != _line(running) and not (upgrade and _line(written) < _line(running)):
            newer = _line(written) > _line(running)
            fix = f"install chdb-core {written}" + ("" if newer else ", or start once with --upgrade after a backup")
            raise FolderError(
                f"{self.path} was written by engine {written}, this is {running}: {fix}, or give --path another folder"
            )
        try:
            store.mkdir(exist_ok=True)
            self.spool.mkdir(exist_ok=True)
            for left in self.spool.iterdir():
                left.unlink()
            marker.write_text(running + "\n")
            config = write_config(self.path, user, password)
            probe = self.path / ".probe"
            probe.write_bytes(b"\0" * 65536)
            probe.unlink()
        except OSError as error:
            raise FolderError(
                f"cannot write {self.path} ({error.strerror}): free space or make it writable,"
                " or give --path another folder"
            ) from error

        # chdb's Python wrapper drops the header of an empty result, hides classify_query and reworks error texts.
        from chdb import _chdb

        self._chdb: Any = _chdb
        self._store = str(store)
        self._control_lock = threading.Lock()
        try:
            # Read once, by the first connection of the process.
            self._control = self._chdb.connect(f"{self._store}?config-file={config}&implicit_select=0")
            self.version, self.timezone = self._row("SELECT version(), timezone()")
        except Exception as error:
            raise FolderError(
                f"the engine cannot open {self.path}: {engine_error(error).text.splitlines()[0]}"
            ) from error
        self.formats = {}
        for row in self.control("SELECT name, content_type, is_input, is_output FROM system.formats").splitlines():
            name, content_type, is_input, is_output = row.split("\t")
            self.formats[name.lower()] = Format(name, content_type, is_input == "1", is_output == "1")

    def connect(self, marker: str = "") -> Any:
        """A fresh connection, server defaults; `marker` names its queries in system.processes."""
        plain = _PLAIN.fullmatch(marker)
        defaults = f"implicit_select=0&allow_introspection_functions=0&{ID_SETTING}={marker if plain else ''}"
        connection = self._chdb.connect(f"{self._store}?{defaults}")
        if not plain:
            self.mark(connection, marker)
        return connection

    @staticmethod
    def mark(connection: Any, marker: str) -> None:
        """Name the queries that follow on `connection`."""
        connection.query(f"SET {ID_SETTING} = ".encode() + quoted(marker.encode()), "TSV")

    def control(self, sql: str | bytes) -> str:
        """Run a small statement of the gateway's own; its TSV result.

        Raises:
            RuntimeError: as chdb words it.
        """
        with self._control_lock:
            return self._control.query(sql, "TSV").bytes().decode()

    def kill(self, marker: str) -> None:
        """Cancel the queries of the connection that was opened with `marker`."""
        self.control(b"KILL QUERY WHERE Settings['%b'] = %b ASYNC" % (ID_SETTING.encode(), quoted(marker.encode())))

    def kill_all(self) -> None:
        """Cancel every query but this one."""
        self.control(f"KILL QUERY WHERE Settings['{ID_SETTING}'] != '' ASYNC")

    def works(self) -> bool:
        """Whether a query gets its answer."""
        try:
            return self.control("SELECT 1") == "1\n"
        except RuntimeError:
            return False

    def close(self) -> None:
        """Flush and close the engine, give the folder back."""
        with self._control_lock:
            self._control.close()
        self._lock.release()

    def _row(self, sql: str) -> list[str]:
        return self.control(sql).rstrip("\n").split("\t")


def _line(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2])
