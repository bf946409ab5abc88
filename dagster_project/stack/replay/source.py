"""Recorded files as a candle source."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np

from .candles import Market
from .files import Dataset, Recording, describe, load


class FileSource:
    """The recordings of a folder; a file's rows are read when they are first asked for and kept."""

    def __init__(self, folder: str | Path, only: str | None = None) -> None:
        self.dataset: Dataset = describe(folder, only)
        self._recordings: dict[tuple[str, str], Recording] = {
            (f"{recording.base}{recording.quote}", recording.timeframe): recording
            for recording in self.dataset.recordings
        }
        self._rows: dict[tuple[str, str], np.ndarray] = {}
        self._lock = threading.Lock()

    @property
    def end(self) -> int | None:
        """Epoch ms right after the last candle of the folder."""
        return round(self.dataset.end.timestamp() * 1000)

    def markets(self) -> list[Market]:
        """Every market of the folder."""
        return list(self.dataset.markets)

    def rows(
        self, market: str, interval: str, start: int | None, end: int | None, limit: int | None, newest: bool
    ) -> np.ndarray:
        """See `CandleSource.rows`."""
        candles = self._load(market, interval)
        times = candles["open_time"]
        first = 0 if start is None else int(np.searchsorted(times, start, "left"))
        after = len(times) if end is None else int(np.searchsorted(times, end, "right"))
        if limit is not None:
            first, after = (max(first, after - limit), after) if newest else (first, min(after, first + limit))
        return candles[first:after]

    def _load(self, market: str, interval: str) -> np.ndarray:
        key = (market, interval)
        with self._lock:
            if key not in self._rows:
                self._rows[key] = load(self._recordings[key])
            return self._rows[key]
