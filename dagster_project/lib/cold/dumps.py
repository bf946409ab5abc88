"""Dumps of PostgreSQL in the cold store, and their way back.

pg_dump and the counting of every table read the same snapshot, so what comes back can be compared with what was there.
Custom format without compression of its own (the wheel's pg_dump has no zstd), compressed with zstd on its way to the
store. Passwords reach the programs in the environment. Settings of the database and rights on it are no part of a
pg_dump: the first are kept in the manifest, the second are granted again by ops.grant_rights().
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from dagster_project.lib.archive.crash_points import reach
from dagster_project.lib.cold.contents import Contents, contents, first_difference, settings
from dagster_project.lib.cold.ledger import only_writer
from dagster_project.lib.cold.store import BLOCK, Store, StoreError, Written, checksum

if TYPE_CHECKING:
    import psycopg

FOLDER = "dumps"
CRASH_POINTS = {
    "dump_mid_write": "a part of the dump is sent",
    "dump_after_write": "the dump is in the store, nothing is written down",
    "dump_mid_restore": "the scratch database is filled, nothing was compared",
}


class DumpFailed(Exception):
    """A dump or its restore did not work; the message is one line."""


@dataclass(frozen=True)
class Dump:
    """A dump of the ledger."""

    id: int
    path: str
    bytes: int
    sha256: str
    tables: Contents
    settings: list[str]
    snapshot_at: datetime

    @property
    def rows(self) -> int:
        """Rows of all tables."""
        return sum(rows for rows, _ in self.tables.values())


def dumps(connection: psycopg.Connection) -> list[Dump]:
    """Dumps that are in the store, newest first."""
    rows = connection.execute(
        "SELECT d.id, d.path, d.bytes, d.sha256, d.tables, d.settings, d.snapshot_at FROM ops.dumps AS d"
        " WHERE NOT EXISTS (SELECT FROM ops.dump_deletions AS x WHERE x.dump_id = d.id) ORDER BY d.id DESC"
    )
    return [Dump(*row) for row in rows]


def stored(url: str) -> list[Dump]:
    """The same, by the URL of the owner."""
    with _session(url) as connection:
        return dumps(connection)


def dump(url: str, store: Store, program: Callable[[str, int], str], keep: int, run_id: str | None = None) -> Dump:
    """Dumps the database of `url`, proves that the store holds it, and deletes dumps beyond the newest `keep`.

    Args:
        url: libpq URL of the owner: other roles cannot read credentials, which a dump holds.
        program: path of a program by name and major version of the server.

    Raises:
        DumpFailed: pg_dump failed; the message is its own.
        StoreError: the store does not answer.
        Busy: another dump runs.
    """
    with _session(url) as connection, only_writer(connection, FOLDER):
        _remove_leftovers(connection, store)
        seconds: dict[str, float] = {}
        path = f"{FOLDER}/{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{secrets.token_hex(4)}.dump.zst"
        major = connection.info.server_version // 10_000
        with connection.transaction():
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            row = connection.execute("SELECT pg_export_snapshot(), now()").fetchone()
            assert row is not None
            start = time.perf_counter()
            tables, changed = contents(connection), settings(connection)
            seconds["count"] = time.perf_counter() - start
            start = time.perf_counter()
            command = [program("pg_dump", major), "--format=custom", "--compress=none", f"--snapshot={row[0]}"]
            written = store.write(path, _compressed(_output(command, url)))
            seconds["dump"] = time.perf_counter() - start
        reach("dump_after_write")
        if checksum(store, path) != written:
            raise DumpFailed(f"{path}: the store does not hold the bytes that were sent")
        _write_down(connection, path, written, tables, changed, row[1], seconds, run_id)
        for old in dumps(connection)[keep:]:
            store.delete(old.path)
            connection.execute("INSERT INTO ops.dump_deletions (dump_id, run_id) VALUES (%s, %s)", [old.id, run_id])
        return dumps(connection)[0]


def restore_dump(url: str, store: Store, program: Callable[[str, int], str], chosen: Dump, into: str) -> int:
    """Restores a dump into a new database of the same server and compares every table; returns the number of rows.

    The roles of docs/roles.md must exist on the server.

    Raises:
        DumpFailed: the database exists, the dump is damaged, pg_restore failed, or a table came back other than it was.
        StoreError: the store does not answer.
    """
    from psycopg import errors, sql

    if checksum(store, chosen.path) != Written(chosen.bytes, chosen.sha256):
        raise DumpFailed(f"{chosen.path}: its bytes are not those of its manifest")
    with _session(url) as owner:
        try:
            owner.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(into)))
        except errors.DuplicateDatabase:
            raise DumpFailed(f"database {into} exists: choose another name, or drop it first") from None
        except errors.InsufficientPrivilege:
            raise DumpFailed("the owner may not create databases: ALTER ROLE ... CREATEDB") from None
        for setting in chosen.settings:
            name, _, value = setting.partition("=")
            names = sql.SQL(".").join(map(sql.Identifier, name.split(".")))
            owner.execute(
                sql.SQL("ALTER DATABASE {} SET {} = {}").format(sql.Identifier(into), names, sql.Literal(value))
            )
        major = owner.info.server_version // 10_000
    target = _inside(url, into)
    try:
        _feed([program("pg_restore", major), "--exit-on-error"], target, _plain(store.read(chosen.path)))
        reach("dump_mid_restore")
        with _session(target) as restored:
            if reason := first_difference(chosen.tables, contents(restored)):
                raise DumpFailed(f"{chosen.path}: {reason}")
            restored.execute("SELECT ops.grant_rights()")
    except BaseException:
        with _session(url) as owner:
            owner.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(into)))
        raise
    return chosen.rows


@dataclass(frozen=True)
class DumpDrill:
    """A restore of a dump that was tried; `reason` says why it failed."""

    path: str
    passed: bool
    reason: str | None
    rows: int
    seconds: float


def drill_dump(
    url: str, store: Store, program: Callable[[str, int], str], run_id: str | None = None
) -> DumpDrill | None:
    """Restores the newest dump into a scratch database, compares it and drops it; None when there is no dump.

    The outcome is a row of ops.restore_drills, a failed one too.
    """
    from psycopg import sql

    with _session(url) as connection, only_writer(connection, FOLDER):
        found = dumps(connection)
        if not found:
            return None
        scratch = f"{connection.info.dbname}_restore_drill"
        drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(scratch))
        connection.execute(drop)
        start, reason = time.perf_counter(), None
        try:
            restore_dump(url, store, program, found[0], scratch)
        except (DumpFailed, StoreError) as error:
            reason = str(error)
        finally:
            connection.execute(drop)
        done = DumpDrill(
            found[0].path, reason is None, reason, 0 if reason else found[0].rows, time.perf_counter() - start
        )
        connection.execute(
            "INSERT INTO ops.restore_drills (dump_id, passed, reason, rows, bytes, seconds, run_id)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s)",
            [found[0].id, done.passed, reason, done.rows, found[0].bytes, done.seconds, run_id],
        )
        return done


@contextmanager
def _session(url: str) -> Iterator[psycopg.Connection]:
    import psycopg

    with psycopg.connect(
        url, autocommit=True, application_name="candlehouse dump", options="-c timezone=UTC", connect_timeout=10
    ) as connection:
        yield connection


def _inside(url: str, database: str) -> str:
    from urllib.parse import quote, urlsplit, urlunsplit

    return urlunsplit(urlsplit(url)._replace(path=f"/{quote(database, safe='')}"))


def _remove_leftovers(connection: psycopg.Connection, store: Store) -> None:
    listed = {path for (path,) in connection.execute("SELECT path FROM ops.dumps")}
    for path in store.paths(FOLDER):
        if path not in listed:
            store.delete(path)


def _write_down(
    connection: psycopg.Connection,
    path: str,
    written: Written,
    tables: Contents,
    changed: list[str],
    snapshot_at: datetime,
    seconds: dict[str, float],
    run_id: str | None,
) -> None:
    from importlib.metadata import version

    server = connection.info.parameter_status("server_version")
    connection.execute(
        "INSERT INTO ops.dumps (path, bytes, sha256, tables, settings, seconds, software, run_id, snapshot_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            path,
            written.bytes,
            written.sha256,
            json.dumps(tables),
            json.dumps(changed),
            json.dumps({name: round(value, 4) for name, value in seconds.items()}),
            f"candlehouse {version('candlehouse')}, PostgreSQL {server}",
            run_id,
            snapshot_at,
        ],
    )


def _where(url: str) -> tuple[list[str], dict[str, str]]:
    """Arguments and environment by which a program of PostgreSQL finds the database: no password among the first."""
    from psycopg.conninfo import conninfo_to_dict, make_conninfo

    parts = conninfo_to_dict(url)
    password = str(parts.pop("password", "") or "")
    environment = {**os.environ, "PGPASSWORD": password} if password else dict(os.environ)
    return ["--dbname", make_conninfo("", **parts)], environment


def _output(command: list[str], url: str) -> Iterator[bytes]:
    arguments, environment = _where(url)
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen([*command, *arguments], env=environment, stdout=subprocess.PIPE, stderr=errors)
        try:
            assert process.stdout is not None
            while block := process.stdout.read(BLOCK):
                reach("dump_mid_write")
                yield block
        except BaseException:
            process.kill()
            raise
        finally:
            process.wait()
        if process.returncode:
            raise DumpFailed(_told("pg_dump", errors))


def _feed(command: list[str], url: str, blocks: Iterable[bytes]) -> None:
    arguments, environment = _where(url)
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            [*command, *arguments], env=environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=errors
        )
        try:
            assert process.stdin is not None
            for block in blocks:
                process.stdin.write(block)
            process.stdin.close()
        except BrokenPipeError:
            pass
        except BaseException:
            process.kill()
            raise
        finally:
            process.wait()
        if process.returncode:
            raise DumpFailed(_told("pg_restore", errors))


def _told(name: str, errors: Any) -> str:
    errors.seek(0)
    lines = [line for line in errors.read().decode(errors="replace").splitlines() if "error" in line]
    return (lines or [f"{name}: failed without a word"])[0][:300]


def _compressed(blocks: Iterable[bytes]) -> Iterator[bytes]:
    import zstandard

    compressor = zstandard.ZstdCompressor(level=3, write_checksum=True).compressobj()
    for block in blocks:
        if packed := compressor.compress(block):
            yield packed
    yield compressor.flush()


def _plain(blocks: Iterable[bytes]) -> Iterator[bytes]:
    import zstandard

    decompressor = zstandard.ZstdDecompressor().decompressobj()
    for block in blocks:
        if plain := decompressor.decompress(block):
            yield plain
