"""Derived timeframes follow every change of the stored candles at once, however it was made; GetCandles agrees."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from dagster_project.lib.queries import query
from dagster_project.settings import TIMEFRAMES

READ = "timestamp, open, high, low, close, volume, quote_volume, trades, origin, candles"


@pytest.fixture(scope="module")
def exchange() -> str:
    return "derived"


@pytest.fixture
def filled(place: Any, collect: Any, exchange: str) -> None:
    with place(exchange) as here:
        collect(here.markets)


def get_candles(ask: Any, exchange: str, timeframe: str, n: int, symbol: str = "AAA/USDT") -> list[tuple[Any, ...]]:
    return ask(query("get_candles"), exchange=exchange, symbol=symbol, timeframe=timeframe, n=n)


@pytest.mark.parametrize("timeframe", TIMEFRAMES)
def test_get_candles_is_the_end_of_the_view(filled: None, ask: Any, exchange: str, timeframe: str) -> None:
    view = ask(
        f"SELECT {READ} FROM candles WHERE exchange = {{e:String}} AND symbol = 'AAA/USDT' AND timeframe = {{t:String}}"
        " ORDER BY timestamp DESC",
        e=exchange,
        t=timeframe,
    )
    assert view
    for n in (1, 7, 100, 100_000):
        assert get_candles(ask, exchange, timeframe, n) == view[:n]


def test_only_whole_candles_are_shown(filled: None, ask: Any, exchange: str) -> None:
    last = ask("SELECT max(timestamp) FROM candles_stored WHERE exchange = {e:String}", e=exchange)[0][0]
    for timeframe, seconds in TIMEFRAMES.items():
        newest = get_candles(ask, exchange, timeframe, 1)[0]
        assert newest[0] + timedelta(seconds=seconds) <= last + timedelta(minutes=1)
        assert newest[-1] == seconds // 60


def test_an_open_candle_is_not_shown(ask: Any) -> None:
    ask("INSERT INTO market_ohlcv (exchange, symbol, timeframe, timestamp, open, high, low, close, volume)"
        " SELECT 'open', 'AAA/USDT', '1m', toStartOfMinute(now()) - toIntervalMinute(number), 1, 1, 1, 1, 1"
        " FROM numbers(3)")  # fmt: skip
    assert ask("SELECT count() FROM candles_stored WHERE exchange = 'open'") == [(2,)]
    assert len(get_candles(ask, "open", "1m", 10)) == 2


def test_an_insert_by_hand_reaches_derived_candles_at_once(filled: None, ask: Any, exchange: str) -> None:
    hour = datetime(2025, 3, 2, 5)  # noqa: DTZ001  clickhouse-connect gives naive UTC
    before = {row[0]: row for row in get_candles(ask, exchange, "1h", 500, "BBB/USDT")}
    ask(
        "INSERT INTO market_ohlcv (exchange, symbol, timeframe, timestamp, open, high, low, close, volume, revision)"
        " SELECT exchange, symbol, timeframe, timestamp, open, 1e6, low, close, volume, revision + 1"
        " FROM candles_stored"
        " WHERE exchange = {e:String} AND symbol = 'BBB/USDT' AND timestamp = '2025-03-02 05:17:00'",
        e=exchange,
    )
    after = {row[0]: row for row in get_candles(ask, exchange, "1h", 500, "BBB/USDT")}
    assert {time for time in before if before[time] != after[time]} == {hour}
    assert after[hour][2] == 1e6
    for timeframe in ("4h", "1d"):
        highs = {row[0]: row[2] for row in get_candles(ask, exchange, timeframe, 100, "BBB/USDT")}
        assert highs[hour.replace(hour=4 if timeframe == "4h" else 0)] == 1e6
    view = ask("SELECT max(high) FROM candles WHERE exchange = {e:String} AND symbol = 'BBB/USDT' AND timeframe = '1d'",
               e=exchange)  # fmt: skip
    assert view == [(1e6,)]


def test_holes_do_not_shorten_the_answer(place: Any, collect: Any, ask: Any) -> None:
    with place("sparse", holes=0.4) as here:
        collect(here.markets)
    for timeframe in ("1m", "5m", "1h"):
        assert len(get_candles(ask, "sparse", timeframe, 50)) == 50


def test_a_real_candle_beats_a_made_up_one_and_not_the_other_way_round(ask: Any) -> None:
    insert = (
        "INSERT INTO market_ohlcv (exchange, symbol, timeframe, timestamp, open, high, low, close, volume, origin,"
        " revision) VALUES ('rank', 'AAA/USDT', '1m', '2025-03-01 00:00:00', 1, 1, 1, {close:Float64}, 1,"
        " {origin:String}, {r:UInt32})"
    )
    ask(insert, close=2.0, origin="venue", r=0)
    ask(insert, close=3.0, origin="synthetic", r=9)
    assert ask("SELECT close, origin FROM candles_stored WHERE exchange = 'rank'") == [(2.0, "venue")]
