"""Higher intervals added up from lower ones."""

from __future__ import annotations

import numpy as np

from dagster_project.lib.candle_files.table import CANDLE

from .intervals import bins


def resample(candles: np.ndarray, interval: str) -> np.ndarray:
    """Candles of `interval` from ascending, finer `candles`; a bin without any row gives no candle.

    First open, highest high, lowest low (not-a-number ignored), last close, sums for the rest.
    """
    if len(candles) == 0:
        return candles
    times = bins(interval, candles["open_time"])
    first = np.flatnonzero(np.r_[True, times[1:] != times[:-1]])
    last = np.r_[first[1:], len(candles)] - 1
    out = np.empty(len(first), CANDLE)
    out["open_time"] = times[first]
    out["open"] = candles["open"][first]
    out["close"] = candles["close"][last]
    out["high"] = np.fmax.reduceat(candles["high"], first)
    out["low"] = np.fmin.reduceat(candles["low"], first)
    for name in ("volume", "quote_volume", "trades", "taker_base", "taker_quote"):
        out[name] = np.add.reduceat(candles[name], first)
    return out
