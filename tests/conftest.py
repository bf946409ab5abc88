"""Fixtures that every room's tests share: recorded data and real engines."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import hypothesis
import pytest

from dagster_project.lib.clickhouse_ddl import FACADE_DATABASES
from dagster_project.settings import PROJECT_ROOT, Role, Settings, load_settings
from dagster_project.stack.embedded import EmbeddedStack

# Real engines on a busy machine of two cores: how long an example takes says nothing about whether it is right.
hypothesis.settings.register_profile(
    "engines",
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.data_too_large],
)
hypothesis.settings.load_profile("engines")


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


@contextmanager
def _fresh(stack: EmbeddedStack) -> Iterator[Warehouse]:
    import clickhouse_connect
    import psycopg

    from dagster_project import migrations

    name = f"t_{secrets.token_hex(4)}"

    def inside(url: str) -> str:
        return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))

    with psycopg.connect(stack.postgres_url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    with pytest.MonkeyPatch.context() as patch:
        for key, value in stack.environment.items():
            moved = key in ("CANDLEHOUSE_POSTGRES_URL", "CANDLEHOUSE_CLICKHOUSE_URL")
            patch.setenv(key, inside(value) if moved else value)
        settings = load_settings()
        migrations.apply(settings)
        yield Warehouse(settings, name)
    with psycopg.connect(stack.postgres_url, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())
    with clickhouse_connect.get_client(dsn=stack.clickhouse_url) as client:
        facades = (settings.clickhouse_facade_prefix + facade for facade in sorted(FACADE_DATABASES))
        # The canonical tables last: dropping them under the facades' materialized views would be refused.
        for database in (*facades, settings.clickhouse_analytics, name):
            client.command(f"DROP DATABASE IF EXISTS `{database}`")


@pytest.fixture(scope="module")
def warehouse(stack: EmbeddedStack) -> Iterator[Warehouse]:
    """A migrated PostgreSQL and ClickHouse database for one module, with the environment pointing at them."""
    with _fresh(stack) as fresh:
        yield fresh


@pytest.fixture
def fresh_warehouse(stack: EmbeddedStack) -> Iterator[Warehouse]:
    """The same, for one test."""
    with _fresh(stack) as fresh:
        yield fresh
