"""Candles of one market on a regular grid, with answers in logarithmic time: the first candle that reaches a price, and
the highest and lowest of a range. Times are open times in epoch ms; those that no candle can have are left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

UNIT = 1e-8  # of a log return: sums of whole numbers are the same whatever candles were read with them


class Grid:
    """Candles from `start`, the first one, to `end` (ms, exclusive). A slot is stored, known to be empty, or missing.

    A slot that the venue confirmed to be empty had no trade: its price is the close before it.
    """

    def __init__(
        self,
        step: int,
        time: np.ndarray,
        opening: np.ndarray,
        high: np.ndarray,
        low: np.ndarray,
        close: np.ndarray,
        empty: Iterable[tuple[int, int]] = (),
        until: int = 0,
    ) -> None:
        """
        Args:
            step: length of a candle in ms.
            time: open times, ascending, without doubles; the other arrays are its prices.
            empty: ranges [from, to) of open times at which the venue has no candle.
            until: the market is known to this time (ms); slots after the last candle are missing or empty.
        """
        self.step = step
        aligned = time % step == 0
        time, opening, high, low, close = (one[aligned] for one in (time, opening, high, low, close))
        self.start = int(time[0]) if len(time) else 0
        self.slots = max((int(time[-1]) - self.start) // step + 1, (until - self.start) // step) if len(time) else 0
        size = self.slots
        at = (time - self.start) // step
        self.stored = np.zeros(size, bool)
        self.stored[at] = True
        known = self.stored.copy()
        for first, last in empty:
            known[max(-(-(first - self.start) // step), 0) : max(-(-(last - self.start) // step), 0)] = True
        # Before the first stored candle nothing is on the grid, so every confirmed slot has a close before it.
        newest = np.maximum.accumulate(np.where(self.stored, np.arange(size), 0)) if size else np.zeros(0, np.int64)
        self.close = np.full(size, np.nan)
        self.close[at] = close
        self.close = np.where(known, self.close[newest], np.nan) if size else self.close
        self.open, self.high, self.low = self.close.copy(), self.close.copy(), self.close.copy()
        self.open[at], self.high[at], self.low[at] = opening, high, low
        self.missing = _totals(~known)
        self._present = _totals(self.stored)
        # The slot of the first stored candle at or after each slot; `slots` where there is none.
        ahead = np.where(self.stored, np.arange(size), size)
        self.next_stored = np.append(np.minimum.accumulate(ahead[::-1])[::-1], size)
        self._highest = _Extremes(np.where(known, self.high, -np.inf), np.maximum)
        self._lowest = _Extremes(np.where(known, self.low, np.inf), np.minimum)
        self._returns()

    @property
    def end(self) -> int:
        """Where the grid ends (ms)."""
        return self.start + self.slots * self.step

    def _returns(self) -> None:
        moves = np.zeros(self.slots, np.int64)
        counted = np.zeros(self.slots, bool)
        if self.slots > 1:
            with np.errstate(invalid="ignore", divide="ignore"):
                log_returns = np.diff(np.log(self.close))
            # Between neighbours only: what a return is must not hang on how far back candles were read.
            neighbours = self.stored[1:] & self.stored[:-1] & np.isfinite(log_returns)
            counted[1:] = neighbours
            moves[1:][neighbours] = np.rint(log_returns[neighbours] / UNIT).astype(np.int64)
        self._count, self._sum, self._squares = _totals(counted), _totals(moves), _totals(moves * moves)

    def deviation(self, first: np.ndarray, last: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Returns of the candles in slots [first, last): how many, and their sample standard deviation (ddof 1)."""
        first = np.clip(first, 0, self.slots)
        last = np.maximum(np.clip(last, 0, self.slots), first)
        count = self._count[last] - self._count[first]
        total = (self._sum[last] - self._sum[first]).astype(np.float64)
        squares = (self._squares[last] - self._squares[first]).astype(np.float64)
        some = np.maximum(count, 1)
        variance = np.maximum(squares - total * total / some, 0.0) / np.maximum(count - 1, 1)
        return count, np.sqrt(variance) * UNIT

    def is_whole(self, first: np.ndarray, last: np.ndarray) -> np.ndarray:
        """Whether no slot of [first, last) is missing. Both within the grid."""
        return self.missing[last] == self.missing[first]

    def is_bare(self, first: np.ndarray, last: np.ndarray) -> np.ndarray:
        """Whether nothing is stored in [first, last), which may lie beyond the grid."""
        return self._present[np.clip(last, 0, self.slots)] == self._present[np.clip(first, 0, self.slots)]

    def first_above(self, price: np.ndarray, first: np.ndarray, last: np.ndarray) -> np.ndarray:
        """First slot in [first, last) whose high is at or above the price, else `last`."""
        return self._highest.first(lambda reached: reached < price, first, last)

    def first_below(self, price: np.ndarray, first: np.ndarray, last: np.ndarray) -> np.ndarray:
        """First slot in [first, last) whose low is at or below the price, else `last`."""
        return self._lowest.first(lambda reached: reached > price, first, last)

    def highest(self, first: np.ndarray, last: np.ndarray) -> np.ndarray:
        """Highest high of slots [first, last); -inf where that is nothing."""
        return self._highest.of(first, last)

    def lowest(self, first: np.ndarray, last: np.ndarray) -> np.ndarray:
        """Lowest low of slots [first, last); inf where that is nothing."""
        return self._lowest.of(first, last)


def _totals(values: np.ndarray) -> np.ndarray:
    totals = np.zeros(len(values) + 1, np.int64)
    np.cumsum(values, out=totals[1:])
    return totals


class _Extremes:
    """Sparse table: level k holds the extreme of every 2^k neighbours (Bender and Farach-Colton 2000)."""

    def __init__(self, values: np.ndarray, better: np.ufunc) -> None:
        self._better = better
        self._nothing = -np.inf if better is np.maximum else np.inf
        self._levels = [values]
        while 2 ** len(self._levels) <= len(values):
            below, width = self._levels[-1], 2 ** (len(self._levels) - 1)
            self._levels.append(better(below[:-width], below[width:]))

    def first(self, beyond: Callable[[np.ndarray], np.ndarray], first: np.ndarray, last: np.ndarray) -> np.ndarray:
        """First slot in [first, last) of which `beyond(extreme)` is false, else `last`."""
        at = np.minimum(first, last)
        for level in range(len(self._levels) - 1, -1, -1):
            width = 2**level
            fits = at + width <= last
            reached = self._levels[level][np.where(fits, at, 0)]
            at = np.where(fits & beyond(reached), at + width, at)
        return at

    def of(self, first: np.ndarray, last: np.ndarray) -> np.ndarray:
        """Extreme of the slots [first, last)."""
        found = np.full(len(first), self._nothing)
        length = last - first
        for level in range(len(self._levels)):
            width = 2**level
            here = (length >= width) & (length < 2 * width)
            table = self._levels[level]
            found[here] = self._better(table[first[here]], table[last[here] - width])
        return found
