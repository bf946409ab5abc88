"""Migrations on real engines: plan, apply, run again, edited and unknown files, a kill in the middle of a file."""

from __future__ import annotations

import shutil
from pathlib import Path

import clickhouse_connect
import psycopg
import pytest

from dagster_project import migrations
from tests.conftest import Warehouse


@pytest.fixture
def own_sql(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of sql/ that a test may edit."""
    copy = tmp_path / "sql"
    shutil.copytree(migrations.SQL_ROOT, copy)
    monkeypatch.setattr(migrations, "SQL_ROOT", copy)
    return copy


def revision(folder: Path, number: str, before: str, sql: str) -> None:
    (folder / f"{number}_extra.sql").write_text(sql)
    (folder / f"{number}_extra.py").write_text(
        "from dagster_project.migrations import run_sql_beside\n"
        f'revision = "{number}"\ndown_revision = "{before}"\n\n\ndef upgrade() -> None:\n    run_sql_beside(__file__)\n'
    )


def last(warehouse: str) -> str:
    return sorted((migrations.SQL_ROOT / warehouse).glob("*.sql"))[-1].name.split("_")[0]


def test_everything_is_applied_and_a_second_run_changes_nothing(fresh_warehouse: Warehouse) -> None:
    assert {step.state for step in migrations.plan(fresh_warehouse.settings)} == {"applied"}
    assert migrations.apply(fresh_warehouse.settings) == []


def test_an_edited_file_is_an_error_that_names_it(fresh_warehouse: Warehouse, own_sql: Path) -> None:
    file = own_sql / "postgres" / "0001_foundation.sql"
    file.write_text(file.read_text() + "\n-- edited\n")
    states = {step.name: step.state for step in migrations.plan(fresh_warehouse.settings)}
    assert states["postgres/0001_foundation.sql"] == "edited"
    with pytest.raises(migrations.MigrationError, match=r"0001_foundation\.sql was edited after it was applied"):
        migrations.apply(fresh_warehouse.settings)


def test_a_new_file_is_planned_then_applied_once(fresh_warehouse: Warehouse, own_sql: Path) -> None:
    revision(own_sql / "postgres", "9001", last("postgres"), "CREATE TABLE ops.extra (a text DEFAULT '50% :x')")
    assert [s.name for s in migrations.plan(fresh_warehouse.settings) if s.state == "pending"] == [
        "postgres/9001_extra.sql"
    ]
    assert [step.revision for step in migrations.apply(fresh_warehouse.settings)] == ["9001"]
    assert migrations.apply(fresh_warehouse.settings) == []
    with psycopg.connect(fresh_warehouse.settings.postgres_url) as connection:
        row = connection.execute("INSERT INTO ops.extra DEFAULT VALUES RETURNING a").fetchone()
    assert row == ("50% :x",)


def test_a_failing_file_leaves_postgres_as_it_was_and_says_why(fresh_warehouse: Warehouse, own_sql: Path) -> None:
    revision(own_sql / "postgres", "9002", last("postgres"), "CREATE TABLE ops.half (a int); SELECT 1 / 0;")
    with pytest.raises(migrations.MigrationError, match=r"postgres/9002_extra\.sql: .*division by zero"):
        migrations.apply(fresh_warehouse.settings)
    with psycopg.connect(fresh_warehouse.settings.postgres_url) as connection:
        assert connection.execute("SELECT to_regclass('ops.half')").fetchone() == (None,)


def test_a_clickhouse_file_killed_half_way_is_applied_again(fresh_warehouse: Warehouse, own_sql: Path) -> None:
    revision(
        own_sql / "clickhouse",
        "9001",
        last("clickhouse"),
        "CREATE TABLE IF NOT EXISTS half (a Int32 COMMENT 'one; two') ENGINE = MergeTree ORDER BY a;\n"
        "SELECT throwIf(1);\n",
    )
    with pytest.raises(migrations.MigrationError, match=r"clickhouse/9001_extra\.sql"):
        migrations.apply(fresh_warehouse.settings)
    file = own_sql / "clickhouse" / "9001_extra.sql"
    file.write_text(file.read_text().replace("throwIf(1)", "throwIf(0)"))
    assert [step.name for step in migrations.apply(fresh_warehouse.settings)] == ["clickhouse/9001_extra.sql"]
    with clickhouse_connect.get_client(dsn=fresh_warehouse.settings.clickhouse_url) as client:
        assert client.query("EXISTS TABLE half").result_rows == [(1,)]


def test_a_database_that_knows_more_than_this_version_is_refused(fresh_warehouse: Warehouse) -> None:
    with psycopg.connect(fresh_warehouse.settings.postgres_url) as connection:
        connection.execute("INSERT INTO ops.applied_migrations (revision, file, sha256) VALUES ('9999', 'x.sql', 'x')")
    with pytest.raises(migrations.MigrationError, match="9999, which this version does not know"):
        migrations.apply(fresh_warehouse.settings)


def test_every_revision_has_its_file_and_clickhouse_files_are_safe_to_run_twice(fresh_warehouse: Warehouse) -> None:
    for name in migrations.WAREHOUSES:
        scripts = sorted(file.stem for file in (migrations.SQL_ROOT / name).glob("[0-9]*.py"))
        assert scripts == sorted(file.stem for file in (migrations.SQL_ROOT / name).glob("*.sql"))
        assert scripts
    with clickhouse_connect.get_client(dsn=fresh_warehouse.settings.clickhouse_url) as client:
        import sqlparse

        for file in sorted((migrations.SQL_ROOT / "clickhouse").glob("*.sql")):
            for statement in sqlparse.split(file.read_text()):
                if sqlparse.format(statement, strip_comments=True).strip(" ;\n"):
                    client.command(statement.rstrip().rstrip(";"))
