"""Without faults, the real ccxt client gets exactly what was recorded."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.feather as feather
import pytest

from dagster_project.lib.venue_urls import ccxt_options
from dagster_project.stack.replay import ReplayVenue, Venue, Weights
from tests.stack.replay.venue_client import FIVE_MINUTES, START, Client, made_rows, truth_rows

Serve = Callable[[Venue], Client]


def recorded(path: Path) -> list[list[Any]]:
    """A freqtrade feather file in ccxt's shape, read without any code of the venue."""
    frame = feather.read_feather(path)
    times = frame["date"].astype("datetime64[ms, UTC]").astype("int64")
    values = [frame[name].tolist() for name in ("open", "high", "low", "close", "volume")]
    return [list(row) for row in zip(times.tolist(), *values, strict=True)]


@pytest.fixture(scope="module")
def everything(shared_data: Path) -> ReplayVenue:
    return ReplayVenue(shared_data, weights=Weights(limit=0))


@pytest.mark.parametrize(
    ("file", "symbol", "timeframe", "rows"),
    [
        ("long/binance_BTC_USDT-5m.feather", "BTC/USDT", "5m", 105_277),
        ("long/binance_BTC_USDT-1h_thatspatula.feather", "BTC/USDT", "1h", 44_283),
        ("freqtrade/ETH_BTC-5m.feather", "ETH/BTC", "5m", 5_760),
        ("freqtrade/UNITTEST_BTC-1m.feather", "UNITTEST/BTC", "1m", 13_681),
        ("freqtrade/XRP_ETH-1m.feather", "XRP/ETH", "1m", 2_469),
    ],
)
def test_every_recorded_candle_arrives_unchanged(
    everything: ReplayVenue, serve: Serve, shared_data: Path, file: str, symbol: str, timeframe: str, rows: int
) -> None:
    truth = recorded(shared_data / "candles" / file)
    assert len(truth) == rows
    got = serve(everything).fetch_all(symbol, timeframe, since=truth[0][0])
    assert got == truth
    assert truth_rows(everything, symbol, timeframe) == truth


def test_a_json_recording_of_another_venue(shared_data: Path, serve: Serve) -> None:
    truth = json.loads((shared_data / "candles" / "okx_BTC_USDT-5m.json").read_text())
    client = serve(ReplayVenue(shared_data, only="okx_*"))
    assert client.fetch_all("BTC/USDT", "5m", since=truth[0][0]) == truth


def test_the_synchronous_client_too(shared_data: Path, serve: Serve) -> None:
    import ccxt

    client = serve(ReplayVenue(shared_data / "candles"))
    exchange = ccxt.binance(ccxt_options("binance", client.url))
    assert sorted(exchange.load_markets()) == ["BTC/USD", "BTC/USDT", "ETH/BTC", "UNITTEST/BTC", "XRP/ETH"]
    truth = recorded(shared_data / "candles" / "freqtrade" / "ETH_BTC-5m.feather")
    assert exchange.fetch_ohlcv("ETH/BTC", "5m", limit=3) == truth[-3:]
    assert exchange.fetch_ohlcv("ETH/BTC", "5m", since=truth[0][0], limit=3) == truth[:3]
    assert exchange.fetch_time() == 1_781_949_630_000  # 2026-06-20 10:00:30, half a minute after the last candle


def test_only_the_endpoints_that_spot_needs_are_called(replay: Callable[..., Client]) -> None:
    client = replay()
    client.fetch("AAA/USDT", "5m")
    assert dict(client.venue.requests) == {"exchangeInfo": 1, "exchangeInfo 200": 1, "klines": 1, "klines 200": 1}


def test_hours_added_up_equal_the_hours_that_the_venue_gave(shared_data: Path, tmp_path: Path, serve: Serve) -> None:
    """Two recordings of different origin: 8,773 of 8,774 hours are equal, the last one is cut."""
    candles = shared_data / "candles" / "long"
    (tmp_path / "BTC_USDT-5m.feather").symlink_to(candles / "binance_BTC_USDT-5m.feather")
    venue = ReplayVenue(tmp_path)
    hours = {row[0]: row for row in recorded(candles / "binance_BTC_USDT-1h_thatspatula.feather")}
    got = serve(venue).fetch_all("BTC/USDT", "1h", since=1_729_036_800_000)
    assert len(got) == 8_773  # the cut hour is open at the end of the recording
    assert truth_rows(venue, "BTC/USDT", "1h") == got
    for row in got:
        assert row[:5] == hours[row[0]][:5]
        assert row[5] == pytest.approx(hours[row[0]][5], rel=1e-12)


def test_rows_look_like_binances(clean: Client) -> None:
    row = clean.klines(symbol="AAAUSDT", interval="5m", limit=1, startTime=START)[0]
    assert row == [
        START, "100.1", "100.3", "99.9", "100.200000001", "0.1", START + FIVE_MINUTES - 1, "0", 0, "0", "0", "0",
    ]  # fmt: skip


class TestPaging:
    """Binance's rules for startTime, endTime and limit."""

    @staticmethod
    def opens(clean: Client, **parameters: Any) -> list[int]:
        rows = clean.klines(symbol="AAAUSDT", interval="5m", **parameters)
        return [(row[0] - START) // FIVE_MINUTES for row in rows]

    def test_neither_gives_the_newest(self, clean: Client) -> None:
        assert self.opens(clean) == list(range(700, 1200))
        assert self.opens(clean, limit=2) == [1198, 1199]

    def test_start_alone_gives_the_first_from_there(self, clean: Client) -> None:
        assert self.opens(clean, startTime=START) == list(range(500))
        assert self.opens(clean, startTime=START + 1, limit=2) == [1, 2]
        assert self.opens(clean, startTime=0, limit=2) == [0, 1]

    def test_end_alone_gives_the_last_up_to_there(self, clean: Client) -> None:
        assert self.opens(clean, endTime=START + 10 * FIVE_MINUTES, limit=3) == [8, 9, 10]
        assert self.opens(clean, endTime=START + 10 * FIVE_MINUTES - 1, limit=3) == [7, 8, 9]

    def test_both_are_inclusive_and_bound_the_open_time(self, clean: Client) -> None:
        both = {"startTime": START + 5 * FIVE_MINUTES, "endTime": START + 7 * FIVE_MINUTES}
        assert self.opens(clean, **both) == [5, 6, 7]
        assert self.opens(clean, **both, limit=2) == [5, 6]

    def test_more_than_a_thousand_are_never_sent(self, clean: Client) -> None:
        assert self.opens(clean, startTime=START, limit=5000) == list(range(1000))

    def test_windows_without_candles_are_empty(self, clean: Client) -> None:
        assert self.opens(clean, startTime=START + 1200 * FIVE_MINUTES) == []
        assert self.opens(clean, endTime=START - 1) == []
        assert self.opens(clean, startTime=START + FIVE_MINUTES, endTime=START) == []

    def test_the_same_rules_hold_for_added_up_intervals(self, clean: Client) -> None:
        quarter = 3 * FIVE_MINUTES
        first = START // quarter * quarter

        def opens(**parameters: Any) -> list[float]:
            return [(row[0] - first) / quarter for row in clean.klines(symbol="AAAUSDT", interval="15m", **parameters)]

        whole = opens(startTime=0, limit=1000)
        assert whole == list(range(len(whole)))
        assert opens(startTime=first, limit=2) == [0, 1]
        assert opens(startTime=first + 1, limit=2) == [1, 2]
        assert opens(endTime=first + 9 * quarter, limit=2) == [8, 9]
        assert opens(limit=2) == whole[-2:]
        assert opens(startTime=first + 4 * quarter, endTime=first + 6 * quarter) == [4, 5, 6]


class TestClock:
    """The venue lives at its own time."""

    def test_nothing_after_now_is_known(self, replay: Callable[..., Client]) -> None:
        now = START + 10 * FIVE_MINUTES
        client = replay(now=lambda: now)
        assert client.http.get("/time").json() == {"serverTime": now}
        assert [row[0] for row in client.klines(symbol="AAAUSDT", interval="5m")] == [
            START + n * FIVE_MINUTES for n in range(10)
        ]

    def test_a_candle_is_there_from_its_close_on(self, replay: Callable[..., Client]) -> None:
        client = replay(now="2023-11-14T22:19:59.999Z")  # the first candle opens at 22:15
        assert client.klines(symbol="AAAUSDT", interval="5m") == []
        assert client.venue.truth("AAA/USDT", "5m").num_rows == 0
        client.venue.set_now("2023-11-14T22:20Z")
        assert len(client.klines(symbol="AAAUSDT", interval="5m")) == 1
        assert client.venue.truth("AAA/USDT", "5m").num_rows == 1
        client.venue.set_now("end")
        assert len(client.klines(symbol="AAAUSDT", interval="5m", limit=1000)) == 1000

    def test_a_wrong_now_is_refused(self, folder: Path) -> None:
        with pytest.raises(ValueError, match="`end`, `real` or an ISO time"):
            ReplayVenue(folder, now="noon")


class TestErrors:
    """Binance's codes and statuses."""

    @pytest.mark.parametrize(
        ("path", "code"),
        [
            ("/klines?symbol=NOPE&interval=5m", -1121),
            ("/klines?interval=5m", -1102),
            ("/klines?symbol=AAAUSDT", -1102),
            ("/klines?symbol=AAAUSDT&interval=7m", -1120),
            ("/klines?symbol=AAAUSDT&interval=1m", -1120),  # Binance has it, the recording is too coarse
            ("/klines?symbol=aaausdt&interval=5m", -1100),
            ("/klines?symbol=..%2F..%2Fetc%2Fpasswd&interval=5m", -1100),
            ("/klines?symbol=AAAUSDT&interval=5m&limit=ten", -1100),
            ("/klines?symbol=AAAUSDT&interval=5m&limit=-1", -1100),
            ("/klines?symbol=AAAUSDT&interval=5m&limit=0", -1130),
            ("/klines?symbol=AAAUSDT&interval=5m&startTime=2024-01-01", -1100),
            ("/klines?symbol=AAAUSDT&interval=5m&until=5", -1104),
            ("/ticker/price?symbol=NOPE", -1121),
            ("/ticker/price?symbols=NOPE", -1100),
            ("/exchangeInfo?symbol=NOPE", -1121),
            ("/exchangeInfo?symbols=x", -1100),
        ],
    )
    def test_bad_requests(self, clean: Client, path: str, code: int) -> None:
        answer = clean.http.get(path)
        assert (answer.status_code, answer.json()["code"]) == (400, code)
        assert answer.json()["msg"]

    @pytest.mark.parametrize(
        "path", ["/../../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/AAA_USDT-5m.json", "/depth"]
    )
    def test_nothing_else_is_served(self, clean: Client, path: str) -> None:
        assert clean.http.get(path).status_code == 404

    def test_only_reading(self, clean: Client) -> None:
        assert clean.http.post("/klines").status_code == 405

    def test_as_the_client_sees_them(self, clean: Client) -> None:
        import ccxt

        with pytest.raises(ccxt.BadRequest):
            clean.fetch("AAA/USDT", "1m")
        with pytest.raises(ccxt.BadSymbol):
            clean.fetch("CCC/USDT", "5m")


def test_ticker_price_is_the_last_close(clean: Client) -> None:
    assert clean.http.get("/ticker/price", params={"symbol": "AAAUSDT"}).json() == {
        "symbol": "AAAUSDT",
        "price": repr(made_rows(1200)[-1][4]),
    }
    assert {row["symbol"] for row in clean.http.get("/ticker/price").json()} == {"AAAUSDT", "BBBUSDT"}


def test_many_clients_at_once(replay: Callable[..., Client]) -> None:
    client = replay(weights=Weights(limit=0))

    async def work(exchange: Any) -> list[Any]:
        asks = [exchange.fetch_ohlcv("AAA/USDT", "5m", START + n * FIVE_MINUTES, 10) for n in range(100)]
        return await asyncio.gather(*asks)

    truth = made_rows(1200)
    assert client.ccxt(work) == [truth[n : n + 10] for n in range(100)]


def test_options_move_every_address_of_any_venue() -> None:
    def moved(ccxt_id: str, base_url: str) -> dict[str, str]:
        return ccxt_options(ccxt_id, base_url).get("urls", {})["api"]

    assert moved("bybit", "http://127.0.0.1:9/x/")["public"] == "http://127.0.0.1:9/x"
    assert moved("binance", "http://127.0.0.1:9")["public"] == "http://127.0.0.1:9/api/v3"
    assert all(address.startswith("http://127.0.0.1:9/") for address in moved("binance", "http://127.0.0.1:9").values())
    assert ccxt_options("kraken") == {}
    with pytest.raises(ValueError, match="no exchange 'nope'"):
        ccxt_options("nope", "http://127.0.0.1:9")
    with pytest.raises(ValueError, match="base_url is like"):
        ccxt_options("binance", "127.0.0.1:9")
