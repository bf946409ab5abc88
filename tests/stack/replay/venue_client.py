"""The real ccxt client in front of a venue, and plain HTTP beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from dagster_project.lib.venue_urls import ccxt_options
from dagster_project.stack.replay import Venue

FIVE_MINUTES = 300_000
START = 1_700_000_100_000  # a multiple of five minutes


class Client:
    """What the tests need of one venue: the real ccxt client, and plain HTTP beside it."""

    def __init__(self, venue: Venue, url: str) -> None:
        self.venue = venue
        self.url = url
        self.http = httpx.Client(base_url=url + "/api/v3", trust_env=False)

    def klines(self, **parameters: Any) -> list[list[Any]]:
        """Rows of one good answer, as sent."""
        answer = self.http.get("/klines", params=parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def ccxt(self, work: Callable[[Any], Awaitable[Any]]) -> Any:
        """Run `work` with an asynchronous ccxt.binance that talks to the venue."""
        import ccxt.async_support as ccxt

        async def main() -> Any:
            exchange = ccxt.binance({**ccxt_options("binance", self.url), "enableRateLimit": False, "timeout": 5_000})
            try:
                await exchange.load_markets()
                return await work(exchange)
            finally:
                await exchange.close()

        return asyncio.run(main())

    def fetch(self, symbol: str, timeframe: str, since: int | None = None, limit: int | None = None) -> list[list[Any]]:
        """One page by ccxt."""
        return self.ccxt(lambda exchange: exchange.fetch_ohlcv(symbol, timeframe, since, limit))

    def fetch_all(self, symbol: str, timeframe: str, since: int) -> list[list[Any]]:
        """Every page from `since` on, by ccxt."""

        async def pages(exchange: Any) -> list[list[Any]]:
            rows: list[list[Any]] = []
            start = since
            while page := await exchange.fetch_ohlcv(symbol, timeframe, start, 1000):
                rows += page
                start = page[-1][0] + 1
            return rows

        return self.ccxt(pages)


def made_rows(count: int, start: int = START, step: int = FIVE_MINUTES) -> list[list[float]]:
    """ccxt rows that differ in every value, with digits that a careless conversion loses."""
    return [
        [start + n * step, 100.1 + n, 100.3 + n, 99.9 + n, 100.2 + n + 1e-9, 0.1 + n * 0.30000000000000004]
        for n in range(count)
    ]


def truth_rows(venue: Venue, symbol: str, timeframe: str) -> list[list[Any]]:
    """`venue.truth` in ccxt's shape."""
    import pyarrow as pa

    table = venue.truth(symbol, timeframe)
    columns = [table["timestamp"].cast(pa.int64()).to_pylist()]
    columns += [table[name].to_pylist() for name in ("open", "high", "low", "close", "volume")]
    return [list(row) for row in zip(*columns, strict=True)]
