"""What a venue trades, and where its candles come from: one numpy structured array per market and interval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np


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
