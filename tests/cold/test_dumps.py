"""Dumps of PostgreSQL come back as they were."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
import pytest

from dagster_project.lib.cold import dumps
from dagster_project.lib.cold.store import Folder
from dagster_project.stack.errors import StackError
from dagster_project.stack.pg_programs import pg_program

from .conftest import Cold


def one(url: str, query: str) -> Any:
    """First cell."""
    with psycopg.connect(url) as connection:
        row = connection.execute(query.encode()).fetchone()
        return row[0] if row else None


@pytest.fixture
def filled(cold: Cold) -> Cold:
    """Some rows with odd text, and a setting of the database."""
    cold.connection.execute("DELETE FROM agents")
    cold.connection.execute("INSERT INTO agents (id, display_name) VALUES ('a', E'it''s \\t odd'), ('b', 'é')")
    return cold


def test_a_dump_comes_back_equal_and_with_its_settings(filled: Cold) -> None:
    url, store = filled.settings.postgres_url, filled.store
    done = dumps.dump(url, store, pg_program, keep=3)
    assert done.tables["public.agents"][0] == 2

    dumps.restore_dump(url, store, pg_program, done, "cold_back")
    there = dumps._inside(url, "cold_back")
    try:
        assert one(there, "SELECT string_agg(display_name, '|' ORDER BY id) FROM agents") == "it's \t odd|é"
        assert done.settings, "the migrations set some"
        with psycopg.connect(there) as connection:
            assert dumps.settings(connection) == done.settings
        assert one(there, "SELECT has_table_privilege('candlehouse_app', 'public.agents', 'SELECT')")
        with pytest.raises(dumps.DumpFailed, match="exists"):
            dumps.restore_dump(url, store, pg_program, done, "cold_back")
    finally:
        filled.connection.execute("DROP DATABASE cold_back WITH (FORCE)")


def test_a_drill_passes_and_leaves_nothing(filled: Cold) -> None:
    url = filled.settings.postgres_url
    assert dumps.drill_dump(url, filled.store, pg_program) is None
    done = dumps.dump(url, filled.store, pg_program, keep=3)
    drill = dumps.drill_dump(url, filled.store, pg_program)
    assert drill is not None
    assert (drill.passed, drill.rows) == (True, done.rows)
    assert one(url, "SELECT count(*) FROM pg_database WHERE datname LIKE '%restore_drill'") == 0
    assert one(url, "SELECT passed FROM ops.restore_drills WHERE dump_id IS NOT NULL")


def test_a_flipped_byte_and_a_wrong_count_fail_the_drill(filled: Cold) -> None:
    url, store = filled.settings.postgres_url, filled.store
    assert isinstance(store, Folder)
    done = dumps.dump(url, store, pg_program, keep=3)
    file: Path = store.root / done.path
    good = file.read_bytes()
    file.write_bytes(good[:1000] + bytes([good[1000] ^ 1]) + good[1001:])
    drill = dumps.drill_dump(url, store, pg_program)
    assert drill is not None
    assert not drill.passed
    assert "not those of its manifest" in str(drill.reason)
    file.write_bytes(good)
    changed = dumps.Dump(**{**vars(done), "tables": {**done.tables, "public.agents": [3, "0" * 32]}})
    with pytest.raises(dumps.DumpFailed, match=r"public.agents: 3 rows dumped, 2 restored"):
        dumps.restore_dump(url, store, pg_program, changed, "cold_back")
    assert one(url, "SELECT count(*) FROM pg_database WHERE datname = 'cold_back'") == 0
    file.unlink()
    drill = dumps.drill_dump(url, store, pg_program)
    assert drill is not None
    assert "No such file" in str(drill.reason)


def test_old_dumps_make_room_and_killed_ones_are_swept(filled: Cold) -> None:
    url, store = filled.settings.postgres_url, filled.store
    assert isinstance(store, Folder)
    (store.root / "dumps").mkdir(parents=True)
    (store.root / "dumps" / ".x.tmp").write_text("half")
    made = [dumps.dump(url, store, pg_program, keep=2).path for _ in range(3)]
    assert store.paths("dumps") == sorted(made[1:])


def test_a_program_that_fails_is_one_line_and_leaves_no_file(filled: Cold, tmp_path: Path) -> None:
    program = tmp_path / "pg_dump"
    program.write_text("#!/bin/sh\necho half\necho 'pg_dump: error: disk on fire' >&2\nexit 1\n")
    program.chmod(0o755)
    with pytest.raises(dumps.DumpFailed, match="disk on fire"):
        dumps.dump(filled.settings.postgres_url, filled.store, lambda name, major: str(program), keep=2)
    assert filled.store.paths("dumps") == []


def test_the_password_is_not_on_the_command_line() -> None:
    arguments, environment = dumps._where("postgresql://owner:s3cret@127.0.0.1:5432/house?sslmode=prefer")
    assert "s3cret" not in " ".join(arguments)
    assert "sslmode=prefer" in " ".join(arguments)
    assert environment["PGPASSWORD"] == "s3cret"


def test_a_program_older_than_the_server_is_refused() -> None:
    with pytest.raises(StackError, match="no pg_dump of PostgreSQL 99"):
        pg_program("pg_dump", 99)
