"""Batches are read ahead on a second connection: its errors surface, and it leaves nothing behind."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Generator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import psutil
import psycopg
import pytest

from dagster_project.lib.archive import engine, gentle, manifest, warehouse

House = Any
IDS = ("t1", "t2", "t3", "t4", "t5", "t6")


@pytest.fixture
def pairs(house: House) -> House:
    """Six trades that travel in batches of two."""
    house.insert(*IDS)
    house.trades = replace(house.trades, batch_rows=2)
    return house


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """`reader(before=...)`: calls it in front of each read after the first; the list has the threads that read."""

    def install(before: Callable[[], None] = lambda: None) -> list[str]:
        threads: list[str] = []
        lines = engine.lines

        def watched(*arguments: Any) -> Generator[bytes, None, None]:
            threads.append(threading.current_thread().name)
            if len(threads) > 1:
                before()
            yield from lines(*arguments)

        monkeypatch.setattr(engine, "lines", watched)
        return threads

    return install


def left_behind(house: House) -> int:
    """Sessions on this database beside our own. A server process ends a moment after its client has closed."""
    for _ in range(100):
        sessions = house.one(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND backend_type = 'client backend'"
        )
        if not sessions:
            break
        time.sleep(0.05)
    return sessions


def test_all_but_the_first_batch_are_read_ahead(pairs: House, reader: Callable[..., list[str]]) -> None:
    threads = reader()
    assert pairs.archive().rows == 6
    assert [name.startswith("archive") for name in threads] == [False, True, True]
    assert left_behind(pairs) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux gives a thread a priority of its own")
def test_the_archive_leaves_the_processor_to_applications(pairs: House, monkeypatch: pytest.MonkeyPatch) -> None:
    insert, nice = warehouse.insert, set[int]()

    def watched(*arguments: Any) -> str:
        nice.add(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
        return insert(*arguments)

    monkeypatch.setattr(warehouse, "insert", watched)
    pairs.archive()
    assert nice == {gentle.NICE}
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == 0
    used = pairs.client.query(
        "SELECT getSetting('os_threads_nice_value_query')", settings=gentle.clickhouse_settings(pairs.client)
    )
    assert used.result_rows == [(gentle.NICE,)]
    assert psutil.Process(pairs.connection.info.backend_pid).nice() == gentle.NICE


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows and sets them")
def test_a_server_process_that_is_not_known_to_be_ours_keeps_its_priority(
    pairs: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    with psycopg.connect(pairs.connection.info.dsn, password=pairs.connection.info.password) as connection:
        process = psutil.Process(connection.info.backend_pid)
        # Another container's numbers: the process of that number has another title.
        with monkeypatch.context() as patch:
            patch.setattr(psutil.Process, "cmdline", lambda self: ["postgres: someone else 127.0.0.1(1) idle"])
            assert not gentle.backend(connection)
        assert process.nice() == 0
        assert gentle.backend(connection)
        assert process.nice() == gentle.NICE


def test_an_error_of_the_reader_surfaces_after_the_batch_before_it(
    pairs: House, reader: Callable[..., list[str]]
) -> None:
    def broken() -> None:
        raise OSError("the disk of PostgreSQL is gone")

    reader(before=broken)
    with pytest.raises(OSError, match="the disk of PostgreSQL is gone"):
        pairs.archive()
    assert pairs.marked() == ["t1", "t2"]
    assert pairs.history() == ["t1", "t2"]
    assert left_behind(pairs) == 0


def test_what_was_read_ahead_is_dropped_when_the_batch_before_it_fails(
    pairs: House, reader: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    reader()

    def full(*arguments: Any) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(manifest, "verified", full)
    with pytest.raises(OSError, match="no space left"):
        pairs.archive()
    assert pairs.marked() == []
    assert pairs.history() in (["t1", "t2"], ["t1", "t2", "t3", "t4"])
    assert left_behind(pairs) == 0
    monkeypatch.undo()
    assert pairs.archive().rows == 6
    assert pairs.history() == list(IDS)


def test_a_row_that_changes_after_it_was_read_is_not_marked_and_travels_again(
    pairs: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The third batch changes while the second is compared: it is read by then, or leaves to the next pass."""
    verified, batches = manifest.verified, 0

    def late(*arguments: Any) -> None:
        nonlocal batches
        batches += 1
        if batches == 2:
            pairs.connection.execute(
                "UPDATE trades SET net_pnl = 9, closed_at = '2025-12-01Z' WHERE id IN ('t3', 't6')"
            )
        verified(*arguments)

    monkeypatch.setattr(manifest, "verified", late)
    pairs.archive()
    assert set(pairs.marked()) & {"t3", "t6"} == set()
    pairs.archive()
    assert pairs.marked() == list(IDS)
    assert pairs.history("net_pnl") == [Decimal(9 if name in ("t3", "t6") else "1.5") for name in IDS]


def test_no_batch_is_read_beyond_the_last_that_was_asked_for(pairs: House, reader: Callable[..., list[str]]) -> None:
    threads = reader()
    assert pairs.archive(max_batches=2).rows == 4
    assert len(threads) == 2
    assert (pairs.archive().rows, pairs.history()) == (2, list(IDS))
