"""A venue that renamed a market: candles before the day are under the old id, later ones under the new."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np

from dagster_project.lib.candle_files.table import empty

from .candles import CandleSource, Market


@dataclass(frozen=True)
class Rename:
    """`old` and `new` are unified symbols; `at` (epoch ms) is the first open time under the new name."""

    old: str
    new: str
    at: int

    @classmethod
    def parse(cls, text: str) -> Rename:
        """From `MATIC/USDT:POL/USDT@2024-09-10T00:00`."""
        names, _, moment = text.partition("@")
        old, _, new = names.partition(":")
        if "/" not in old or "/" not in new:
            raise ValueError(f"a rename is like MATIC/USDT:POL/USDT@2024-09-10, not {text!r}")
        at = datetime.fromisoformat(moment)
        return cls(old.upper(), new.upper(), round((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000))


class Renamed:
    """A source in which one market changes its name; the source itself knows it by the old one."""

    def __init__(self, source: CandleSource, rename: Rename) -> None:
        self._source = source
        self._at = rename.at
        old = next((market for market in source.markets() if market.symbol == rename.old), None)
        if old is None:
            raise ValueError(f"no market {rename.old} to rename")
        base, _, quote = rename.new.partition("/")
        self._old = replace(old, status="BREAK")
        self._new = Market(base, quote, old.intervals)

    @property
    def end(self) -> int | None:
        """See `CandleSource.end`."""
        return self._source.end

    def markets(self) -> list[Market]:
        """All markets, the renamed one under both names."""
        others = [market for market in self._source.markets() if market.id != self._old.id]
        return [*others, self._old, self._new]

    def rows(
        self, market: str, interval: str, start: int | None, end: int | None, limit: int | None, newest: bool
    ) -> np.ndarray:
        """See `CandleSource.rows`."""
        if market == self._old.id:
            end = self._at - 1 if end is None else min(end, self._at - 1)
        elif market == self._new.id:
            market, start = self._old.id, self._at if start is None else max(start, self._at)
        if start is not None and end is not None and start > end:
            return empty()
        return self._source.rows(market, interval, start, end, limit, newest)
