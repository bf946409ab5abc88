"""Which days `candlehouse up` asks for."""

from __future__ import annotations

from datetime import date, timedelta

from dagster_project.commands.pipeline import candle_ranges
from dagster_project.settings import Market

TODAY = date(2026, 3, 10)
START = date(2025, 1, 1)


def market(first: str | None = None, last: str | None = None, symbol: str = "BTC/USDT") -> Market:
    bounds = [date.fromisoformat(day) if day else None for day in (first, last)]
    return Market("binance", symbol, "1m", first=bounds[0], last=bounds[1])


def test_a_live_market_asks_for_yesterday_and_today() -> None:
    assert candle_ranges([market()], START, TODAY) == [(TODAY - timedelta(days=1), TODAY)]


def test_a_collection_that_starts_today_asks_for_today_alone() -> None:
    assert candle_ranges([market()], TODAY, TODAY) == [(TODAY, TODAY)]


def test_recorded_markets_ask_for_their_days_and_not_for_the_years_between() -> None:
    old, new = market("2017-11-04", "2017-11-14"), market("2024-10-16", "2025-10-16", "ETH/USDT")
    assert candle_ranges([new, old], START, TODAY) == [
        (date(2017, 11, 4), date(2017, 11, 14)),
        (date(2024, 10, 16), date(2025, 10, 16)),
    ]


def test_complete_days_are_not_asked_for_again() -> None:
    one = market("2025-10-01", "2025-10-20")
    complete = {("binance", "BTC/USDT", "1m", date(2025, 10, day)) for day in range(1, 20)}
    assert candle_ranges([one], START, TODAY, complete) == [(date(2025, 10, 20), date(2025, 10, 20))]
    complete.add(("binance", "BTC/USDT", "1m", date(2025, 10, 20)))
    assert candle_ranges([one], START, TODAY, complete) == []


def test_a_day_complete_for_one_market_is_asked_for_by_the_other() -> None:
    both = [market("2025-10-01", "2025-10-01"), market("2025-10-01", "2025-10-01", "ETH/USDT")]
    complete = {("binance", "BTC/USDT", "1m", date(2025, 10, 1))}
    assert candle_ranges(both, START, TODAY, complete) == [(date(2025, 10, 1), date(2025, 10, 1))]


def test_days_that_lie_close_share_a_run() -> None:
    one = market("2025-10-01", "2025-10-31")
    open_days = {1, 6, 25}
    complete = {("binance", "BTC/USDT", "1m", date(2025, 10, day)) for day in range(1, 32) if day not in open_days}
    assert candle_ranges([one], START, TODAY, complete) == [
        (date(2025, 10, 1), date(2025, 10, 6)),
        (date(2025, 10, 25), date(2025, 10, 25)),
    ]


def test_a_recording_of_the_future_ends_today() -> None:
    assert candle_ranges([market("2026-03-09", "2026-12-31")], START, TODAY) == [(date(2026, 3, 9), TODAY)]
