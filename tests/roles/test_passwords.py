"""Logins: who gets one, how a password changes, and where it must not be seen. On a server of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from psycopg import sql
from pydantic import SecretStr

from dagster_project import migrations, roles
from dagster_project.migrations import MigrationError
from dagster_project.settings import PROJECT_ROOT, ROLES, Environment, Settings, SettingsError, role_name
from dagster_project.stack.embedded import EmbeddedStack

PASSWORDS = {f"{role}_password": f"pass word of {role}, 'ä' %s:@/?#" for role in ROLES}

NO_CLICKHOUSE = "http://nobody@127.0.0.1:1/none"
MIGRATE = """
from dagster_project import migrations
from dagster_project.settings import load_settings
migrations.WAREHOUSES = ("postgres",)
migrations.apply(load_settings())
"""

Server = Callable[..., Settings]


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedStack]:
    """A PostgreSQL server that no migration has seen, which logs every statement."""
    with EmbeddedStack(tmp_path_factory.mktemp("bare"), ("postgres",)) as running:
        with psycopg.connect(running.postgres_url, autocommit=True) as owner:
            owner.execute("ALTER SYSTEM SET log_statement = 'all'")
            owner.execute("ALTER SYSTEM SET password_encryption = 'scram-sha-256'")
            owner.execute("SELECT pg_reload_conf()")
        yield running


@pytest.fixture(autouse=True)
def _only_postgres(monkeypatch: pytest.MonkeyPatch) -> None:
    """Roles are PostgreSQL's; ClickHouse's files would be half of the time."""
    monkeypatch.setattr(migrations, "WAREHOUSES", ("postgres",))


@pytest.fixture
def server(bare: EmbeddedStack) -> Iterator[Server]:
    """Makes settings of environment `server` for a new database of that server; roles and databases go afterwards."""
    made: list[str] = []

    def make(**passwords: str) -> Settings:
        name = f"d{len(made)}"
        with psycopg.connect(bare.postgres_url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        made.append(name)
        return _settings(urlunsplit(urlsplit(bare.postgres_url)._replace(path=f"/{name}")), **passwords)

    yield make
    with psycopg.connect(bare.postgres_url, autocommit=True) as connection:
        for name in made:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
        for role in ROLES:
            connection.execute(f"DROP ROLE IF EXISTS {role_name(role)}".encode())
        connection.execute("DROP ROLE IF EXISTS plain_owner")


def _settings(postgres: str, **passwords: str) -> Settings:
    empty = {f"{role}_password": "" for role in ROLES}
    return Settings(
        env=Environment.SERVER,
        postgres_url=SecretStr(postgres),
        clickhouse_url=SecretStr(NO_CLICKHOUSE),
        **{name: SecretStr(value) for name, value in {**empty, **passwords}.items()},
    )


def _may_log_in(settings: Settings) -> dict[str, bool]:
    with psycopg.connect(settings.postgres_url) as connection:
        rows = connection.execute("SELECT rolname, rolcanlogin FROM pg_roles WHERE rolname LIKE 'candlehouse\\_%'")
        return {row[0]: row[1] for row in rows}


def test_a_role_without_a_password_has_no_login_and_asking_for_it_names_the_variable(server: Server) -> None:
    settings = server(app_password="known")
    migrations.apply(settings)
    assert _may_log_in(settings) == {
        "candlehouse_app": True, "candlehouse_ingest": False, "candlehouse_transform": False,
        "candlehouse_readonly": False,
    }  # fmt: skip
    with psycopg.connect(settings.app_url) as connection:
        assert connection.info.user == "candlehouse_app"
    with pytest.raises(SettingsError) as caught:
        _ = settings.ingest_url
    assert str(caught.value) == (
        "CANDLEHOUSE_INGEST_PASSWORD is not set, so candlehouse_ingest cannot log in to PostgreSQL: set it, then run"
        " `candlehouse migrate`"
    )


def test_a_password_changes_by_migrate_and_one_that_is_not_given_stays(server: Server) -> None:
    before = server(**PASSWORDS)
    migrations.apply(before)
    assert roles.set_passwords(before) == []
    assert migrations.apply(_settings(before.postgres_url, app_password="another")) == []
    with psycopg.connect(_settings(before.postgres_url, app_password="another").app_url):
        pass
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(before.app_url)
    for url in (before.ingest_url, before.transform_url, before.readonly_url):
        psycopg.connect(url).close()


def test_no_password_is_seen_in_the_log_or_in_the_database(server: Server, bare: EmbeddedStack) -> None:
    settings = server(**PASSWORDS)
    log = bare.home / "logs" / "postgres.log"
    start = log.stat().st_size
    migrations.apply(settings)
    written = log.read_bytes()[start:].decode()
    assert written.count("LOGIN PASSWORD 'SCRAM-SHA-256$") == len(ROLES)
    with psycopg.connect(settings.postgres_url) as connection:
        stored = str(connection.execute("SELECT rolname, rolpassword FROM pg_authid").fetchall())
        ledger = str(connection.execute("SELECT * FROM ops.applied_migrations").fetchall())
    for role in ROLES:
        secret = f"pass word of {role}"
        assert secret not in written
        assert secret not in stored + ledger


def test_a_user_in_the_query_string_of_the_url_does_not_win_over_the_role(server: Server) -> None:
    plain = server(**PASSWORDS)
    migrations.apply(plain)
    parts = urlsplit(plain.postgres_url)
    login = f"user={parts.username}&password={parts.password}&application_name=a%20b"
    asked = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query=login))
    settings = _settings(asked, **PASSWORDS)
    with psycopg.connect(settings.readonly_url) as connection:
        row = connection.execute("SELECT current_user, current_setting('application_name')").fetchone()
    assert row == ("candlehouse_readonly", "a b")


def test_two_databases_of_one_server_are_migrated_at_the_same_time(server: Server) -> None:
    both = [server(**PASSWORDS), server(**PASSWORDS)]
    running = []
    for settings in both:
        passwords = {f"CANDLEHOUSE_{name.upper()}": value for name, value in PASSWORDS.items()}
        url = {"CANDLEHOUSE_ENV": "server", "CANDLEHOUSE_POSTGRES_URL": settings.postgres_url}
        url["CANDLEHOUSE_CLICKHOUSE_URL"] = NO_CLICKHOUSE
        environment = {**os.environ, **passwords, **url}
        running.append(subprocess.Popen([sys.executable, "-c", MIGRATE], cwd=PROJECT_ROOT, env=environment))
    assert [process.wait() for process in running] == [0, 0]
    for settings in both:
        for role in ROLES:
            with psycopg.connect(settings.role_url(role)) as connection:
                assert roles.excess_rights(connection) == []


def _as_plain_owner(settings: Settings, *attributes: str) -> Settings:
    """The same database, owned by a user who is no superuser, as on a managed server; pgvector is installed there."""
    with psycopg.connect(settings.postgres_url, autocommit=True) as superuser:
        superuser.execute("CREATE EXTENSION vector")
        superuser.execute(f"CREATE ROLE plain_owner LOGIN PASSWORD 'plain' {' '.join(attributes)}".encode())
        superuser.execute(f'ALTER DATABASE "{superuser.info.dbname}" OWNER TO plain_owner'.encode())
    parts = urlsplit(settings.postgres_url)
    netloc = f"plain_owner:plain@{parts.netloc.rpartition('@')[2]}"
    return _settings(urlunsplit(parts._replace(netloc=netloc)), **PASSWORDS)


def test_an_owner_who_is_no_superuser_can_migrate(server: Server) -> None:
    settings = _as_plain_owner(server(), "CREATEROLE")
    migrations.apply(settings)
    assert migrations.apply(settings) == []
    for role in ROLES:
        with psycopg.connect(settings.role_url(role)) as connection:
            assert roles.excess_rights(connection) == []
    with psycopg.connect(settings.transform_url) as connection:
        connection.execute("CREATE TABLE analytics.board (n int)")
    with psycopg.connect(settings.postgres_url) as owner:
        assert owner.execute("SELECT count(*) FROM analytics.board").fetchone() == (0,)


def test_an_administrator_may_make_the_roles_for_an_owner_who_may_not(server: Server, bare: EmbeddedStack) -> None:
    settings = _as_plain_owner(server())
    with psycopg.connect(bare.postgres_url, autocommit=True) as administrator:
        for role in ROLES:
            made = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}")
            name, password = role_name(role), PASSWORDS[f"{role}_password"]
            administrator.execute(made.format(sql.Identifier(name), sql.Literal(password)))
        administrator.execute("GRANT candlehouse_transform TO plain_owner")
    migrations.apply(settings)
    other = _settings(settings.postgres_url, **{**PASSWORDS, "app_password": "another"})
    with pytest.raises(MigrationError, match="plain_owner may not set the password of candlehouse_app: let an admin"):
        migrations.apply(other)


def test_an_owner_who_may_not_make_roles_is_told_what_to_do(server: Server) -> None:
    settings = _as_plain_owner(server())
    with pytest.raises(MigrationError) as caught:
        migrations.apply(settings)
    assert (
        "role candlehouse_app does not exist and plain_owner may not create it: ALTER ROLE plain_owner CREATEROLE,"
        " or see docs/roles.md"
    ) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_role_with_too_much_power_is_not_taken_over(server: Server, bare: EmbeddedStack) -> None:
    settings = server(**PASSWORDS)
    with psycopg.connect(bare.postgres_url, autocommit=True) as connection:
        connection.execute("CREATE ROLE candlehouse_readonly SUPERUSER")
    with pytest.raises(MigrationError, match="role candlehouse_readonly exists and may more than it should"):
        migrations.apply(settings)


def test_generated_passwords_stay_in_a_file_of_the_owner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for role in ROLES:
        monkeypatch.delenv(f"CANDLEHOUSE_{role.upper()}_PASSWORD", raising=False)
    empty: dict[str, Any] = {f"{part}_url": None for part in ("postgres", "clickhouse", "redis")}
    settings = Settings(env=Environment.LOCAL, home=tmp_path / "home", **empty)
    made = {role: settings.role_password(role) for role in ROLES}
    assert len(set(made.values())) == len(ROLES)
    assert {
        role: Settings(env=Environment.LOCAL, home=tmp_path / "home", **empty).role_password(role) for role in ROLES
    } == made
    (file,) = (tmp_path / "home").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    given = Settings(env=Environment.LOCAL, home=tmp_path / "home", app_password=SecretStr("mine"), **empty)
    assert given.role_password("app") == "mine"
