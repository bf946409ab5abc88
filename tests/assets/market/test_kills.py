"""Kill -9 at any point of a run, then run again: every candle is there exactly once, and derived candles are right."""

from __future__ import annotations

import signal
from typing import Any

import pytest

from tests import forked
from tests.assets.market import victim

POINTS = {
    "before anything is written": ("store", "write", "-", 1),
    "days touched, candles not written": ("store", "touch", "+", 1),
    "candles written, nothing booked": ("store", "write", "+", 1),
    "candles written, counts noted, ledger not": ("ledger", "record", "-", 1),
    "first batch booked": ("ledger", "record", "+", 1),
    "second batch written, not booked": ("store", "write", "+", 2),
    "before hours are built": ("store", "roll_hours", "-", 1),
    "hours built": ("store", "roll_hours", "+", 1),
}


@pytest.mark.parametrize("point", POINTS)
def test_nothing_lost_nothing_doubled(
    point: str, place: Any, collect: Any, stored: Any, truth: Any, ask: Any, ledger: Any
) -> None:
    exchange = f"kill_{list(POINTS).index(point)}"
    with place(exchange, holes=0.005) as here:
        assert forked.run(victim.run, exchange, here.url, *POINTS[point]) == -signal.SIGKILL
        derived_is_right(ask, exchange)
        collect(here.markets)
        for symbol in ("AAA/USDT", "BBB/USDT"):
            assert stored(exchange, symbol) == truth(here.venue, symbol)
        assert collect(here.markets).requests == 1
    rows = ask("SELECT count(), uniqExact(symbol, timestamp), max(revision) FROM market_ohlcv FINAL"
               " WHERE exchange = {e:String}", e=exchange)  # fmt: skip
    assert rows[0][0] == rows[0][1]
    assert rows[0][2] == 0
    states = ledger(
        "SELECT state, count(*) FROM ops.ingest_windows WHERE exchange = %s GROUP BY 1 ORDER BY 1", exchange
    )
    assert states == [("complete", 6), ("open", 2)]
    derived_is_right(ask, exchange)


def derived_is_right(ask: Any, exchange: str) -> None:
    """The hours that people read equal hours added up here and now."""
    read = ask("SELECT symbol, timestamp, open, high, low, close, candles FROM candles_1h WHERE exchange = {e:String}"
               " ORDER BY symbol, timestamp", e=exchange)  # fmt: skip
    fresh = ask(
        "SELECT symbol, toStartOfHour(timestamp) AS hour, argMin(open, timestamp), max(high), min(low),"
        " argMax(close, timestamp), count() FROM candles_stored WHERE exchange = {e:String} GROUP BY symbol, hour"
        " ORDER BY symbol, hour",
        e=exchange,
    )
    assert set(read) <= set(fresh)
    assert len(fresh) - len(read) <= 2  # the hour in progress of both markets


def test_killed_in_the_middle_of_building_hours(place: Any, collect: Any, ask: Any) -> None:
    """Hours are there, but not the note that they are current: they are added up on the fly, and built again."""
    with place("halfway") as here:
        collect(here.markets)
        ask(
            "INSERT INTO market_days (exchange, symbol, timeframe, day, touches)"
            " SELECT exchange, symbol, timeframe, day, 1 FROM market_days WHERE exchange = 'halfway' GROUP BY ALL"
        )
        derived_is_right(ask, "halfway")
        report = collect(here.markets)
    assert report.hours_built == 8
    derived_is_right(ask, "halfway")
