"""The venue's truth: a source's candles, less what the venue never had, in every interval that it can offer."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dagster_project.lib.candle_files.table import empty

from .candles import CandleSource, Market
from .intervals import INTERVALS, can_build
from .resample import resample

Keep = Callable[[str, str, np.ndarray], np.ndarray]
"""(market id, interval, open times) -> mask of the candles that exist."""


class Book:
    """Rows of any market and interval, paged as Binance pages them."""

    def __init__(self, source: CandleSource, keep: Keep | None = None, resampled: bool = True) -> None:
        self._source = source
        self._keep = keep
        self.markets: dict[str, Market] = {market.id: market for market in source.markets()}
        self._built_from: dict[tuple[str, str], tuple[str, ...]] = {}
        if resampled:
            for market in self.markets.values():
                for interval in set(INTERVALS) - set(market.intervals):
                    # Coarsest first: an hour recorded whole beats one added up from a 5m recording that ends in it.
                    if bases := [base for base in reversed(market.intervals) if can_build(base, interval)]:
                        self._built_from[market.id, interval] = tuple(bases)

    def intervals(self, market: str) -> list[str]:
        """What `market` is offered in, finest first."""
        held = self.markets[market].intervals
        return [name for name in INTERVALS if name in held or (market, name) in self._built_from]

    def is_resampled(self, market: str, interval: str) -> bool:
        """Whether this interval is added up from a finer recording."""
        return (market, interval) in self._built_from

    def rows(
        self, market: str, interval: str, start: int | None, end: int | None, limit: int | None, newest: bool = False
    ) -> np.ndarray:
        """CANDLE rows with `start <= open_time <= end` (ms), ascending: the first `limit`, or the last if `newest`."""
        if interval in self.markets[market].intervals:
            return self._recorded(market, interval, start, end, limit, newest)
        layers = [
            self._added_up(market, base, interval, start, end, limit, newest)
            for base in self._built_from[market, interval]
        ]
        merged = np.concatenate(layers)
        _, places = np.unique(merged["open_time"], return_index=True)
        return cut(merged[places], limit, newest)

    def _recorded(
        self, market: str, interval: str, start: int | None, end: int | None, limit: int | None, newest: bool
    ) -> np.ndarray:
        keep = self._keep

        def fetch(start: int | None, end: int | None, limit: int | None) -> np.ndarray:
            return self._source.rows(market, interval, start, end, limit, newest)

        if keep is None:
            return fetch(start, end, limit)
        return filled(fetch, lambda times: keep(market, interval, times), start, end, limit, newest)

    def _added_up(
        self, market: str, base: str, interval: str, start: int | None, end: int | None, limit: int | None, newest: bool
    ) -> np.ndarray:
        length, step = INTERVALS[interval], INTERVALS[base]
        # One bin more than asked for, because the one at the far edge may be cut by the limit on base rows.
        most = None if limit is None else (limit + 1) * (length // step)
        # `end` bounds open times, so the candles that make up the last bin lie up to one length behind it.
        base_rows = self._recorded(market, base, start, None if end is None else end + length, most, newest)
        built = resample(base_rows, interval)
        if most is not None and len(base_rows) == most:
            built = built[1:] if newest else built[:-1]
        times = built["open_time"]
        inside = np.ones(len(built), bool)
        if start is not None:
            inside &= times >= start
        if end is not None:
            inside &= times <= end
        return cut(built[inside], limit, newest)


def cut(rows: np.ndarray, limit: int | None, newest: bool) -> np.ndarray:
    """The first `limit` rows, or the last if `newest`."""
    if limit is None:
        return rows
    return rows[max(0, len(rows) - limit) :] if newest else rows[:limit]


def filled(
    fetch: Callable[[int | None, int | None, int | None], np.ndarray],
    keep: Callable[[np.ndarray], np.ndarray],
    start: int | None,
    end: int | None,
    limit: int | None,
    newest: bool,
) -> np.ndarray:
    """Rows that `keep` lets through, read on until the page is full, as a venue without those rows would page."""
    pages: list[np.ndarray] = []
    wanted = limit
    while True:
        page = fetch(start, end, wanted)
        kept = page[keep(page["open_time"])] if len(page) else page
        pages.insert(0, kept) if newest else pages.append(kept)
        if wanted is None or len(page) < wanted or len(kept) == wanted:
            return np.concatenate(pages) if pages else empty()
        wanted -= len(kept)
        if newest:
            end = int(page["open_time"][0]) - 1
        else:
            start = int(page["open_time"][-1]) + 1
