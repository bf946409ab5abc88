"""Which files count as candles of which market, in every format, and why the others do not."""

from __future__ import annotations

import gzip
import json
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from dagster_project.lib.candle_files.names import read_name
from dagster_project.stack.replay import Dataset, NoCandles, ReplayVenue, Venue, describe
from dagster_project.stack.replay.__main__ import main
from dagster_project.stack.replay.wire import decimal
from tests.stack.replay.venue_client import FIVE_MINUTES, START, Client, made_rows, truth_rows

ROOT = Path(__file__).parents[3]
ROWS = made_rows(40)
HEADER = (
    "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote_volume,ignore"
)


def frame(rows: list[list[float]] = ROWS, unit: str = "ns") -> pd.DataFrame:
    data = pd.DataFrame(rows, columns=["date", "open", "high", "low", "close", "volume"])
    data["date"] = pd.to_datetime(data["date"], unit="ms", utc=True).astype(f"datetime64[{unit}, UTC]")
    return data


def csv(rows: list[list[float]], header: str | None, time: Callable[[float], Any]) -> str:
    lines = [header] if header else []
    lines += [",".join([str(time(row[0])), *map(repr, row[1:])]) for row in rows]
    return "\n".join(lines) + "\n"


def binance_dump(rows: list[list[float]], scale: int) -> str:
    """A file of data.binance.vision: no header, twelve columns."""
    return "".join(
        f"{int(t) * scale},{o!r},{h!r},{low!r},{c!r},{v!r},{(int(t) + 299_999) * scale},{v * c!r},7,0.5,50.25,0\n"
        for t, o, h, low, c, v in rows
    )


def iso(separator: str, suffix: str) -> Callable[[float], str]:
    return lambda t: f"{datetime.fromtimestamp(t / 1000, UTC):%Y-%m-%d{separator}%H:%M:%S}{suffix}"


PLAIN = "date,open,high,low,close,volume"
WRITERS: dict[str, Callable[[Path], Any]] = {
    "X_Y-5m.feather": lambda path: frame().to_feather(path),
    "binance_X_Y-5m.feather": lambda path: frame(unit="ms").to_feather(path),
    "X_Y-5m_label.feather": lambda path: frame(unit="us").to_feather(path, compression="zstd"),
    "X_Y-5m.parquet": lambda path: frame().to_parquet(path),
    "kucoin_X_Y-5m.parquet": lambda path: frame().set_index("date").to_parquet(path),
    "X_Y-5m.json": lambda path: path.write_text(json.dumps(ROWS)),
    "X_Y-5m.json.gz": lambda path: path.write_bytes(gzip.compress(json.dumps(ROWS).encode())),
    "gate_X_Y-5m.json": lambda path: path.write_text(
        json.dumps([dict(zip(("time", "o", "h", "l", "c", "v"), row, strict=True)) for row in ROWS])
    ),
    "bybit_X_Y-5m.json": lambda path: path.write_text(json.dumps([[str(value) for value in row] for row in ROWS])),
    "X_Y-5m.csv": lambda path: path.write_text(csv(ROWS, PLAIN, int)),
    "ms_X_Y-5m.csv": lambda path: path.write_text(csv(ROWS, "timestamp,Open,High,Low,Close,Volume", int)),
    "s_X_Y-5m.csv": lambda path: path.write_text(csv(ROWS, PLAIN, lambda t: int(t) // 1000)),
    "us_X_Y-5m.csv": lambda path: path.write_text(csv(ROWS, PLAIN, lambda t: int(t) * 1000)),
    "ns_X_Y-5m.csv": lambda path: path.write_text(csv(ROWS, PLAIN, lambda t: int(t) * 1_000_000)),
    "naive_X_Y-5m.csv": lambda path: path.write_text(csv(ROWS, PLAIN, iso(" ", ""))),
    "zulu_X_Y-5m.csv": lambda path: path.write_text(csv(ROWS, PLAIN, iso("T", "Z"))),
    "offset_X_Y-5m.csv": lambda path: path.write_text(csv(ROWS, "Date,open,high,low,close,volume", iso("T", "+00:00"))),
    "newest-5m-x-y.csv": lambda path: path.write_text(csv(ROWS[::-1], PLAIN, iso(" ", ""))),
    "zipped_X_Y-5m.csv.gz": lambda path: path.write_bytes(gzip.compress(csv(ROWS, PLAIN, int).encode())),
    "Binance_XUSDT_5m.csv": lambda path: path.write_text(
        "https://www.CryptoDataDownload.com\n"
        + csv(ROWS, "Unix,Open,High,Low,Close,Volume X", int).replace("Volume X", "Volume X,Volume USDT", 1)
        .replace("\n", ",0\n").replace("USDT,0\n", "USDT\n", 1)
    ),
    "XUSDT-5m-2023-11.csv": lambda path: path.write_text(binance_dump(ROWS, 1)),
    "XUSDT-5m-2025-01.csv": lambda path: path.write_text(binance_dump(ROWS, 1000)),
    "XUSDT-5m.csv": lambda path: path.write_text(HEADER + "\n" + binance_dump(ROWS, 1)),
}  # fmt: skip


@pytest.mark.parametrize("name", WRITERS)
def test_every_layout_gives_the_same_candles(tmp_path: Path, name: str) -> None:
    nested = tmp_path / "deep" / "down"
    nested.mkdir(parents=True)
    WRITERS[name](nested / name)
    venue = ReplayVenue(tmp_path)
    (recording,) = venue.dataset.recordings
    assert recording.symbol in ("X/Y", "X/USDT")
    assert (recording.timeframe, recording.rows, len(venue.dataset.skipped)) == ("5m", 40, 0)
    assert recording.first == datetime.fromtimestamp(START / 1000, UTC)
    assert recording.last == datetime.fromtimestamp((START + 39 * FIVE_MINUTES) / 1000, UTC)
    assert truth_rows(venue, recording.symbol, "5m") == ROWS


def test_what_a_dump_holds_more_is_served(tmp_path: Path, serve: Callable[[Venue], Client]) -> None:
    (tmp_path / "XUSDT-5m-2023-11.csv").write_text(binance_dump(ROWS, 1))
    row = serve(ReplayVenue(tmp_path)).klines(symbol="XUSDT", interval="5m", startTime=START, limit=1)[0]
    assert row[7:] == [repr(ROWS[0][4] * ROWS[0][5]), 7, "0.5", "50.25", "0"]


def test_parts_of_a_dump_are_one_recording(tmp_path: Path) -> None:
    (tmp_path / "XUSDT-5m-2023-11-14.csv").write_text(binance_dump(ROWS[:21], 1))
    with zipfile.ZipFile(tmp_path / "XUSDT-5m-2023-11-15.zip", "w") as archive:
        archive.writestr("XUSDT-5m-2023-11-15.csv", binance_dump(ROWS[20:], 1000))
    venue = ReplayVenue(tmp_path)
    assert [len(recording.files) for recording in venue.dataset.recordings] == [2]
    assert truth_rows(venue, "X/USDT", "5m") == ROWS


BAD: dict[str, tuple[bytes, str]] = {
    "A_B-5m.feather": (b"", "an empty file (0 bytes)"),
    "B_C-5m.json": (b"[]", "an empty list"),
    "C_D-1h.json": (json.dumps(ROWS).encode(), "named 1h but its rows are 5m apart"),
    "D_E-5m.json": (b'{"ohlc": []}', "a JSON dict, not a list of candles"),
    "E_F-5m.json": (b"[[1700000100000, 1.0", "cannot be read as json"),
    "F_G-5m.feather": (b"not arrow at all", "cannot be read as feather"),
    "G_H-5m.parquet": (b"PAR1", "cannot be read as parquet"),
    "H_I-5m.csv": (b"date,open,high\n1,2,3\n", "no column for low, close, volume"),
    "I_J-5m.csv": (b"date,open,high,low,close,volume\n", "no row with a readable time"),
    "J_K-5m.csv": (b"date,open,high,low,close,volume\nsoon,1,1,1,1,1\n", "no row with a readable time"),
    "K_L-5m.json.gz": (b"[]", "cannot be read as json.gz"),
    "L_M-7m.json": (json.dumps(made_rows(9, step=420_000)).encode(), "Binance has no 7m candles"),
    "M_N_N-5m-futures.json": (json.dumps(ROWS).encode(), "holds futures of a derivative, not spot candles"),
    "M_N_N-8h-funding_rate.json": (json.dumps(ROWS).encode(), "holds funding_rate of a derivative"),
    "okx_M_N_N-5m-mark.json": (json.dumps(ROWS).encode(), "holds mark of a derivative, not spot candles"),
    "N_O_O-5m.json": (json.dumps(ROWS).encode(), "a contract settled in O, not a spot market"),
}


def test_bad_files_are_skipped_with_a_reason_and_stop_nobody(tmp_path: Path) -> None:
    for name, (content, _) in BAD.items():
        (tmp_path / name).write_bytes(content)
    for other in ("README.md", "X_Y-trades.json.gz", "config.json", "X_Y-5m.feather.bak", "x.csv"):
        (tmp_path / other).write_bytes(b"[]")
    (tmp_path / "O_P-5m.json").symlink_to(tmp_path / "gone")
    (tmp_path / "GOOD_USDT-5m.json").write_text(json.dumps(ROWS))
    dataset = describe(tmp_path)
    assert [recording.symbol for recording in dataset.recordings] == ["GOOD/USDT"]
    reasons = {skip.path.name: skip.reason for skip in dataset.skipped}
    assert reasons.pop("O_P-5m.json").startswith("cannot be read as json: [Errno 2]")
    assert set(reasons) == set(BAD)
    for name, (_, reason) in BAD.items():
        assert reasons[name].startswith(reason), name
        assert "\n" not in reasons[name]
    assert dataset.others == 5


def test_of_two_recordings_the_longer_one_wins(tmp_path: Path) -> None:
    (tmp_path / "a_X_Y-5m.json").write_text(json.dumps(ROWS[:10]))
    (tmp_path / "z_X_Y-5m.json").write_text(json.dumps(ROWS))
    dataset = describe(tmp_path)
    assert dataset.recordings[0].files == (tmp_path / "z_X_Y-5m.json",)
    assert dataset.skipped[0].reason == "X/Y 5m is served from z_X_Y-5m.json (40 rows against 10)"
    assert describe(tmp_path, only="a_*").recordings[0].rows == 10


def test_of_two_equally_long_ones_the_better_format_wins(tmp_path: Path) -> None:
    (tmp_path / "a_X_Y-5m.csv").write_text(csv(ROWS, PLAIN, int))
    (tmp_path / "b_X_Y-5m.json").write_text(json.dumps(ROWS))
    frame().to_feather(tmp_path / "z_X_Y-5m.feather")
    assert describe(tmp_path).recordings[0].venue == "z"


def test_bad_rows_are_served_as_they_were_recorded(tmp_path: Path, serve: Callable[[Venue], Client]) -> None:
    rows: list[Any] = [list(row) for row in ROWS]
    rows[3][2], rows[3][3] = rows[3][3], rows[3][2]  # high below low
    rows[5][4] = None
    rows.insert(7, "not a row")
    rows.append([*ROWS[-1][:5], 999.0])  # sent twice: the later one counts
    (tmp_path / "X_Y-5m.json").write_text(json.dumps(rows))
    client = serve(ReplayVenue(tmp_path))
    got = client.klines(symbol="XY", interval="5m", startTime=START)
    assert len(got) == 40
    assert float(got[3][2]) < float(got[3][3])
    assert got[5][4] == "NaN"
    assert float(got[-1][5]) == 999.0


def test_rows_without_a_time_are_left_out(tmp_path: Path) -> None:
    broken = frame()
    broken.loc[3, "date"] = pd.NaT
    broken.to_feather(tmp_path / "A_B-5m.feather")
    broken.to_parquet(tmp_path / "B_C-5m.parquet")
    (tmp_path / "C_D-5m.csv").write_text(csv(ROWS, PLAIN, iso(" ", "")).replace(iso(" ", "")(ROWS[3][0]), "soon"))
    (tmp_path / "D_E-5m.json").write_text(json.dumps([*ROWS[:3], [None, 1, 1, 1, 1, 1], *ROWS[4:]]))
    venue = ReplayVenue(tmp_path)
    for symbol in ("A/B", "B/C", "C/D", "D/E"):
        assert truth_rows(venue, symbol, "5m") == ROWS[:3] + ROWS[4:]


def test_an_hour_recorded_whole_beats_one_added_up(tmp_path: Path) -> None:
    hour = START // 3_600_000 * 3_600_000
    hours = [[hour + n * 3_600_000, 1.0, 2.0, 0.5, 1.5, 100.0] for n in range(-2, 2)]
    (tmp_path / "X_Y-1h.json").write_text(json.dumps(hours))
    (tmp_path / "X_Y-5m.json").write_text(json.dumps(ROWS))
    venue = ReplayVenue(tmp_path)
    assert venue.book.intervals("XY") == [
        "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d", "1w", "1M",
    ]  # fmt: skip
    assert truth_rows(venue, "X/Y", "1h") == hours
    assert [row[5] for row in truth_rows(venue, "X/Y", "2h")][:1] == [200.0]


def test_calendar_intervals(tmp_path: Path) -> None:
    day = 86_400_000
    first = round(datetime(2024, 1, 30, tzinfo=UTC).timestamp() * 1000)  # a Tuesday
    (tmp_path / "X_Y-1d.json").write_text(json.dumps([[first + n * day, 1.0, 2.0, 0.5, 1.5, 1.0] for n in range(35)]))
    venue = ReplayVenue(tmp_path, now="2024-04-01")
    weeks = truth_rows(venue, "X/Y", "1w")
    assert {datetime.fromtimestamp(row[0] / 1000, UTC).weekday() for row in weeks} == {0}
    assert [row[5] for row in weeks] == [6, 7, 7, 7, 7, 1]
    months = truth_rows(venue, "X/Y", "1M")
    assert [f"{datetime.fromtimestamp(row[0] / 1000, UTC):%Y-%m-%d}" for row in months] == [
        "2024-01-01", "2024-02-01", "2024-03-01",
    ]  # fmt: skip
    assert [row[5] for row in months] == [2, 29, 4]
    venue.set_now("2024-03-31T23:59")
    assert len(truth_rows(venue, "X/Y", "1M")) == 2


def test_without_resampling_only_recorded_intervals(tmp_path: Path) -> None:
    (tmp_path / "X_Y-5m.json").write_text(json.dumps(ROWS))
    assert ReplayVenue(tmp_path, resampled=False).book.intervals("XY") == ["5m"]


@pytest.fixture(scope="module")
def shared(shared_data: Path) -> Dataset:
    return describe(shared_data)


def test_the_whole_shared_folder(shared: Dataset, shared_data: Path) -> None:
    assert [(r.symbol, r.timeframe, r.rows) for r in shared.recordings] == [
        ("BTC/USD", "1h", 17_583),
        ("BTC/USDT", "5m", 105_277),
        ("BTC/USDT", "1h", 44_283),
        ("ETH/BTC", "5m", 5_760),
        ("UNITTEST/BTC", "1m", 13_681),
        ("UNITTEST/BTC", "30m", 1_920),
        ("XRP/ETH", "1m", 2_469),
    ]
    reasons = {skip.path.relative_to(shared_data / "candles").as_posix(): skip.reason for skip in shared.skipped}
    assert reasons["freqtrade/UNITTEST_BTC-8m.feather"] == "an empty file (0 bytes)"
    assert reasons["freqtrade/NOPAIR_XXX-4m.json"] == "an empty list"
    assert reasons["freqtrade/UNITTEST_BTC-8m.json.gz"] == "named 8m but its rows are 1m apart"
    assert "105,277 rows against 8,639" in reasons["okx_BTC_USDT-5m.json"]
    assert sum("derivative" in reason for reason in reasons.values()) == 8
    assert describe(shared_data / "candles").recordings == shared.recordings


def test_newest_first_recordings_are_served_ascending(shared: Dataset, shared_data: Path) -> None:
    """The Coinbase file runs backwards, has gaps and no time zone."""
    venue = ReplayVenue(shared_data, only="coinbase-*")
    got = truth_rows(venue, "BTC/USD", "1h")
    assert [row[0] for row in got] == sorted({row[0] for row in got})
    assert got[-1] == [1_562_202_000_000, 11849.99, 11880.0, 11790.01, 11849.69, 303.61]


@pytest.mark.parametrize("folder", ["missing", "empty", "only_bad"])
def test_nothing_usable_is_one_line_that_helps(tmp_path: Path, folder: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "only_bad").mkdir()
    (tmp_path / "only_bad" / "X_Y-5m.json").write_text("[]")
    with pytest.raises(NoCandles) as caught:
        describe(tmp_path / folder)
    assert len(str(caught.value).splitlines()) == 1
    result = CliRunner().invoke(main, [str(tmp_path / folder)])
    assert (result.exit_code, result.output) == (1, f"Error: {caught.value}\n")


def test_command_refuses_a_taken_port(folder: Path, replay: Callable[..., Client]) -> None:
    port = replay().url.rpartition(":")[2]
    result = CliRunner().invoke(main, [str(folder), "--port", port])
    assert result.exit_code == 1
    assert "choose another --port" in result.output


def test_command_serves_until_interrupted(folder: Path) -> None:
    command = [sys.executable, "-m", "dagster_project.stack.replay", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT) as process:
        assert process.stdout
        lines: list[str] = []
        for line in process.stdout:
            lines.append(line)
            if line.startswith("  python"):
                break
        url = next(line.removeprefix("serving ").strip() for line in lines if line.startswith("serving "))
        ping = httpx.Client(transport=httpx.HTTPTransport(retries=5), trust_env=False).get(f"{url}/api/v3/ping")
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
    shown = "".join(lines)
    assert ping.json() == {}
    assert (process.returncode, rest) == (0, "")
    assert "AAA/USDT" in shown
    assert "1,200" in shown
    assert "BBB_USDT-5m.json" in shown


@pytest.mark.parametrize(
    "name",
    ["X_Y-trades.json", "notes.txt", "X_Y-5m", "x-y.csv", "XYZ-1h.csv", "../X_Y-5m.json.exe", "X_Y-5m_a.report.json"],
)
def test_names_that_are_not_candles(name: str) -> None:
    assert read_name(Path(name)) is None


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_decimals_read_back_exactly(value: float) -> None:
    text = decimal(value)
    assert "e" not in text
    assert np.float64(text) == value
