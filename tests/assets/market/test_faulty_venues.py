"""Whatever a venue does wrong, the final table equals its truth."""

from __future__ import annotations

from typing import Any

import pytest

from dagster_project.settings import Market

FAULTS: dict[str, dict[str, Any]] = {
    "clean": {},
    "holes": {"holes": 0.02},
    "hidden": {"hidden": 0.02, "hidden_answers": 2},
    "open_last": {"open_last": True},
    "short_pages": {"short_pages": 0.5},
    "duplicate_pages": {"duplicate_pages": 0.4},
    "duplicate_rows": {"duplicate_rows": 0.1},
    "wrong_order": {"wrong_order": 0.7},
    "microseconds": {"microseconds": True},
    "slow": {"slow": 0.2, "slow_seconds": 0.2},
    "server_errors": {"server_errors": 0.3},
    "resets": {"resets": 0.3},
    "garbage": {"garbage": 0.3},
    "rate_limited": {"rate_limited": 0.2},
    "all": {
        "holes": 0.01,
        "hidden": 0.01,
        "open_last": True,
        "short_pages": 0.2,
        "duplicate_pages": 0.1,
        "duplicate_rows": 0.02,
        "wrong_order": 0.3,
        "microseconds": True,
        "server_errors": 0.1,
        "resets": 0.1,
        "garbage": 0.1,
        "seed": 7,
    },
}


@pytest.fixture(autouse=True)
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dagster_project.lib.candles.retries.FIRST_WAIT", 0.02)


@pytest.mark.parametrize("name", FAULTS)
def test_final_table_equals_the_truth(
    name: str, place: Any, collect: Any, stored: Any, truth: Any, ledger: Any, ask: Any
) -> None:
    with place(f"fault_{name}", **FAULTS[name]) as here:
        for _ in range(3):
            report = collect(here.markets)
            if all(market.missing == 0 for market in report.markets.values()):
                break
        assert report.failures == {}
        for symbol in ("AAA/USDT", "BBB/USDT"):
            assert stored(here.exchange, symbol) == truth(here.venue, symbol)
    counts = ask(
        "SELECT count(), uniqExact(symbol, timestamp) FROM market_ohlcv FINAL WHERE exchange = {e:String}",
        e=here.exchange,
    )
    assert counts[0][0] == counts[0][1]
    rows = ledger(
        "SELECT state, count(*), sum(got + confirmed_empty - expected) FROM ops.ingest_windows WHERE exchange = %s"
        " GROUP BY state ORDER BY state",
        here.exchange,
    )
    assert rows == [("complete", 6, 0), ("open", 2, 0)]


def test_late_corrections_become_revisions(
    place: Any, collect: Any, stored: Any, truth: Any, ask: Any, ledger: Any
) -> None:
    with place("late", late=0.05, late_answers=1) as here:
        collect(here.markets)
        first = stored(here.exchange, "AAA/USDT")
        assert first != truth(here.venue, "AAA/USDT")
        derived = (
            "SELECT close, volume FROM candles_1h WHERE exchange = 'late' AND symbol = 'AAA/USDT' ORDER BY timestamp"
        )
        before = ask(derived)
        report = collect(here.markets, verify=True)
        assert stored(here.exchange, "AAA/USDT") == truth(here.venue, "AAA/USDT")
        corrected = sum(one.corrections for one in report.markets.values())
        assert corrected > 100
        assert ask(derived) != before
        again = collect(here.markets, verify=True)
    assert sum(one.corrections for one in again.markets.values()) == 0
    assert ask("SELECT sum(revision) FROM candles_stored WHERE exchange = 'late'") == [(corrected,)]
    kept = ask("SELECT count(), max(revision) FROM market_ohlcv_revisions WHERE exchange = 'late'")
    assert kept == [(corrected, 0)]
    assert ledger("SELECT sum(corrections) FROM ops.ingest_windows WHERE exchange = 'late'") == [(corrected,)]
    old = ask("SELECT timestamp, open, high, low, close, volume FROM market_ohlcv_revisions WHERE exchange = 'late'"
              " AND symbol = 'AAA/USDT' ORDER BY timestamp")  # fmt: skip
    assert set(old) <= set(first)


def test_finished_days_are_compared_once_after_a_while(place: Any, collect: Any, ledger: Any) -> None:
    unchecked = "SELECT count(*) FROM ops.ingest_windows WHERE exchange = 'once' AND rechecked_at IS NULL"
    hours = 3_600_000
    with place("once") as here:
        collect(here.markets, recheck_after=1000 * hours)
        assert ledger(unchecked) == [(8,)]
        assert collect(here.markets, recheck_after=1000 * hours).requests == 1
        assert collect(here.markets, recheck_after=6 * hours).requests > 1
        assert ledger(unchecked) == [(2,)]  # today of both markets
        assert collect(here.markets, recheck_after=6 * hours).requests == 1


def test_confirmed_holes_are_not_asked_for_again(place: Any, collect: Any, ledger: Any) -> None:
    with place("confirmed", holes=0.02) as here:
        collect(here.markets)
        gaps = ledger(
            "SELECT state, cause, min(answers) FROM ops.ingest_gaps WHERE exchange = 'confirmed' GROUP BY 1, 2"
        )
        assert gaps == [("confirmed_empty", "the venue went on to later candles without it", 3)]
        here.venue.asked.clear()
        again = collect(here.markets)
        assert again.requests == 1  # the venue's clock
        assert list(here.venue.asked) == []


def test_young_holes_stay_open_until_they_are_old_enough(place: Any, collect: Any, ledger: Any) -> None:
    from dagster_project.lib.candles.gaps import Rule

    state = "SELECT state, count(*) FROM ops.ingest_gaps WHERE exchange = 'young' GROUP BY state ORDER BY state"
    with place("young", holes=0.01) as here:
        collect(here.markets, rule=Rule(3, 10 * 86_400_000))
        assert [row[0] for row in ledger(state)] == ["missing"]
        collect(here.markets, rule=Rule(3, 10 * 86_400_000))
        assert [row[0] for row in ledger(state)] == ["missing"]
        report = collect(here.markets, rule=Rule(3, 0))
        assert [row[0] for row in ledger(state)] == ["confirmed_empty"]
        assert report.markets[here.markets[0]].missing == 0


def test_a_hole_that_the_venue_fills_later_is_filled(
    place: Any, collect: Any, stored: Any, truth: Any, ledger: Any
) -> None:
    with place("filled", hidden=0.01, hidden_answers=4) as here:
        from dagster_project.lib.candles.gaps import Rule

        for _ in range(4):
            report = collect(here.markets, rule=Rule(8, 0))
        assert report.markets[here.markets[0]].missing == 0
        assert stored(here.exchange, "AAA/USDT") == truth(here.venue, "AAA/USDT")
    assert ledger("SELECT count(*) FROM ops.ingest_gaps WHERE exchange = 'filled'") == [(0,)]


def test_days_before_the_listing_are_confirmed_empty(place: Any, collect: Any, ledger: Any) -> None:
    from datetime import date, timedelta

    days = [date(2025, 2, 1) + timedelta(days=number) for number in range(29)]
    with place("listing") as here:
        report = collect(here.markets, days=days)
        assert report.requests < 40  # 41 pages per market hold these days
        assert collect(here.markets, days=days).requests == 1
    states = ledger(
        "SELECT DISTINCT state FROM ops.ingest_windows WHERE exchange = 'listing' AND window_start < '2025-03-01'"
    )
    assert states == [("confirmed_empty",)]


def test_one_bad_symbol_stops_nobody(place: Any, collect: Any, stored: Any, truth: Any, ledger: Any) -> None:
    with place("bad", bad_symbols=("AAAUSDT",)) as here:
        markets = [*here.markets, Market("bad", "NOPE/USDT", "1m", "binance", here.url)]
        report = collect(markets)
        assert {market.symbol: reason.split(":")[0] for market, reason in report.failures.items()} == {
            "AAA/USDT": "BadSymbol",
            "NOPE/USDT": "BadSymbol",
        }
        assert stored("bad", "BBB/USDT") == truth(here.venue, "BBB/USDT")
        assert report.requests < 20
    failed = ledger("SELECT symbol, state, count(*) FROM ops.ingest_windows WHERE exchange = 'bad' AND state = 'failed'"
                    " GROUP BY 1, 2 ORDER BY 1")  # fmt: skip
    assert failed == [("AAA/USDT", "failed", 4), ("NOPE/USDT", "failed", 4)]


def test_a_symbol_with_server_errors_stops_nobody(place: Any, collect: Any, stored: Any, truth: Any) -> None:
    with place("bad500", bad_symbols=("AAAUSDT:500",)) as here:
        report = collect(here.markets, tries=3)
        assert [market.symbol for market in report.failures] == ["AAA/USDT"]
        assert stored("bad500", "BBB/USDT") == truth(here.venue, "BBB/USDT")
