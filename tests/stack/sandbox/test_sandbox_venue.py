"""Made-up candles are the same whatever window is asked for, join everywhere, and reach the real client."""

from __future__ import annotations

import time

import ccxt
import numpy as np
import pytest
from click.testing import CliRunner

from dagster_project.lib.venue_urls import ccxt_options
from dagster_project.stack.replay import Faults, running
from dagster_project.stack.sandbox import SANDBOX_SYMBOLS, SandboxSource, SandboxVenue
from dagster_project.stack.sandbox.__main__ import main

MINUTE, DAY = 60_000, 86_400_000
DAY_START = 1_760_572_800_000  # 2025-10-16


def candles(source: SandboxSource, start: int, end: int, market: str = "BTCUSDT") -> np.ndarray:
    return source.rows(market, "1m", start, end, None, False)


def test_windows_do_not_change_candles() -> None:
    source = SandboxSource(["BTC/USDT", "ETH/USDT"])
    whole = candles(source, DAY_START - DAY, DAY_START + 2 * DAY - 1)
    assert len(whole) == 3 * 1440
    for start, minutes in ((0, 10), (1435, 20), (700, 1500), (4319, 1)):
        first = DAY_START - DAY + start * MINUTE
        fresh = SandboxSource(["ETH/USDT", "BTC/USDT"])  # another order, nothing asked before
        part = candles(fresh, first, first + (minutes - 1) * MINUTE)
        assert part.tobytes() == whole[start : start + minutes].tobytes()


def test_bytes_are_the_same_for_ever() -> None:
    """A changed digit would make every sandbox row of every installation a correction."""
    row = candles(SandboxSource(["BTC/USDT"], seed=7), DAY_START, DAY_START)[0]
    assert row.tolist() == (
        1760572800000,
        31279.88,
        31297.75,
        31242.08,
        31267.36,
        7.10682,
        222255.9880884,
        427,
        2.92047,
        91333.54208256,
    )


def test_seed_and_symbol_decide() -> None:
    source = SandboxSource(["BTC/USDT", "BTC/USDC"])
    one = candles(source, DAY_START, DAY_START + DAY)
    assert not np.array_equal(one["close"], candles(source, DAY_START, DAY_START + DAY, "BTCUSDC")["close"])
    other = candles(SandboxSource(["BTC/USDT"], seed=1), DAY_START, DAY_START + DAY)
    assert not np.array_equal(one["close"], other["close"])


@pytest.mark.parametrize("symbol", [*SANDBOX_SYMBOLS, "PEPE/USDT", "ABC/EUR"])
def test_candles_join_and_make_sense(symbol: str) -> None:
    rows = candles(SandboxSource([symbol]), DAY_START - 3 * DAY, DAY_START + 3 * DAY, symbol.replace("/", ""))
    assert (np.diff(rows["open_time"]) == MINUTE).all()
    assert (rows["open"][1:] == rows["close"][:-1]).all()
    assert (rows["low"] > 0).all()
    assert (rows["low"] <= np.minimum(rows["open"], rows["close"])).all()
    assert (rows["high"] >= np.maximum(rows["open"], rows["close"])).all()
    assert (rows["volume"] > 0).all()
    returns = np.diff(np.log(rows["close"]))
    daily = returns.std() * np.sqrt(1440)
    assert 0.02 < daily < 0.04
    borders = rows["open_time"][1:] % DAY == 0
    assert np.abs(returns[borders]).max() < 6 * returns.std()  # midnight is a minute like any other
    assert len(np.unique(rows["close"])) > 500  # ticks are fine enough


def test_it_begins_in_2020_and_ends_now() -> None:
    source = SandboxSource(["BTC/USDT"])
    assert source.rows("BTCUSDT", "1m", 0, None, 1, False)["open_time"][0] == 1_577_836_800_000
    assert len(candles(source, 0, 1_577_836_799_999)) == 0
    newest = source.rows("BTCUSDT", "1m", None, None, 1, True)["open_time"][0]
    assert 0 <= time.time() * 1000 - newest < 2 * MINUTE


def test_the_real_client_by_the_real_clock() -> None:
    venue = SandboxVenue(seed=3)
    with running(venue) as url:
        exchange = ccxt.binance({**ccxt_options("binance", url), "enableRateLimit": False})
        assert sorted(exchange.load_markets()) == sorted(SANDBOX_SYMBOLS)
        assert abs((exchange.fetch_time() or 0) - time.time() * 1000) < 5_000
        got = exchange.fetch_ohlcv("BTC/USDT", "1m", DAY_START, 1000)
        newest = exchange.fetch_ohlcv("BTC/USDT", "1m", limit=1)[0]
        hours = exchange.fetch_ohlcv("BTC/USDT", "1h", DAY_START, 2)
    table = venue.truth("BTC/USDT", "1m", DAY_START, DAY_START + 999 * MINUTE)
    assert [row[4] for row in got] == table["close"].to_pylist()
    assert newest[0] + MINUTE <= time.time() * 1000  # never the open candle
    assert hours[0][5] == pytest.approx(sum(row[5] for row in got[:60]))
    assert hours[1][1] == hours[0][4]


def test_faults_apply_here_too() -> None:
    venue = SandboxVenue(["BTC/USDT"], faults=Faults(holes=0.5), now="2025-10-16T12:00")
    assert 40 < venue.truth("BTC/USDT", "1m", DAY_START, DAY_START + 119 * MINUTE).num_rows < 80
    assert len(venue.page("BTCUSDT", "1m", DAY_START, None, 100)) == 100


@pytest.mark.parametrize("arguments", [["--symbol", "BTCUSDT"], ["--fault", "nope"], ["--now", "noon"]])
def test_command_refuses_nonsense_in_one_line(arguments: list[str]) -> None:
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 1
    assert result.output.startswith("Error: ")
    assert len(result.output.splitlines()) == 1
