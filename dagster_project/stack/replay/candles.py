"""The shape of candles inside a venue: one numpy structured array per market and interval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

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


@dataclass(frozen=True)
class Market:
    """A spot market and the intervals that its source holds itself (not those resampled from them)."""

    base: str
    quote: str
    intervals: tuple[str, ...]
    status: str = "TRADING"
    """As in exchangeInfo; `BREAK` for a market that no longer trades."""

    @property
    def id(self) -> str:
        """The id on Binance's wire, e.g. `BTCUSDT`."""
        return f"{self.base}{self.quote}"

    @property
    def symbol(self) -> str:
        """The unified symbol, e.g. `BTC/USDT`."""
        return f"{self.base}/{self.quote}"


class CandleSource(Protocol):
    """Where a venue's candles come from."""

    @property
    def end(self) -> int | None:
        """Epoch ms right after the last candle, or None when the source has no end and the clock is the real one."""
        ...

    def markets(self) -> list[Market]:
        """Every market, in a stable order."""
        ...

    def rows(
        self, market: str, interval: str, start: int | None, end: int | None, limit: int | None, newest: bool
    ) -> np.ndarray:
        """CANDLE rows with `start <= open_time <= end` in ascending order; the first `limit`, or the last if `newest`.

        `market` is a market id and `interval` one of its own intervals: anything else is a KeyError.
        """
        ...
