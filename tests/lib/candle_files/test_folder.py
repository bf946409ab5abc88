"""Which files of a folder become candles of which market, and the reason of every other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dagster_project.lib.candle_files.folder import Contents, look

VENUES = ("binance", "okx", "bybit")
START = 1_700_000_100_000


def write(path: Path, rows: int = 40, step: int = 300_000, start: int = START) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([[start // step * step + n * step, 1.0, 2.0, 0.5, 1.5, 3.0] for n in range(rows)]))


def markets(contents: Contents) -> list[tuple[str, str, str, int]]:
    return [
        (one.exchange, one.symbol, one.timeframe, sum(file.rows for file in one.files)) for one in contents.recordings
    ]


def reasons(contents: Contents) -> dict[str, str]:
    return {file.path.name: file.reason for file in contents.refused}


def test_the_venue_is_the_callers_the_names_or_the_folders(tmp_path: Path) -> None:
    write(tmp_path / "data" / "bybit" / "A_USDT-5m.json")
    write(tmp_path / "data" / "bybit" / "okx_B_USDT-5m.json")
    write(tmp_path / "C_USDT-5m.json")
    contents = look(tmp_path, VENUES)
    assert markets(contents) == [("bybit", "A/USDT", "5m", 40), ("okx", "B/USDT", "5m", 40)]
    assert reasons(contents) == {
        "C_USDT-5m.json": "neither its name nor a folder says which venue it is of: give --exchange"
    }
    given = look(tmp_path, VENUES, exchange="binance")
    assert [one[:2] for one in markets(given)] == [("binance", "A/USDT"), ("binance", "C/USDT")]
    assert reasons(given) == {"okx_B_USDT-5m.json": "its name says okx, --exchange says binance"}


def test_contracts_are_markets_of_their_own_and_mark_prices_none(tmp_path: Path) -> None:
    folder = tmp_path / "binance"
    write(folder / "X_USDT-5m.json")
    for kind in ("futures", "mark", "index", "funding_rate", "premiumIndex"):
        write(folder / "futures" / f"X_USDT_USDT-5m-{kind}.json")
    contents = look(tmp_path, VENUES)
    assert [one[1] for one in markets(contents)] == ["X/USDT", "X/USDT:USDT"]
    assert len(reasons(contents)) == 4
    assert reasons(contents)["X_USDT_USDT-5m-funding_rate.json"] == "holds funding rates, not candles"


def test_a_name_that_lies_and_a_timeframe_that_does_not_divide_a_day(tmp_path: Path) -> None:
    write(tmp_path / "A_B-1h.json")
    write(tmp_path / "A_B-7m.json", step=420_000)
    (tmp_path / "A_B-1m.feather").touch()
    found = reasons(look(tmp_path, VENUES, "binance"))
    assert found["A_B-1h.json"] == "named 1h but its rows are 5m apart"
    assert found["A_B-7m.json"].startswith("7m is not one of 1m, 5m")
    assert found["A_B-1m.feather"] == "an empty file (0 bytes)"


def test_the_longer_recording_wins_and_parts_belong_together(tmp_path: Path) -> None:
    write(tmp_path / "AUSDT-5m-2023-11.json", rows=30)
    write(tmp_path / "AUSDT-5m-2023-12.json", rows=30, start=START + 30 * 300_000)
    write(tmp_path / "other" / "A_USDT-5m.json", rows=50)
    contents = look(tmp_path, VENUES, "binance")
    assert markets(contents) == [("binance", "A/USDT", "5m", 60)]
    assert reasons(contents) == {"A_USDT-5m.json": "A/USDT 5m is taken from AUSDT-5m-2023-11.json (60 rows against 50)"}


def test_a_renamed_market_is_one(tmp_path: Path) -> None:
    write(tmp_path / "MATIC_USDT-5m.json", rows=40)
    write(tmp_path / "POL_USDT-5m.json", rows=20, start=START + 40 * 300_000)
    contents = look(tmp_path, VENUES, "binance", {"MATIC/USDT": "POL/USDT"})
    assert markets(contents) == [("binance", "POL/USDT", "5m", 60)]
    assert [file.path.name for file in contents.recordings[0].files] == ["MATIC_USDT-5m.json", "POL_USDT-5m.json"]


@pytest.mark.parametrize(("only", "count"), [("binance/*", 1), ("*-5m.json", 2), ("nothing*", 0)])
def test_only_some_files(tmp_path: Path, only: str, count: int) -> None:
    write(tmp_path / "binance" / "A_USDT-5m.json")
    write(tmp_path / "okx" / "A_USDT-5m.json")
    assert len(look(tmp_path, VENUES, only=only).recordings) == count
