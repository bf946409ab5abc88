"""A venue: a book of candles, a clock, and what goes wrong with both."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from . import draws
from .book import Book, filled
from .candles import CandleSource, Market
from .faults import Faults
from .intervals import INTERVALS, newest_closed
from .renames import Rename, Renamed
from .source import FileSource
from .weights import Weights

if TYPE_CHECKING:
    import pyarrow as pa
    from starlette.applications import Starlette

Now = str | datetime | Callable[[], int]
"""`end` (right after the source's last candle), `real`, an ISO time, a datetime, or a function that gives epoch ms."""

PAGE_LIMIT = 1_000  # the most rows of one klines answer
HISTORY = 10_000  # klines requests remembered for tests
SETTLED_MS = 30_000


@dataclass(frozen=True)
class Asked:
    """One klines request as the venue understood it (`end` is never after its now), and how many rows it sent."""

    market: str
    interval: str
    start: int | None
    end: int | None
    limit: int
    rows: int


class Venue:
    """Serves a candle source as Binance's spot REST API would; `app` is the ASGI application.

    `requests` counts answered and refused requests by path and by `path status`; `asked` holds the last klines
    requests. Both are for tests and for people, and are not reachable over HTTP.
    """

    def __init__(
        self,
        source: CandleSource,
        faults: Faults | None = None,
        now: Now = "end",
        weights: Weights | None = None,
        resampled: bool = True,
    ) -> None:
        self.faults = faults or Faults()
        for rename in self.faults.renames:
            source = Renamed(source, Rename.parse(rename))
        self.source = source
        self.weights = weights or Weights()
        self.book = Book(source, self._exists if self.faults.holes else None, resampled)
        self.requests: Counter[str] = Counter()
        self.asked: deque[Asked] = deque(maxlen=HISTORY)
        self._clock = self._make_clock(now)
        self._answers: Counter[tuple[str, str, str, int]] = Counter()
        self._repeats: Counter[str] = Counter()

    @cached_property
    def app(self) -> Starlette:
        """The ASGI application."""
        from .app import build_app

        return build_app(self)

    @property
    def markets(self) -> list[Market]:
        """Every listed market."""
        return list(self.book.markets.values())

    def now(self) -> int:
        """The venue's clock, epoch ms."""
        return self._clock()

    def set_now(self, now: Now) -> None:
        """Move the venue's clock."""
        self._clock = self._make_clock(now)

    def truth(self, symbol: str, interval: str, start: int | None = None, end: int | None = None) -> pa.Table:
        """What a perfect collector ends up with: all closed candles at the venue's present time, holes left out.

        Columns `timestamp` (open time, timestamp[ms, UTC]), open, high, low, close, volume (float64). `symbol` is
        `BTC/USDT` or `BTCUSDT`; `start` and `end` bound the open time in ms, both inclusive.
        """
        import pyarrow as pa

        closed = newest_closed(interval, self.now())
        end = closed if end is None else min(end, closed)
        rows = self.book.rows(symbol.replace("/", ""), interval, start, end, None)
        columns: dict[str, Any] = {
            "timestamp": pa.array(rows["open_time"], pa.int64()).cast(pa.timestamp("ms", "UTC")),
        }
        columns |= {name: np.ascontiguousarray(rows[name]) for name in ("open", "high", "low", "close", "volume")}
        return pa.table(columns)

    def drawing(self, request: str) -> Callable[[str], float]:
        """Draws in [0, 1) by fault name for this request; the very same request draws anew each time it is made."""
        if self.faults == Faults():  # no fault is drawn: do not remember requests for months
            return lambda fault: 1.0
        nth = self._repeats[request]
        self._repeats[request] += 1
        return lambda fault: draws.chance(self.faults.seed, fault, request, nth)

    def page(self, market: str, interval: str, start: int | None, end: int | None, limit: int) -> np.ndarray:
        """The rows of one klines answer, faults of candles and pages included.

        Without `start` the last `limit` rows up to `end` (or now); otherwise the first `limit` from `start` on.
        """
        newest = start is None
        limit = min(limit, PAGE_LIMIT)
        now = self.now()
        end = now if end is None else min(end, now)
        drawn = self.drawing(f"{market} {interval} {start} {end} {limit}")
        asked = Asked(market, interval, start, end, limit, 0)
        if self.faults.duplicate_pages and drawn("duplicate page") < self.faults.duplicate_pages and start is not None:
            start, end = start - limit * INTERVALS[interval], start - 1
        rows = self._visible(market, interval, start, end, limit, newest)
        rows = self._corrected(market, interval, rows)
        rows = self._with_duplicates(rows, drawn("duplicate rows"))[:limit]
        if len(rows) > 1 and self.faults.short_pages and drawn("short page") < self.faults.short_pages:
            kept = 1 + int(drawn("length") * (len(rows) - 1))
            rows = rows[-kept:] if newest else rows[:kept]
        if self.faults.wrong_order and drawn("order") < self.faults.wrong_order:
            rows = rows[np.argsort(draws.uniform(draws.key(drawn("shuffle")), rows["open_time"]))]
        self.asked.append(replace(asked, rows=len(rows)))
        return rows

    def _make_clock(self, now: Now) -> Callable[[], int]:
        if callable(now):
            return now
        if isinstance(now, datetime):
            fixed = round(now.timestamp() * 1000)
            return lambda: fixed
        if now == "real" or (now == "end" and self.source.end is None):
            return lambda: time.time_ns() // 1_000_000
        if now == "end":
            # So long after the last candle a collector with the usual settle delay takes it for closed.
            end = (self.source.end or 0) + SETTLED_MS
            if self.faults.open_last:  # half of the finest candle earlier, so that there is an open one
                end -= SETTLED_MS + min(INTERVALS[market.intervals[0]] for market in self.source.markets()) // 2
            return lambda: end
        try:
            moment = datetime.fromisoformat(now)
        except ValueError:
            raise ValueError(f"now is `end`, `real` or an ISO time such as 2025-01-31T12:00Z, not {now!r}") from None
        return self._make_clock(moment if moment.tzinfo else moment.replace(tzinfo=UTC))

    def _exists(self, market: str, interval: str, times: np.ndarray) -> np.ndarray:
        return draws.uniform(draws.key(self.faults.seed, "hole", market, interval), times) >= self.faults.holes

    def _visible(self, market: str, interval: str, start: int | None, end: int, limit: int, newest: bool) -> np.ndarray:
        """Rows that the venue shows at this moment; the open candle, if shown, as far as it has come."""
        now = self.now()
        closed = newest_closed(interval, now)
        end = min(end, now if self.faults.open_last else closed)

        def fetch(start: int | None, end: int | None, limit: int | None) -> np.ndarray:
            return self.book.rows(market, interval, start, end, limit, newest)

        if self.faults.hidden:
            rows = filled(fetch, lambda times: self._shown(market, interval, times), start, end, limit, newest)
        else:
            rows = fetch(start, end, limit)
        is_open = rows["open_time"] > closed
        if is_open.any():
            rows = rows.copy()
            rows[is_open] = _so_far(rows[is_open], interval, now)
        return rows

    def _count(self, fault: str, market: str, interval: str, times: np.ndarray) -> np.ndarray:
        """How many answers each of these candles was part of before this one."""
        before = np.zeros(len(times), "i8")
        for place, opened in enumerate(times.tolist()):
            asked = (fault, market, interval, opened)
            before[place] = self._answers[asked]
            self._answers[asked] += 1
        return before

    def _shown(self, market: str, interval: str, times: np.ndarray) -> np.ndarray:
        chosen = draws.uniform(draws.key(self.faults.seed, "hidden", market, interval), times) < self.faults.hidden
        shown = np.ones(len(times), bool)
        shown[chosen] = self._count("hidden", market, interval, times[chosen]) >= self.faults.hidden_answers
        return shown

    def _corrected(self, market: str, interval: str, rows: np.ndarray) -> np.ndarray:
        """The same rows, but those that are to be corrected later still wrong: volume halved, close at the low."""
        if not self.faults.late:
            return rows
        times = rows["open_time"]
        wrong = draws.uniform(draws.key(self.faults.seed, "late", market, interval), times) < self.faults.late
        wrong[wrong] = self._count("late", market, interval, times[wrong]) < self.faults.late_answers
        rows = rows.copy()
        rows["volume"][wrong] /= 2
        rows["close"][wrong] = rows["low"][wrong]
        return rows

    def _with_duplicates(self, rows: np.ndarray, salt: float) -> np.ndarray:
        if not self.faults.duplicate_rows:
            return rows
        twice = draws.uniform(draws.key(salt), rows["open_time"]) < self.faults.duplicate_rows
        return np.repeat(rows, 1 + twice)


class ReplayVenue(Venue):
    """The recorded candle files of a folder as a venue; `dataset` says what was found and what was skipped."""

    def __init__(
        self,
        folder: str | Path,
        faults: Faults | None = None,
        now: Now = "end",
        weights: Weights | None = None,
        resampled: bool = True,
        only: str | None = None,
    ) -> None:
        source = FileSource(folder, only)
        self.dataset = source.dataset
        super().__init__(source, faults, now, weights, resampled)


def _so_far(rows: np.ndarray, interval: str, now: int) -> np.ndarray:
    """Open candles at `now`, as if price and volume went straight from the open to their final values."""
    rows = rows.copy()
    share = np.clip((now - rows["open_time"]) / INTERVALS[interval], 0, 1)
    for name in ("high", "low", "close"):
        rows[name] = rows["open"] + (rows[name] - rows["open"]) * share
    for name in ("volume", "quote_volume", "taker_base", "taker_quote"):
        rows[name] *= share
    rows["trades"] = (rows["trades"] * share).astype("i8")
    return rows
