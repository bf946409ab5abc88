"""Forward migrations of both warehouses: Alembic over the numbered `.sql` files in `sql/postgres` and `sql/clickhouse`.

Each revision `NNNN_name.py` executes the `NNNN_name.sql` beside it. PostgreSQL applies a file in one transaction.
ClickHouse has no transactional DDL, so its files must be safe to run twice (`IF NOT EXISTS`, `OR REPLACE`): a run that
was killed in the middle of a file starts that file again. The SHA-256 of every applied file is kept in the database it
changed; an applied file that was edited afterwards is an error.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit, urlunsplit

from dagster_project.lib.clickhouse_ddl import Place, render, sharded_tables
from dagster_project.settings import PROJECT_ROOT, Settings

if TYPE_CHECKING:
    from alembic.script import ScriptDirectory
    from sqlalchemy import Connection, Engine

SQL_ROOT = PROJECT_ROOT / "sql"
Warehouse = Literal["postgres", "clickhouse"]
WAREHOUSES: tuple[Warehouse, ...] = ("postgres", "clickhouse")
_LEDGER: dict[Warehouse, str] = {"postgres": "ops.applied_migrations", "clickhouse": "applied_migrations"}
_ADVISORY_LOCK = 0x43414E44  # "CAND": one migrator at a time


class MigrationError(Exception):
    """A migration cannot run; the message is one line and names the fix."""


@dataclass(frozen=True)
class Step:
    """One migration file and its state in its database."""

    warehouse: Warehouse
    revision: str
    file: Path
    sha256: str
    state: Literal["applied", "pending", "edited", "unknown"]

    @property
    def name(self) -> str:
        """`postgres/0001_foundation.sql`."""
        return f"{self.file.parent.name}/{self.file.name}"


def plan(settings: Settings) -> list[Step]:
    """Every migration file of both warehouses in the order of application, with its state. Changes nothing."""
    steps: list[Step] = []
    for warehouse in WAREHOUSES:
        engine = _engine(settings, warehouse, create=False)
        try:
            steps += _steps(warehouse, _applied(engine, warehouse))
        finally:
            engine.dispose()
    return steps


def apply(settings: Settings, on_step: Callable[[Step], None] = lambda step: None) -> list[Step]:
    """Applies pending files and returns them; a second call is a no-op. PostgreSQL's roles get the passwords of today.

    Args:
        on_step: called before each file that is applied.

    Raises:
        MigrationError: an applied file was edited, a database knows a newer revision, or a statement failed.
    """
    done: list[Step] = []
    postgres = _engine(settings, "postgres", create=True)
    with _only_one(postgres):
        for warehouse in WAREHOUSES:
            engine = postgres if warehouse == "postgres" else _engine(settings, warehouse, create=True)
            try:
                done += _apply_one(engine, warehouse, _place(settings), on_step)
            finally:
                engine.dispose()
        _set_passwords(settings)
        if done:
            _show_cold_files(settings)
    return done


def run_sql_beside(revision_file: str) -> None:
    """Body of every revision's `upgrade()`: executes the `.sql` file beside the revision, on ClickHouse rendered for
    where it runs (see lib/clickhouse_ddl.py)."""
    from alembic import op

    file = Path(revision_file).with_suffix(".sql")
    bind = op.get_bind()
    for statement in _statements(file, bind):
        place: Place | None = op.get_context().opts["place"]
        for rendered in [statement] if place is None else render(statement, place):
            _execute(bind, rendered)


def clickhouse_statements(file: Path) -> list[str]:
    """The statements of a file of sql/clickhouse, with their comments, without the semicolons that end them."""
    import sqlparse

    return [part.rstrip().rstrip(";") for part in sqlparse.split(file.read_text()) if _says_something(part)]


def _place(settings: Settings) -> Place:
    cluster = settings.clickhouse_cluster
    files = sorted((SQL_ROOT / "clickhouse").glob("*.sql")) if cluster else []
    return Place(
        database=urlsplit(settings.clickhouse_url).path.lstrip("/"),
        facade_prefix=settings.clickhouse_facade_prefix,
        cluster=cluster,
        sharded=sharded_tables(statement for file in files for statement in clickhouse_statements(file)),
    )


def _apply_one(engine: Engine, warehouse: Warehouse, place: Place, on_step: Callable[[Step], None]) -> list[Step]:
    from alembic.runtime.environment import EnvironmentContext

    script = _scripts(warehouse)
    _bootstrap(engine, warehouse, place.cluster)
    steps = _steps(warehouse, _applied(engine, warehouse))
    for step in steps:
        if step.state == "edited":
            raise MigrationError(
                f"{step.name} was edited after it was applied: restore it and put the change into a new numbered file"
            )
        if step.state == "unknown":
            raise MigrationError(
                f"the {warehouse} database has revision {step.revision}, which this version does not know: update it"
            )
    pending = [step for step in steps if step.state == "pending"]
    for step in pending:
        on_step(step)
        try:
            with engine.begin() as connection, EnvironmentContext(_config(warehouse), script) as environment:
                environment.configure(
                    connection=connection,
                    fn=lambda current, _, step=step: script._upgrade_revs(step.revision, current),
                    version_table_schema="ops" if warehouse == "postgres" else None,
                    place=place if warehouse == "clickhouse" else None,
                )
                environment.run_migrations()
                _record(connection, step)
                if warehouse == "postgres":
                    _grant_rights(connection)
        except MigrationError:
            raise
        except Exception as error:
            raise MigrationError(f"{step.name}: {_first_line(error)}") from error
    return pending


def _steps(warehouse: Warehouse, applied: dict[str, str]) -> list[Step]:
    revisions = list(reversed(list(_scripts(warehouse).walk_revisions())))
    if not revisions:
        raise MigrationError(f"no migrations under {SQL_ROOT / warehouse}: the checkout is not complete")
    steps = []
    for revision in revisions:
        file = Path(revision.path).with_suffix(".sql")
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        known = applied.get(revision.revision)
        state = "pending" if known is None else "applied" if known == digest else "edited"
        steps.append(Step(warehouse, revision.revision, file, digest, state))
    for stranger in sorted(set(applied) - {step.revision for step in steps}):
        steps.append(Step(warehouse, stranger, SQL_ROOT / warehouse / f"{stranger}.sql", applied[stranger], "unknown"))
    return steps


def _config(warehouse: Warehouse) -> Any:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(SQL_ROOT / warehouse))
    config.set_main_option("version_locations", str(SQL_ROOT / warehouse))
    config.set_main_option("path_separator", "newline")
    return config


def _scripts(warehouse: Warehouse) -> ScriptDirectory:
    from alembic.script import ScriptDirectory

    return ScriptDirectory.from_config(_config(warehouse))


def _engine(settings: Settings, warehouse: Warehouse, *, create: bool) -> Engine:
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    if warehouse == "postgres":
        url = "postgresql+psycopg" + settings.postgres_url.removeprefix("postgresql")
        return create_engine(url, poolclass=NullPool)
    import clickhouse_connect.cc_sqlalchemy.alembic

    parts = urlsplit(settings.clickhouse_url)
    if create:
        import clickhouse_connect

        with clickhouse_connect.get_client(dsn=urlunsplit(parts._replace(path=""))) as client:
            on_cluster = f" ON CLUSTER '{settings.clickhouse_cluster}'" if settings.clickhouse_cluster else ""
            client.command(f"CREATE DATABASE IF NOT EXISTS `{parts.path.lstrip('/')}`{on_cluster}")
    secure = "?secure=true" if parts.scheme == "https" else ""
    return create_engine(urlunsplit(parts._replace(scheme="clickhousedb")) + secure, poolclass=NullPool)


@contextmanager
def _only_one(postgres: Engine) -> Iterator[None]:
    from sqlalchemy import text

    with postgres.connect() as connection:
        if not connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": _ADVISORY_LOCK}):
            raise MigrationError("another migration is running: wait for it to end, then run this again")
        yield


def _bootstrap(engine: Engine, warehouse: Warehouse, cluster: str | None) -> None:
    with engine.begin() as connection:
        if warehouse == "postgres":
            _execute(connection, "CREATE SCHEMA IF NOT EXISTS ops")
            _execute(
                connection,
                f"CREATE TABLE IF NOT EXISTS {_LEDGER[warehouse]} (revision text PRIMARY KEY, file text NOT NULL,"
                " sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())",
            )
        else:
            _execute(connection, _clickhouse_ledger(cluster))


def _clickhouse_ledger(cluster: str | None) -> str:
    """On a cluster every server holds all of it (one path for all shards), so that any of them can be asked."""
    replicated = "ReplicatedReplacingMergeTree('/clickhouse/tables/{uuid}/all', '{shard}-{replica}', applied_at)"
    return (
        f"CREATE TABLE IF NOT EXISTS {_LEDGER['clickhouse']}" + (f" ON CLUSTER '{cluster}'" if cluster else "") + "("
        "revision String COMMENT 'Number of the file.', file String COMMENT 'Name of the file.',"
        " sha256 String COMMENT 'SHA-256 of the file, hexadecimal.',"
        " applied_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When it was applied (UTC).')"
        f" ENGINE = {replicated if cluster else 'ReplacingMergeTree(applied_at)'} ORDER BY revision"
        " COMMENT 'Migration files that were applied here.'"
    )


def _applied(engine: Engine, warehouse: Warehouse) -> dict[str, str]:
    from sqlalchemy import text
    from sqlalchemy.exc import DatabaseError

    final = " FINAL" if warehouse == "clickhouse" else ""
    try:
        with engine.connect() as connection:
            rows = connection.execute(text(f"SELECT revision, sha256 FROM {_LEDGER[warehouse]}{final}"))
            return {row[0]: row[1] for row in rows}
    except DatabaseError as error:
        message = str(error)
        if "does not exist" in message or "UNKNOWN_" in message:
            return {}
        raise MigrationError(
            f"{warehouse} does not answer ({_first_line(error)}): start it with `candlehouse up`"
        ) from None


def _record(connection: Connection, step: Step) -> None:
    from sqlalchemy import text

    connection.execute(
        text(f"INSERT INTO {_LEDGER[step.warehouse]} (revision, file, sha256) VALUES (:revision, :file, :sha256)"),
        {"revision": step.revision, "file": step.file.name, "sha256": step.sha256},
    )


def _grant_rights(connection: Connection) -> None:
    """Roles get their rights on what the file made, in the same transaction. Before 0013 there are no roles."""
    from sqlalchemy import text

    if connection.scalar(text("SELECT to_regprocedure('ops.grant_rights()') IS NOT NULL")):
        _execute(connection, "SELECT ops.grant_rights()")


def _show_cold_files(settings: Settings) -> None:
    """A view that a file made anew reads ClickHouse alone; where rows are in cold files, it reads these again."""
    import clickhouse_connect
    import psycopg

    from dagster_project.lib.cold.show import show_everywhere
    from dagster_project.lib.cold.store import StoreError, open_store

    with psycopg.connect(settings.postgres_url, autocommit=True) as connection:
        if connection.execute("SELECT to_regclass('ops.cold_state') IS NULL").fetchone() == (True,):
            return
        try:
            show_everywhere(
                connection,
                lambda: clickhouse_connect.get_client(dsn=settings.clickhouse_url, autogenerate_session_id=False),
                lambda: open_store(settings.cold_url),
            )
        except StoreError as error:
            raise MigrationError(str(error)) from None


def _set_passwords(settings: Settings) -> None:
    from dagster_project import roles

    try:
        roles.set_passwords(settings)
    except roles.RoleError as error:
        raise MigrationError(str(error)) from None


def _statements(file: Path, bind: Connection) -> list[str]:
    return [file.read_text()] if bind.dialect.name == "postgresql" else clickhouse_statements(file)


def _says_something(statement: str) -> bool:
    """More than comments and blanks. The lexer suffices: `sqlparse.format` took half the time of a migration."""
    from sqlparse import lexer, tokens

    silent = (tokens.Comment, tokens.Whitespace, tokens.Punctuation)
    return any(not any(kind in group for group in silent) for kind, _ in lexer.tokenize(statement))


def _execute(connection: Connection, statement: str) -> None:
    """Runs a statement as it is: `%` and `:name` in DDL are text, not parameters."""
    if connection.dialect.name == "postgresql":
        connection.connection.driver_connection.execute(statement)  # type: ignore[union-attr]
    else:
        connection.exec_driver_sql(statement)


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
