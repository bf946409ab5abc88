"""Fixtures that every room's tests share: recorded data and real engines."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import hypothesis
import pytest

from dagster_project.lib.clickhouse_ddl import FACADE_DATABASES
from dagster_project.settings import PROJECT_ROOT, Role, Settings, load_settings
from dagster_project.stack import ports
from dagster_project.stack.embedded import EmbeddedStack

# Real engines on a busy machine of two cores: how long an example takes says nothing about whether it is right.
hypothesis.settings.register_profile(
    "engines",
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.data_too_large],
)
hypothesis.settings.load_profile("engines")

# Files that take more than 20 s of CPU, longest first: what starts last is short, so that no core waits for the end.
LONGEST = (
    "tests/product/test_run.py",
    "tests/product/test_served.py",
    "tests/dbt/test_lasting_marts.py",
    "tests/dbt/test_killed_builds.py",
    "tests/repository/test_lint.py",
    "tests/dbt/test_arena_marts.py",
    "tests/archive/test_erasure.py",
    "tests/archive/test_theatre.py",
    "tests/dbt/test_random_marts.py",
    "tests/cold/test_kills.py",
    "tests/dbt/test_prompt_marts.py",
    "tests/archive/test_model.py",
    "tests/cold/test_months.py",
    "tests/assets/market/test_faulty_venues.py",
    "tests/archive/test_archive.py",
    "tests/assets/market/test_asset.py",
    "tests/automation/test_boards.py",
    "tests/assets/market/test_kills.py",
    "tests/cold/test_commands.py",
)


def pytest_configure() -> None:
    """Ports of its own for each worker: two stacks that started in one second once took the same."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if worker:
        ports.FREE_RANGE = ports.FREE_RANGE[int(worker.removeprefix("gw")) % 6 :: 6]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Longest files first; the others stay as they are."""
    place = {name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.nodeid.partition("::")[0], len(LONGEST)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One worker more than cores: a test waits for processes, disks and clocks a third of its time."""
    return (os.cpu_count() or 1) + 1


@pytest.fixture(scope="session", autouse=True)
def _dbt_manifests() -> None:
    """What the code location reads about the dbt project, parsed once; a fresh clone has none."""
    from dagster_project.defs.transform.prepare import ensure_manifests

    ensure_manifests()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of recorded data (`CANDLEHOUSE_SHARED_DATA`, else `../shared/data`)."""
    folder = Path(os.environ.get("CANDLEHOUSE_SHARED_DATA", PROJECT_ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"recorded data is not at {folder}: set CANDLEHOUSE_SHARED_DATA to its folder")
    return folder.resolve()


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedStack]:
    """One set of real engines for the whole session."""
    with EmbeddedStack(tmp_path_factory.mktemp("stack")) as running:
        yield running


@dataclass(frozen=True)
class Warehouse:
    """A fresh, migrated pair of databases; the process environment points at them.

    Assets and imports run as candlehouse_ingest and dbt as candlehouse_transform, as they do in production; tests
    prepare and look as the owner (`settings.postgres_url`), and act for a person or an application as `url(role)`.
    """

    settings: Settings
    name: str

    def url(self, role: Role) -> str:
        """libpq URL of the PostgreSQL database as candlehouse_<role>: app, ingest, transform or readonly."""
        return self.settings.role_url(role)


def _inside(url: str, database: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


@contextmanager
def _pointed_at(stack: EmbeddedStack, name: str) -> Iterator[Settings]:
    with pytest.MonkeyPatch.context() as patch:
        for key, value in stack.environment.items():
            moved = key in ("CANDLEHOUSE_POSTGRES_URL", "CANDLEHOUSE_CLICKHOUSE_URL")
            patch.setenv(key, _inside(value, name) if moved else value)
        yield load_settings()


@contextmanager
def _migrated(stack: EmbeddedStack) -> Iterator[str]:
    """Name of a new pair of databases with every migration applied, dropped at the end."""
    import clickhouse_connect
    import psycopg

    from dagster_project import migrations

    name = f"t_{secrets.token_hex(4)}"
    with psycopg.connect(stack.postgres_url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    with _pointed_at(stack, name) as settings:
        migrations.apply(settings)
    yield name
    with psycopg.connect(stack.postgres_url, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())
    with clickhouse_connect.get_client(dsn=stack.clickhouse_url) as client:
        facades = (settings.clickhouse_facade_prefix + facade for facade in sorted(FACADE_DATABASES))
        # The canonical tables last: dropping them under the facades' materialized views would be refused.
        for database in (*facades, settings.clickhouse_analytics, name):
            client.command(f"DROP DATABASE IF EXISTS `{database}`")


def _copy_postgres(stack: EmbeddedStack, template: str, name: str) -> None:
    """A copy of a database with what CREATE DATABASE ... TEMPLATE leaves behind: its settings and who may connect."""
    import psycopg
    from psycopg import sql

    with psycopg.connect(stack.postgres_url, autocommit=True) as connection:
        target = sql.Identifier(name)
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(target, sql.Identifier(template)))
        settings = connection.execute(
            "SELECT unnest(setconfig) FROM pg_db_role_setting AS s JOIN pg_database AS d ON d.oid = s.setdatabase"
            " WHERE d.datname = %s AND s.setrole = 0",
            (template,),
        )
        for (setting,) in settings.fetchall():
            key, _, value = setting.partition("=")
            names = sql.SQL(".").join(map(sql.Identifier, key.split(".")))
            connection.execute(sql.SQL("ALTER DATABASE {} SET {} = {}").format(target, names, sql.Literal(value)))
        connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(target))
        rights = connection.execute(
            "SELECT grantee::regrole::text, privilege_type FROM pg_database, aclexplode(datacl) WHERE datname = %s"
            " AND grantee <> 0",
            (template,),
        )
        for role, right in rights.fetchall():
            connection.execute(
                sql.SQL("GRANT {} ON DATABASE {} TO {}").format(sql.SQL(right), target, sql.Identifier(role))
            )


def _emptied(client: Any, name: str) -> None:
    """Take out of a ClickHouse database what a module has put in."""
    filled = client.query(
        "SELECT name FROM system.tables WHERE database = {name:String} AND total_rows > 0"
        " AND name NOT IN ('applied_migrations', 'alembic_version')",
        parameters={"name": name},
    )
    for (table,) in filled.result_rows:
        client.command(f"TRUNCATE TABLE `{name}`.`{table}`")


def _definitions(client: Any, name: str) -> list[tuple[str, str]]:
    return client.query(
        "SELECT name, create_table_query FROM system.tables WHERE database = {name:String} ORDER BY name",
        parameters={"name": name},
    ).result_rows


class _Recycled:
    """Migrating a pair of databases takes seconds and every module wants one: PostgreSQL's is copied from a template,
    ClickHouse's is emptied and used again as long as its tables are as the migrations made them."""

    def __init__(self, stack: EmbeddedStack) -> None:
        self.stack = stack
        self._made = ExitStack()
        self._template: str | None = None
        self._name = ""
        self.is_taken = False

    @contextmanager
    def warehouse(self) -> Iterator[Warehouse]:
        """The pair, which one user has at a time."""
        assert not self.is_taken
        self.is_taken = True
        try:
            with self._copied() as warehouse:
                yield warehouse
        finally:
            self.is_taken = False

    @contextmanager
    def _copied(self) -> Iterator[Warehouse]:
        import clickhouse_connect
        import psycopg

        if self._template is None:
            self._name = self._made.enter_context(_migrated(self.stack))
            self._template = f"{self._name}_template"
            with psycopg.connect(self.stack.postgres_url, autocommit=True) as connection:
                connection.execute(f'ALTER DATABASE "{self._name}" RENAME TO "{self._template}"'.encode())
        with clickhouse_connect.get_client(dsn=self.stack.clickhouse_url) as client:
            before = _definitions(client, self._name)
            _copy_postgres(self.stack, self._template, self._name)
            with _pointed_at(self.stack, self._name) as settings:
                yield Warehouse(settings, self._name)
            # As migrations leave it: there, and empty.
            client.command(f"DROP DATABASE IF EXISTS `{settings.clickhouse_analytics}`")
            client.command(f"CREATE DATABASE `{settings.clickhouse_analytics}`")
            if _definitions(client, self._name) == before:
                _emptied(client, self._name)
                with psycopg.connect(self.stack.postgres_url, autocommit=True) as connection:
                    connection.execute(f'DROP DATABASE "{self._name}" WITH (FORCE)'.encode())
            else:
                self.close()

    def close(self) -> None:
        """Drop the databases."""
        import psycopg

        self._made.close()
        if self._template:
            with psycopg.connect(self.stack.postgres_url, autocommit=True) as connection:
                connection.execute(f'DROP DATABASE "{self._template}" WITH (FORCE)'.encode())
        self._template = None


@pytest.fixture(scope="session")
def _recycled(stack: EmbeddedStack) -> Iterator[_Recycled]:
    recycled = _Recycled(stack)
    yield recycled
    recycled.close()


@pytest.fixture(scope="module")
def warehouse(_recycled: _Recycled) -> Iterator[Warehouse]:
    """A migrated PostgreSQL and ClickHouse database for one module, with the environment pointing at them."""
    with _recycled.warehouse() as warehouse:
        yield warehouse


@pytest.fixture
def fresh_warehouse(stack: EmbeddedStack, _recycled: _Recycled) -> Iterator[Warehouse]:
    """The same for one test alone, which may migrate it further; beside the module's it is migrated anew."""
    if not _recycled.is_taken:
        with _recycled.warehouse() as warehouse:
            yield warehouse
        return
    with _migrated(stack) as name, _pointed_at(stack, name) as settings:
        yield Warehouse(settings, name)
