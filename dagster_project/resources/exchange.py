"""Exchanges as a Dagster resource: asynchronous ccxt clients with their rate limiter on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import dagster as dg

if TYPE_CHECKING:
    from ccxt.async_support.base.exchange import Exchange


FIRST_WINDOW = 3  # requests in flight at first


class VenueClient:
    """One venue, asked politely: ccxt's limiter, retries for what passes by itself, a pause for all when it says so."""

    def __init__(self, exchange: Exchange, ccxt_id: str, tries: int) -> None:
        from dagster_project.lib.candles.quirks import quirks

        self.exchange = exchange
        self.quirks = quirks(ccxt_id)
        self.requests = 0
        self.retries = 0
        self._tries = tries
        self._window = float(min(FIRST_WINDOW, self.quirks.concurrency))
        self._in_flight = 0
        self._landed = asyncio.Condition()
        self._resume_at = 0.0
        self._markets: asyncio.Task[Any] | None = None
        exchange.handle_errors = _with_headers(exchange.handle_errors)

    async def clock(self) -> int | None:
        """The venue's time in epoch ms; None for a venue that does not tell."""
        if not self.exchange.has.get("fetchTime"):
            return None
        now = await self._ask(self.exchange.fetch_time)
        return int(now) if now is not None else None

    async def candles(self, symbol: str, timeframe: str, start: int, end: int | None, limit: int) -> list[Any]:
        """Rows as the venue sends them, from open time `start` (ms) on, at most `limit`, before `end` if that is given.

        The answer proves nothing by its length: it may be short, unsorted, doubled or go past `end`.

        Raises:
            ccxt.BaseError: BadSymbol when the venue does not list the symbol; others after the last try.
        """
        await self._load_markets()
        market = self.exchange.market(symbol)
        if self.quirks.shape == "binance":
            request = {
                "symbol": market["id"],
                "interval": self.exchange.timeframes[timeframe],
                "startTime": start,
                "limit": limit,
            }
            if end is not None:
                request["endTime"] = end - 1
            return await self._ask(lambda: self._raw_klines(request))
        params = {} if end is None else {"until": end - 1}
        return await self._ask(lambda: self.exchange.fetch_ohlcv(symbol, timeframe, start, limit, params))

    async def _raw_klines(self, request: dict[str, Any]) -> list[Any]:
        import ccxt

        answer = await self.exchange.publicGetKlines(request)  # type: ignore[attr-defined]
        if not isinstance(answer, list):
            raise ccxt.BadResponse(f"{self.exchange.id} sent no list of candles: {str(answer)[:80]}")
        return answer

    async def _load_markets(self) -> None:
        """Loads the venue's markets once, whoever asks first; after a failure the next call tries again."""
        if self._markets is None:
            self._markets = asyncio.ensure_future(self._ask(self.exchange.load_markets))
        try:
            await asyncio.shield(self._markets)
        except BaseException:
            self._markets = None
            raise

    async def _ask(self, call: Callable[[], Awaitable[Any]]) -> Any:
        from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt

        from dagster_project.lib.candles.retries import wait_seconds, worth_retrying

        asked: list[float | None] = [None]

        def wait(state: RetryCallState) -> float:
            return wait_seconds(state.attempt_number, asked[0])

        async for attempt in AsyncRetrying(
            retry=retry_if_exception(worth_retrying), stop=stop_after_attempt(self._tries), wait=wait, reraise=True
        ):
            with attempt:
                async with self._slot():
                    self.requests += 1
                    self.retries += attempt.retry_state.attempt_number > 1
                    try:
                        return await call()
                    except Exception as error:
                        asked[0] = self._asked_to_wait(error)
                        raise
        raise AssertionError("tenacity returns or raises")

    @asynccontextmanager
    async def _slot(self) -> AsyncIterator[None]:
        """A place among the requests in flight. How many there are grows by one per round of good answers and falls to
        one when the venue says that it is too much: what is in flight then is ignored advice, and leads to a ban."""
        async with self._landed:
            while self._in_flight >= int(self._window) or time.monotonic() < self._resume_at:
                if self._in_flight < int(self._window):
                    self._landed.release()
                    try:
                        await asyncio.sleep(max(0.0, self._resume_at - time.monotonic()))
                    finally:
                        await self._landed.acquire()
                else:
                    await self._landed.wait()
            self._in_flight += 1
        try:
            yield
            self._window = min(float(self.quirks.concurrency), self._window + 1 / self._window)
        finally:
            async with self._landed:
                self._in_flight -= 1
                self._landed.notify_all()

    def _asked_to_wait(self, error: Exception) -> float | None:
        import ccxt

        from dagster_project.lib.candles.retries import retry_after

        if not isinstance(error, ccxt.DDoSProtection | ccxt.RateLimitExceeded):
            return None
        seconds = retry_after(getattr(error, "response_headers", self.exchange.last_response_headers))
        self._resume_at = max(self._resume_at, time.monotonic() + (seconds or 1.0))
        self._window = 1.0
        return seconds


def _with_headers(handle_errors: Callable[..., Any]) -> Callable[..., Any]:
    """ccxt's check of an answer, with the answer's headers kept on the error: requests run side by side, and
    `last_response_headers` may already be those of another one."""

    def handle(code: int, reason: str, url: str, method: str, headers: Any, *rest: Any) -> Any:
        try:
            return handle_errors(code, reason, url, method, headers, *rest)
        except Exception as error:
            error.response_headers = headers  # type: ignore[attr-defined]
            raise

    return handle


class ExchangeResource(dg.ConfigurableResource):
    """Public market data through ccxt. No keys: candles need none."""

    timeout_seconds: float = 10.0
    tries: int = 6

    @asynccontextmanager
    async def open(self, ccxt_id: str, base_url: str | None = None) -> AsyncIterator[VenueClient]:
        """A client of one venue for as long as the block lasts.

        Args:
            ccxt_id: ccxt's name of the exchange.
            base_url: another server of the same shape, asked instead.

        Raises:
            ValueError: ccxt does not know the exchange, or `base_url` is not a URL.
        """
        import ccxt.async_support

        from dagster_project.lib.venue_urls import ccxt_options

        if ccxt_id not in ccxt.async_support.exchanges:
            raise ValueError(f"ccxt knows no exchange {ccxt_id!r}: correct `ccxt` of this venue in candlehouse.toml")
        options = {
            **ccxt_options(ccxt_id, base_url),
            "enableRateLimit": True,
            "timeout": int(self.timeout_seconds * 1000),
            "maxRetriesOnFailure": 0,
        }
        exchange = getattr(ccxt.async_support, ccxt_id)(options)
        try:
            yield VenueClient(exchange, ccxt_id, self.tries)
        finally:
            await exchange.close()
