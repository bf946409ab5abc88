"""Parsing and refusing rows: every digit kept, every wrong row named, its neighbours untouched."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagster_project.lib.candles.rows import Refused, arrow_table, check, concat, parse

STEP, T0 = 60_000, 1_740_787_200_000
NOW = T0 + 1000 * STEP


def row(time: int = T0, o: Any = "1.5", h: Any = "2.5", low: Any = "0.5", c: Any = "2.0", v: Any = "10.0") -> list[Any]:
    return [time, o, h, low, c, v, time + STEP - 1, "20.0", 7, "5.0", "10.0", "0"]


@given(st.lists(st.floats(1e-12, 1e12, allow_nan=False), min_size=1, max_size=30))
def test_every_digit_of_a_double_survives(prices: list[float]) -> None:
    rows = [row(T0 + n * STEP, *(repr(price),) * 4) for n, price in enumerate(prices)]
    candles, refused = parse(rows)
    good, wrong = check(candles, STEP, NOW)
    assert refused == wrong == []
    assert good.open.tolist() == good.high.tolist() == good.low.tolist() == good.close.tolist() == prices
    table = arrow_table(good, "x", "A/B", "1m", "venue", np.zeros(len(good)), T0)
    assert table.column("close").to_pylist() == prices


@pytest.mark.parametrize("time", [T0 // 1000, T0, T0 * 1000, T0 * 1_000_000])
def test_times_in_any_unit_become_milliseconds(time: int) -> None:
    """Binance's spot dumps have microseconds since 2025 (binance-public-data#404)."""
    assert parse([row(time)])[0].time.tolist() == [T0]


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (row(c="NaN"), "a price or the volume is not a finite number"),
        (row(h="inf"), "a price or the volume is not a finite number"),
        (row(v="NaN"), "a price or the volume is not a finite number"),
        (row(low="0"), "a price is not positive"),
        (row(o="-1"), "a price is not positive"),
        (row(v="-0.1"), "the volume is negative"),
        (row(low="1.9"), "low is above open, high or close"),
        (row(h="1.9"), "high is below open, low or close"),
        (row(T0 + 1), "the open time is not on the grid of the timeframe"),
        (row(NOW + STEP), "the open time is in the future"),
        ([T0], "not a candle: a field is missing or not a number"),
        (row(c="abc"), "not a candle: a field is missing or not a number"),
        (row(c=None), "not a candle: a field is missing or not a number"),
        ("garbage", "not a candle: a field is missing or not a number"),
    ],
)
def test_a_wrong_row_is_refused_with_its_reason_and_its_neighbours_land(wrong: Any, reason: str) -> None:
    candles, first = parse([row(T0 + STEP), wrong, row(T0 + 2 * STEP)])
    good, second = check(candles, STEP, NOW)
    assert good.time.tolist() == [T0 + STEP, T0 + 2 * STEP]
    assert [one.reason for one in first + second] == [reason]
    json.dumps((first + second)[0].payload, allow_nan=False)


@given(st.lists(st.integers(0, 20), min_size=1, max_size=40))
def test_any_order_and_any_doubles_come_out_sorted_once_the_last_one_winning(order: list[int]) -> None:
    rows = [row(T0 + slot * STEP, v=str(number)) for number, slot in enumerate(order)]
    good, _ = check(parse(rows)[0], STEP, NOW)
    last = {slot: number for number, slot in enumerate(order)}
    assert good.time.tolist() == [T0 + slot * STEP for slot in sorted(last)]
    assert good.volume.tolist() == [float(last[slot]) for slot in sorted(last)]


def test_short_rows_have_no_quote_volume_and_no_trades() -> None:
    candles, _ = parse([[T0, 1.0, 2.0, 0.5, 1.5, 3.0]])
    assert math.isnan(candles.quote_volume[0])
    table = arrow_table(candles, "x", "A/B", "1m", "venue", np.zeros(1), T0)
    assert table.column("quote_volume").to_pylist() == [None]
    assert table.column("trades").to_pylist() == [None]
    assert table.column("timestamp").to_pylist()[0].timestamp() * 1000 == T0


def test_nothing_is_nothing() -> None:
    assert len(parse([])[0]) == 0
    assert len(concat([])) == 0
    good, refused = check(parse([])[0], STEP, NOW)
    assert (len(good), refused) == (0, [])


@given(
    st.text(max_size=10)
    | st.none()
    | st.floats()
    | st.lists(st.floats() | st.text(max_size=3) | st.none(), max_size=12)
)
def test_no_row_whatever_stops_the_others(anything: Any) -> None:
    candles, refused = parse([row(), anything])
    assert T0 in candles.time.tolist()
    assert len(candles) + len(refused) == 2
    assert all(isinstance(one, Refused) and one.key for one in refused)
