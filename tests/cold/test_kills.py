"""kill -9 at every named place: readers see every row once before and after the next call."""

from __future__ import annotations

import signal

import psycopg
import pytest

from dagster_project.lib.cold import dumps, engine
from dagster_project.lib.cold.store import Folder
from dagster_project.stack.pg_programs import pg_program
from tests import forked
from tests.cold import victim

from .conftest import Cold

RESTORE = [name for name in engine.CRASH_POINTS if "attach" in name or "restore" in name]
APPLY = [name for name in engine.CRASH_POINTS if name not in RESTORE]


def die(cold: Cold, what: str, place: str) -> None:
    """Runs the victim until the place."""
    assert isinstance(cold.store, Folder)
    ended = forked.run(victim.run, what, str(cold.store.root), cold.now.isoformat(), CANDLEHOUSE_CRASH_AT=place)
    assert ended == -signal.SIGKILL, f"{place} was not reached"


@pytest.mark.parametrize("place", APPLY)
def test_a_killed_export(cold: Cold, place: str) -> None:
    if place == "cold_before_delete":
        cold.apply()
        cold.trade("2024-01/9", "2024-01-20 00:00:00", "3")
        cold.apply()
        cold.now = cold.now.replace(year=2050)
        cold.connection.execute("SET session_replication_role = replica")
        cold.connection.execute("UPDATE ops.cold_events SET at = '2000-01-01' WHERE event = 'replaced'")
        cold.connection.execute("RESET session_replication_role")
    wanted = cold.trades()
    die(cold, "apply", place)
    assert cold.trades() == wanted
    cold.trade("2024-01/8", "2024-01-21 00:00:00", "4")
    wanted = sorted([*wanted, ("2024-01/8", "4")])
    assert cold.trades() == wanted

    cold.apply()

    assert cold.trades() == wanted
    read = {file.month: file for file in [cold.file(202401)]}
    assert read[202401].side.rows == len([name for name, _ in wanted if name.startswith("2024-01")])
    held = [row for row in cold.states() if row[2] not in ("deleted",)]
    assert len(cold.store.paths("trades_history_versions")) == len(held), "no file without a manifest"
    assert cold.apply().months == []


@pytest.mark.parametrize("place", RESTORE)
def test_a_killed_restore(cold: Cold, place: str) -> None:
    cold.apply()
    wanted = cold.trades()
    die(cold, "restore", place)
    assert cold.trades() == wanted
    cold.restore(202401)
    assert cold.trades() == wanted
    assert cold.states() == [(202401, 1, "restored")]
    cold.apply()
    assert cold.client.query("SELECT count() FROM system.tables WHERE name LIKE 'cold_scratch%'").result_rows == [(0,)]


@pytest.mark.parametrize("place", dumps.CRASH_POINTS)
def test_a_killed_dump(cold: Cold, place: str) -> None:
    url = cold.settings.postgres_url
    if place == "dump_mid_restore":
        dumps.dump(url, cold.store, pg_program, keep=3)
    die(cold, "drill" if place == "dump_mid_restore" else "dump", place)
    done = dumps.dump(url, cold.store, pg_program, keep=3)
    assert done.path in cold.store.paths("dumps")
    assert len(cold.store.paths("dumps")) == (2 if place == "dump_mid_restore" else 1)
    drill = dumps.drill_dump(url, cold.store, pg_program)
    assert drill is not None
    assert drill.passed
    with psycopg.connect(url) as connection:
        left = connection.execute("SELECT count(*) FROM pg_database WHERE datname LIKE '%restore_drill'").fetchone()
    assert left == (0,)
