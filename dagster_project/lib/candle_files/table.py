"""The rows of a candle file: one numpy structured array."""

from __future__ import annotations

import numpy as np

CANDLE = np.dtype(
    [
        ("open_time", "i8"),
        ("open", "f8"),
        ("high", "f8"),
        ("low", "f8"),
        ("close", "f8"),
        ("volume", "f8"),
        ("quote_volume", "f8"),
        ("trades", "i8"),
        ("taker_base", "f8"),
        ("taker_quote", "f8"),
    ]
)
"""`open_time` is epoch milliseconds (UTC); volumes are in the base asset, `quote_volume` and `taker_quote` in the quote
asset. What a recording does not hold is NaN (volumes) or 0 (trades), never derived."""

OPTIONAL = ("quote_volume", "taker_base", "taker_quote")


def empty(rows: int = 0) -> np.ndarray:
    """A CANDLE array of `rows` rows with every optional field marked as not recorded."""
    candles = np.zeros(rows, CANDLE)
    for name in OPTIONAL:
        candles[name] = np.nan
    return candles
