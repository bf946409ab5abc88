"""Binance's kline intervals: lengths, bins and which can be built from which."""

from __future__ import annotations

import numpy as np

from dagster_project.lib.candle_files.steps import DAY, HOUR, MINUTE, SECOND

MONDAY = 4 * DAY  # 1970-01-05, the first Monday after the epoch: Binance's weeks begin on Mondays

INTERVALS: dict[str, int] = {
    "1s": SECOND,
    **{f"{n}m": n * MINUTE for n in (1, 3, 5, 15, 30)},
    **{f"{n}h": n * HOUR for n in (1, 2, 4, 6, 8, 12)},
    "1d": DAY,
    "3d": 3 * DAY,
    "1w": 7 * DAY,
    "1M": 31 * DAY,
}
"""Interval -> length in ms, all that Binance offers; a month counts with its longest length."""


def can_build(base: str, interval: str) -> bool:
    """Whether candles of `interval` can be added up from candles of `base`.

    Never for `3d`: Binance anchors its three-day candles per market, which no recording tells.
    """
    if interval == "3d" or INTERVALS[base] >= INTERVALS[interval]:
        return False
    if interval in ("1w", "1M"):
        return DAY % INTERVALS[base] == 0
    return INTERVALS[interval] % INTERVALS[base] == 0


def bins(interval: str, open_times: np.ndarray) -> np.ndarray:
    """Open time (ms) of the candle of `interval` that each of `open_times` (ms) falls in."""
    if interval == "1M":
        months = open_times.astype("datetime64[ms]").astype("datetime64[M]")
        return months.astype("datetime64[ms]").astype("i8")
    length = INTERVALS[interval]
    anchor = MONDAY if interval == "1w" else 0
    return (open_times - anchor) // length * length + anchor


def next_open(interval: str, open_times: np.ndarray) -> np.ndarray:
    """Open time (ms) of the candle after the ones that open at `open_times` (ms)."""
    if interval == "1M":
        months = open_times.astype("datetime64[ms]").astype("datetime64[M]") + np.timedelta64(1, "M")
        return months.astype("datetime64[ms]").astype("i8")
    return open_times + INTERVALS[interval]


def newest_closed(interval: str, now: int) -> int:
    """The latest open time (ms) that a candle of `interval` can have and be closed at `now` (ms)."""
    if interval == "1M":
        return int(bins(interval, np.array([now]))[0]) - 1
    return now - INTERVALS[interval]
