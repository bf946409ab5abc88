"""`candlehouse import candles` on real engines: every row accounted for, the ledger honest, the same after a kill."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psycopg
import pytest

from dagster_project.lib.candle_files.folder import look
from dagster_project.lib.candles.corrections import changes
from dagster_project.lib.candles.dump import CHUNK_ROWS, CandleTally, import_recording
from dagster_project.lib.candles.ledger import Ledger
from dagster_project.lib.candles.rows import parse
from dagster_project.lib.candles.store import CandleStore, Write, no_candles
from dagster_project.resources.clickhouse import ClickHouseResource
from dagster_project.settings import Market

START = int(datetime(2024, 3, 1, 10, tzinfo=UTC).timestamp() * 1000)
STEP = 300_000
NOW = int(datetime(2024, 6, 1, tzinfo=UTC).timestamp() * 1000)


def rows(count: int, start: int = START, step: int = STEP) -> list[list[float]]:
    """[ms, o, h, l, c, v], a gentle slope."""
    return [[start + n * step, 100 + n / 8, 101 + n / 8, 99 + n / 8, 100.5 + n / 8, n + 0.125] for n in range(count)]


def write(folder: Path, name: str, found: list[list[float]]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(json.dumps(found))


@pytest.fixture
def store(warehouse: Any) -> Iterator[CandleStore]:
    with ClickHouseResource().client() as client:
        yield CandleStore(client)


@pytest.fixture
def land(store: CandleStore, connection: psycopg.Connection) -> Callable[..., list[CandleTally]]:
    """Lands a folder as one venue, at a clock of 2024-06-01."""

    def call(folder: Path, exchange: str) -> list[CandleTally]:
        contents = look(folder, (), exchange)
        return [import_recording(store, Ledger(connection), one, NOW) for one in contents.recordings]

    return call


@pytest.fixture
def held(store: CandleStore) -> Callable[..., list[tuple[int, float, str]]]:
    """(time, close, origin) of what is stored."""

    def call(exchange: str, symbol: str = "A/USDT", timeframe: str = "5m") -> list[tuple[int, float, str]]:
        from dagster_project.lib.candles.windows import Range

        found = store.stored(Market(exchange, symbol, timeframe), Range(0, 4_000_000_000_000))
        return list(zip(found.candles.time.tolist(), found.candles.close.tolist(), found.origin.tolist(), strict=True))

    return call


def windows(connection: psycopg.Connection, exchange: str) -> list[tuple]:
    return connection.execute(
        "SELECT to_char(window_start AT TIME ZONE 'UTC', 'MM-DD'), state, expected, got, cause FROM ops.ingest_windows"
        " WHERE exchange = %s ORDER BY symbol, timeframe, window_start",
        [exchange],
    ).fetchall()


def test_days_are_booked_as_what_the_file_holds(
    land: Callable[..., list[CandleTally]], held: Callable[..., Any], connection: psycopg.Connection, tmp_path: Path
) -> None:
    found = rows(168 + 288 + 288 + 12)
    hole = found[:300] + found[310 : 168 + 288] + found[168 + 288 + 288 :]
    write(tmp_path, "A_USDT-5m.json", hole)
    (tally,) = land(tmp_path, "holes")
    assert (tally.read, tally.landed, tally.booked) == (len(hole), len(hole), 4)
    assert held("holes") == [(row[0], row[4], "dump") for row in hole]
    assert windows(connection, "holes") == [
        ("03-01", "partial", 288, 168, "the imported file begins later"),
        ("03-02", "partial", 288, 278, "the imported file does not have it"),
        ("03-03", "missing", 288, 0, "the imported file does not have it"),
        ("03-04", "partial", 288, 12, "the imported file ends earlier"),
    ]
    gaps = connection.execute(
        "SELECT state, cause, count(*)::int FROM ops.ingest_gaps WHERE exchange = 'holes' GROUP BY 1, 2 ORDER BY 2"
    ).fetchall()
    assert gaps == [
        ("missing", "the imported file begins later", 1),
        ("missing", "the imported file does not have it", 2),
        ("missing", "the imported file ends earlier", 1),
    ]
    before = connection.execute("SELECT * FROM ops.ingest_windows WHERE exchange = 'holes' ORDER BY 4").fetchall()
    (again,) = land(tmp_path, "holes")
    assert (again.landed, again.updated, again.unchanged, again.booked) == (0, 0, len(hole), 0)
    after = connection.execute("SELECT * FROM ops.ingest_windows WHERE exchange = 'holes' ORDER BY 4").fetchall()
    assert after == before


def test_a_dump_never_replaces_the_venue(
    store: CandleStore, land: Callable[..., list[CandleTally]], held: Callable[..., Any], tmp_path: Path
) -> None:
    found = rows(20)
    market = Market("kept", "A/USDT", "5m")
    theirs = [[*row[:4], row[4] + (0.25 if n == 3 else 0), row[5]] for n, row in enumerate(found[:10])]
    store.write([Write(market, "venue", changes(no_candles(), parse(theirs)[0], "venue"), no_candles())])
    write(tmp_path, "A_USDT-5m.json", found)
    (tally,) = land(tmp_path, "kept")
    assert (tally.read, tally.landed, tally.unchanged, tally.kept) == (20, 10, 9, 1)
    assert [one[2] for one in held("kept")] == ["venue"] * 10 + ["dump"] * 10
    assert held("kept")[3][1] == theirs[3][4]
    assert tally.differences[0].endswith("close: 100.875 in the file, the venue has 101.125")


def test_bad_rows_are_kept_with_reasons_and_their_neighbours_land(
    land: Callable[..., list[CandleTally]], held: Callable[..., Any], connection: psycopg.Connection, tmp_path: Path
) -> None:
    found = rows(30)
    found[4][2] = 1
    found[5][1] = float("nan")
    found.insert(7, [*found[6][:4], 7.0, 1.0])
    found[7][3] = 6.0
    found.append([found[-1][0] + STEP // 2, *found[-1][1:]])
    found.append([NOW, *found[0][1:]])
    write(tmp_path, "A_USDT-5m.json", found)
    (tally,) = land(tmp_path, "bad")
    assert (tally.read, tally.refused, tally.repeated, tally.landed) == (33, 4, 1, 28)
    assert held("bad")[4][1] == 7.0  # of two rows with one open time the last one counts
    reasons = {reject.reason for reject in tally.rejects}
    assert reasons == {
        "low is above open, high or close",
        "a price or the volume is not a finite number",
        "the open time is not on the grid of the timeframe",
        "the candle was not closed yet",
    }
    kept = connection.execute("SELECT count(*) FROM ops.quarantine WHERE source = 'candles/bad'").fetchone()
    assert kept == (4,)


def test_a_changed_file_is_a_correction_and_newest_first_is_read_too(
    land: Callable[..., list[CandleTally]], held: Callable[..., Any], tmp_path: Path
) -> None:
    found = rows(50)
    write(tmp_path, "A_USDT-5m.json", found[::-1])
    assert land(tmp_path, "newest")[0].landed == 50
    found[8][4] = 101.25
    write(tmp_path, "A_USDT-5m.json", found[::-1])
    (tally,) = land(tmp_path, "newest")
    assert (tally.landed, tally.updated, tally.unchanged) == (0, 1, 49)
    assert held("newest")[8][1] == 101.25


def test_the_command_on_the_recorded_tree(
    connection: psycopg.Connection, run: Callable[..., dict[str, Any]], shared_data: Path
) -> None:
    tree = shared_data / "candles" / "freqtrade"
    dry = run("candles", tree, "--exchange", "binance", "--dry-run")
    assert windows(connection, "binance") == []
    done = run("candles", tree, "--exchange", "binance", "--rename", "XRP/ETH=XRP2/ETH")
    landed = {(one["symbol"], one["timeframe"]): one["landed"] for one in done["recordings"]}
    assert landed == {
        ("ETH/BTC", "5m"): 5760,
        ("UNITTEST/BTC", "1m"): 13681,
        ("UNITTEST/BTC", "30m"): 1920,
        ("XRP2/ETH", "1m"): 2469,
        ("XRP/USDT:USDT", "1h"): 100,
        ("XRP/USDT:USDT", "5m"): 1999,
    }
    assert sorted(one["landed"] for one in dry["recordings"]) == sorted(landed.values())
    assert done["refused"]["UNITTEST_BTC-8m.feather"] == "an empty file (0 bytes)"
    assert done["refused"]["UNITTEST_BTC-8m.json.gz"] == "named 8m but its rows are 1m apart"
    assert done["refused"]["futures/XRP_USDT_USDT-8h-funding_rate.feather"] == "holds funding rates, not candles"
    assert len(done["refused"]) == 8
    gaps = connection.execute(
        "SELECT count(*), sum(extract(epoch FROM gap_end - gap_start) / 60)::int FROM ops.ingest_gaps"
        " WHERE symbol = 'UNITTEST/BTC' AND timeframe = '1m' AND cause = 'the imported file does not have it'"
    ).fetchone()
    assert gaps == (538, 717)
    assert run("candles", tree, "--exchange", "binance", "--parity", "--only", "*ETH_BTC*")["faults"] == []
    other = run("candles", tree, "--exchange", "kraken", "--parity", "--only", "*ETH_BTC*", code=1)
    assert other["recordings"][0]["differences"][0] == "kraken ETH/BTC 5m 2018-01-10 04:55:00: not stored"


def test_a_folder_without_candles_is_one_line(refused: Callable[..., str], tmp_path: Path) -> None:
    assert "is not a folder" in refused("candles", tmp_path / "nowhere")
    assert "never mix with generated ones" in refused("candles", tmp_path, "--exchange", "sandbox")


def test_memory_is_that_of_a_chunk(
    land: Callable[..., list[CandleTally]], connection: psycopg.Connection, tmp_path: Path
) -> None:
    peaks = []
    for chunks in (2, 6):
        count = CHUNK_ROWS * chunks
        times = int(datetime(2021, 1, 1, tzinfo=UTC).timestamp() * 1000) + np.arange(count) * 60_000
        price = 100 + np.arange(count) % 1000 / 8
        frame = pd.DataFrame({
            "date": pd.to_datetime(times, unit="ms", utc=True), "open": price, "high": price + 1, "low": price - 1,
            "close": price, "volume": 1.0,
        })  # fmt: skip
        frame.to_feather(tmp_path / "A_USDT-1m.feather")
        del frame, times, price
        tracemalloc.start()
        try:
            (tally,) = land(tmp_path, f"big{chunks}")
            peaks.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
        assert tally.landed == count
    times = CHUNK_ROWS * 4 * 8 * 6  # the file's open times, and what finding the usual step makes of them
    assert peaks[1] < peaks[0] + times, f"{peaks[0]:,} bytes for two chunks, {peaks[1]:,} for six"


VICTIM = """
    import os, signal
    from pathlib import Path
    import psycopg
    from dagster_project.lib.candle_files.folder import look
    from dagster_project.lib.candles import dump, store, ledger
    from dagster_project.resources.clickhouse import ClickHouseResource
    dump.CHUNK_ROWS = 288
    calls = 0
    def deadly(cls, method):
        inner = getattr(cls, method)
        def wrapped(self, *arguments):
            global calls
            calls += 1
            if calls == {nth} and {before}:
                os.kill(os.getpid(), signal.SIGKILL)
            result = inner(self, *arguments)
            if calls == {nth}:
                os.kill(os.getpid(), signal.SIGKILL)
            return result
        setattr(cls, method, wrapped)
    deadly({owner}, {method!r})
    with ClickHouseResource().client() as client:
        with psycopg.connect(os.environ["CANDLEHOUSE_POSTGRES_URL"], autocommit=True) as connection:
            (one,) = look(Path({path!r}), (), {exchange!r}).recordings
            dump.import_recording(store.CandleStore(client), ledger.Ledger(connection), one, {now})
"""


@pytest.mark.parametrize(
    ("owner", "method", "nth", "before"),
    [("store.CandleStore", "write", 2, False), ("ledger.Ledger", "record", 3, True)],
)
def test_an_import_that_was_killed_ends_like_one_that_was_not(
    land: Callable[..., list[CandleTally]],
    held: Callable[..., Any],
    connection: psycopg.Connection,
    killed: Callable[[str], None],
    tmp_path: Path,
    owner: str,
    method: str,
    nth: int,
    before: bool,
) -> None:
    found = rows(288 * 5)
    write(tmp_path, "A_USDT-5m.json", found)
    exchange = f"killed_{method}"
    killed(VICTIM.format(
        owner=owner, method=method, nth=nth, before=before, path=str(tmp_path), exchange=exchange, now=NOW
    ))  # fmt: skip
    assert 0 < len(held(exchange)) < len(found)
    (tally,) = land(tmp_path, exchange)
    assert tally.landed + tally.unchanged == len(found)
    assert tally.updated == 0
    assert held(exchange) == [(row[0], row[4], "dump") for row in found]
    assert [(state, expected - got) for _, state, expected, got, _ in windows(connection, exchange)] == [
        ("partial", 120), ("complete", 0), ("complete", 0), ("complete", 0), ("complete", 0), ("partial", 168),
    ]  # fmt: skip
