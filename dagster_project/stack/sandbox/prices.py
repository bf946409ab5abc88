"""Made-up candles: a seeded random walk that gives the same candle whatever window is asked for.

Each day's opening price comes from one walk over days since `FIRST_DAY`; inside a day a Brownian bridge leads from its
opening price to the next day's, so candles join at midnight exactly as within the day (open = close of the one before).
Every draw is a hash of (seed, market, minute), every result is rounded to a tick: no window, order of calls or library
version changes a digit.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np

from dagster_project.lib.candle_files.table import empty

from ..replay import draws
from ..replay.candles import Market
from ..replay.intervals import DAY, MINUTE

FIRST_DAY = 18_262  # 2020-01-01 in days since the epoch: the first candle of every market
MINUTES = DAY // MINUTE
KNOWN_PRICES = {"BTC": 60_000.0, "ETH": 3_000.0, "BNB": 600.0, "SOL": 150.0, "XRP": 0.6, "DOGE": 0.15}
DAILY_VOLATILITY = 0.03
PULL = 0.997  # of yesterday's distance from the usual price remains: keeps a decade of walking within bounds
MINUTE_VOLATILITY = DAILY_VOLATILITY / math.sqrt(MINUTES)
QUOTE_PER_MINUTE = 250_000.0  # typical turnover
DAYS_KEPT = 4_000  # about 110 kB each


def normal(salt: np.uint64, numbers: np.ndarray, stream: int) -> np.ndarray:
    """About-normal draws (sum of four uniforms, so within 3.5) by plain arithmetic, equal on every machine."""
    parts = [draws.uniform(salt, numbers * 64 + stream * 4 + part) for part in range(4)]
    return (parts[0] + parts[1] + parts[2] + parts[3] - 2.0) * math.sqrt(3.0)


class SandboxSource:
    """A candle source without data: 1m candles of any `BASE/QUOTE` since 2020, the clock is the real one."""

    end = None

    def __init__(self, symbols: Sequence[str], seed: int = 0) -> None:
        self.seed = seed
        self._markets: dict[str, Market] = {}
        for symbol in symbols:
            base, slash, quote = symbol.partition("/")
            if not (slash and base.isalnum() and quote.isalnum()):
                raise ValueError(f"a sandbox symbol is like BTC/USDT, not {symbol!r}")
            market = Market(base.upper(), quote.upper(), ("1m",))
            self._markets[market.id] = market
        if not self._markets:
            raise ValueError("the sandbox venue needs at least one symbol, e.g. BTC/USDT")
        self._levels: dict[str, np.ndarray] = {}
        self._days: OrderedDict[tuple[str, int], np.ndarray] = OrderedDict()

    def markets(self) -> list[Market]:
        """The markets asked for."""
        return list(self._markets.values())

    def rows(
        self, market: str, interval: str, start: int | None, end: int | None, limit: int | None, newest: bool
    ) -> np.ndarray:
        """See `CandleSource.rows`; without `end`, up to now."""
        if interval != "1m":
            raise KeyError(interval)
        known = self._markets[market]
        first = max(FIRST_DAY * DAY, 0 if start is None else -(-start // MINUTE) * MINUTE)
        last = (time.time_ns() // 1_000_000 if end is None else end) // MINUTE * MINUTE
        if limit is not None:
            if newest:
                first = max(first, last - (limit - 1) * MINUTE)
            else:
                last = min(last, first + (limit - 1) * MINUTE)
        if last < first:
            return empty()
        days = [self._day(known, day) for day in range(first // DAY, last // DAY + 1)]
        skipped = (first % DAY) // MINUTE
        return np.concatenate(days)[skipped : skipped + (last - first) // MINUTE + 1]

    def _level(self, market: Market, day: int) -> float:
        """Logarithm of the price at the beginning of `day` (days since the epoch), relative to the usual price."""
        levels = self._levels.get(market.id)
        if levels is None or day - FIRST_DAY >= len(levels):
            count = day - FIRST_DAY + 400
            steps = normal(draws.key(self.seed, market.id, "days"), np.arange(count), 0) * DAILY_VOLATILITY
            levels = np.empty(count)
            level = 0.0
            for place in range(count):
                level = level * PULL + steps[place]
                levels[place] = level
            self._levels[market.id] = levels
        return float(levels[day - FIRST_DAY])

    def _usual_price(self, market: Market) -> float:
        if market.base in KNOWN_PRICES:
            return KNOWN_PRICES[market.base]
        return 10 ** (4 * draws.chance(self.seed, market.id, "price") - 2)

    def _day(self, market: Market, day: int) -> np.ndarray:
        key = (market.id, day)
        if key in self._days:
            self._days.move_to_end(key)
            return self._days[key]
        candles = self._days[key] = self._make_day(market, day)
        if len(self._days) > DAYS_KEPT:
            self._days.popitem(last=False)
        return candles

    def _make_day(self, market: Market, day: int) -> np.ndarray:
        salt = draws.key(self.seed, market.id, "minutes")
        minutes = np.arange(MINUTES, dtype="i8") + day * MINUTES
        usual = self._usual_price(market)
        decimals = min(8, max(0, 6 - math.floor(math.log10(usual))))

        walk = np.r_[0.0, np.cumsum(normal(salt, minutes, 0) * MINUTE_VOLATILITY)]
        share = np.arange(MINUTES + 1) / MINUTES
        level, following = self._level(market, day), self._level(market, day + 1)
        path = np.round(usual * np.exp(level + walk - share * (walk[-1] - (following - level))), decimals)

        reach = np.abs(normal(salt, minutes, 1)) * MINUTE_VOLATILITY / 2
        depth = np.abs(normal(salt, minutes, 2)) * MINUTE_VOLATILITY / 2
        candles = empty(MINUTES)
        candles["open_time"] = minutes * MINUTE
        candles["open"], candles["close"] = path[:-1], path[1:]
        upper, lower = np.maximum(path[:-1], path[1:]), np.minimum(path[:-1], path[1:])
        candles["high"] = np.maximum(upper, np.round(upper * (1 + reach), decimals))
        candles["low"] = np.minimum(lower, np.round(lower * (1 - depth), decimals))

        # More is traded when prices move, and when Europe and America are both awake.
        awake = 1 + 0.4 * np.sin((share[:-1] - 0.35) * 2 * math.pi)
        moved = 1 + np.abs(np.log(path[1:] / path[:-1])) / MINUTE_VOLATILITY
        turnover = QUOTE_PER_MINUTE * awake * moved * np.exp(0.6 * normal(salt, minutes, 3))
        candles["volume"] = np.maximum(np.round(turnover / usual, 5), 0.00001)
        candles["quote_volume"] = np.round(candles["volume"] * (upper + lower) / 2, 8)
        candles["trades"] = 1 + (turnover / 1_000).astype("i8")
        bought = np.clip(0.5 + 0.1 * normal(salt, minutes, 4), 0, 1)
        candles["taker_base"] = np.round(candles["volume"] * bought, 5)
        candles["taker_quote"] = np.round(candles["quote_volume"] * bought, 8)
        return candles
