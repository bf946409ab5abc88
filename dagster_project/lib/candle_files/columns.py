"""Columns of any recorded layout to CANDLE fields: their names, and what unit their times are in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from .table import empty

ALIASES: dict[str, tuple[str, ...]] = {
    "open_time": ("opentime", "openat", "timestamp", "unix", "unixtimestamp", "date", "datetime", "time", "ts", "t",
                  "indexlevel0", "index"),
    "open": ("open", "openprice", "o"),
    "high": ("high", "highprice", "h"),
    "low": ("low", "lowprice", "l"),
    "close": ("close", "closeprice", "c"),
    "volume": ("volume", "basevolume", "volumefrom", "vol", "v"),
    "quote_volume": ("quotevolume", "quoteassetvolume", "volumeto"),
    "trades": ("trades", "count", "numberoftrades", "numtrades", "tradecount", "tradescount"),
    "taker_base": ("takerbase", "takerbuyvolume", "takerbuybasevolume", "takerbuybaseassetvolume"),
    "taker_quote": ("takerquote", "takerbuyquotevolume", "takerbuyquoteassetvolume"),
}  # fmt: skip
REQUIRED = ("open_time", "open", "high", "low", "close", "volume")

# Binance's own order: open time, o, h, l, c, v, close time, quote volume, trades, taker base, taker quote, ignored
POSITIONS = {name: n for n, name in enumerate(REQUIRED)} | {
    "quote_volume": 7, "trades": 8, "taker_base": 9, "taker_quote": 10,
}  # fmt: skip


class NotCandles(Exception):
    """The content is not candles; the message is the reason, without the file's name."""


def match_columns(names: Sequence[str]) -> dict[str, str]:
    """CANDLE field -> column name, for the fields that exist. NotCandles when one that is needed is missing."""
    plain = {"".join(c for c in name.lower() if c.isalnum()): name for name in reversed(names)}
    found = {}
    for field, aliases in ALIASES.items():
        column = next((plain[alias] for alias in aliases if alias in plain), None)
        if column is None and field == "volume":  # CryptoDataDownload: `Volume BTC`, then `Volume USDT`
            column = next((name for name in names if name.lower().startswith("volume ")), None)
        if column is not None:
            found[field] = column
    if missing := [name for name in REQUIRED if name not in found]:
        raise NotCandles(f"no column for {', '.join(missing)}")
    return found


def to_ms(values: Any) -> np.ndarray:
    """Times as epoch ms (int64): datetimes, ISO text (UTC unless it says otherwise), or numbers in s, ms, us or ns.

    The unit of a number is told by its size, row by row: Binance's dumps changed from ms to us on 2025-01-01. What is
    not a time becomes 0.
    """
    array = np.asarray(values)
    if array.dtype.kind == "M":
        return array.astype("datetime64[ms]").astype("i8")
    if array.dtype.kind in "OUS":
        texts = [str(value).strip() for value in array]
        if not all(text.isdigit() for text in texts):
            return np.array([_text_to_ms(text) for text in texts], "i8")
        array = np.array([int(text) for text in texts], "i8")
    if array.dtype.kind == "f":
        array = np.nan_to_num(array, nan=0.0)
    whole = array.astype("i8")
    sized = np.select([whole < 10**14, whole < 10**17], [whole, whole // 1000], whole // 1_000_000)
    return np.where(whole < 10**11, np.round(array * 1000).astype("i8"), sized)


def _text_to_ms(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text.removesuffix(" UTC"))
    except ValueError:
        return 0
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return round(moment.timestamp() * 1000)


def to_candles(columns: dict[str, Any]) -> np.ndarray:
    """CANDLE rows in recorded order from a mapping of fields to sequences; what is not a number becomes NaN."""
    times = to_ms(columns["open_time"])
    candles = empty(len(times))
    candles["open_time"] = times
    for name, values in columns.items():
        if name != "open_time":
            numbers = _floats(values)
            candles[name] = np.nan_to_num(numbers, nan=0.0) if name == "trades" else numbers
    return candles


def _floats(values: Any) -> np.ndarray:
    try:
        return np.asarray(values).astype("f8")
    except (TypeError, ValueError):
        return np.array([_float(value) for value in values], "f8")


def _float(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")
