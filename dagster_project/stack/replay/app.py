"""The ASGI application: Binance's spot REST paths in front of a venue."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from . import wire
from .candles import Market
from .intervals import INTERVALS

if TYPE_CHECKING:
    from .venue import Venue

WEIGHTS = {"ping": 1, "time": 1, "exchangeInfo": 20, "klines": 2, "uiKlines": 2, "ticker/price": 4}
KLINES_PARAMETERS = ("symbol", "interval", "startTime", "endTime", "timeZone", "limit")
SYMBOL = re.compile(r"[A-Z0-9\-_.]{1,20}")
JSON = "application/json;charset=UTF-8"
HTML = "text/html"
DEFAULT_LIMIT = 500


class Refused(Exception):
    """A request that Binance answers with an error body."""

    def __init__(self, code: int, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


class ByDesign(ConnectionResetError):
    """A connection that dies because a fault says so; not worth a log line."""


class Broken:
    """An ASGI response that promises a whole body and dies after half of it."""

    def __init__(self, body: bytes, headers: dict[str, str]) -> None:
        self._body, self._headers = body, headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {**self._headers, "content-type": JSON, "content-length": str(len(self._body))}
        raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": 200, "headers": raw})
        await send({"type": "http.response.body", "body": self._body[: len(self._body) // 2], "more_body": True})
        raise ByDesign


Answer = Response | Broken
Handler = Callable[["Venue", Request], bytes]


def build_app(venue: Venue) -> Starlette:
    """The application for `venue`: the public endpoints that ccxt's spot client needs, under /api/v3."""

    def route(name: str, handler: Handler) -> Route:
        async def endpoint(request: Request) -> Answer:
            answer = await _answer(venue, request, name, handler)
            status = answer.status_code if isinstance(answer, Response) else 200
            venue.requests[name] += 1
            venue.requests[f"{name} {status}"] += 1
            return answer

        return Route(f"/api/v3/{name}", endpoint, methods=["GET"])

    handlers: dict[str, Handler] = {
        "ping": lambda venue, request: b"{}",
        "time": lambda venue, request: b'{"serverTime":%d}' % venue.now(),
        "exchangeInfo": _exchange_info,
        "klines": _klines,
        "uiKlines": _klines,
        "ticker/price": _ticker_price,
    }
    return Starlette(
        routes=[route(name, handler) for name, handler in handlers.items()],
        exception_handlers={404: _not_found},
    )


async def _not_found(request: Request, error: Exception) -> Response:
    return Response("<html><body><h2>404 Not found</h2></body></html>", 404, media_type=HTML)


async def _answer(venue: Venue, request: Request, name: str, handler: Handler) -> Answer:
    address = request.client.host if request.client else "unknown"
    used, refusal = venue.weights.spend(address, WEIGHTS[name])
    headers = {"X-MBX-USED-WEIGHT": str(used), "X-MBX-USED-WEIGHT-1M": str(used)}
    faults = venue.faults
    troubled = faults.everywhere or name in ("klines", "uiKlines")
    drawn = venue.drawing(f"{name}?{request.url.query}") if troubled else None
    if refusal is None and drawn and drawn("rate limited") < faults.rate_limited:
        refusal = venue.weights.hold(address, 1.0)
    if refusal:
        headers["Retry-After"] = str(refusal.retry_after)
        return Response(wire.error(-1003, refusal.message), refusal.status, headers, JSON)
    if drawn:
        if drawn("slow") < faults.slow:
            await asyncio.sleep(faults.slow_seconds)
        if drawn("server error") < faults.server_errors:
            return _server_error(drawn("which"), headers)
        if drawn("garbage") < faults.garbage:
            return _garbage(drawn("which"), headers)
    try:
        body = handler(venue, request)
    except Refused as refused:
        return Response(wire.error(refused.code, refused.message), refused.status, headers, JSON)
    if drawn and drawn("reset") < faults.resets:
        return Broken(body, headers)
    return Response(body, 200, headers, JSON)


def _server_error(draw: float, headers: dict[str, str]) -> Response:
    if draw < 1 / 3:
        body = wire.error(-1000, "An unknown error occurred while processing the request.")
        return Response(body, 500, headers, JSON)
    status, text = (502, "Bad Gateway") if draw < 2 / 3 else (503, "Service Unavailable")
    return Response(f"<html><head><title>{status} {text}</title></head></html>", status, headers, HTML)


def _garbage(draw: float, headers: dict[str, str]) -> Response:
    if draw < 1 / 3:
        return Response("<html><body>We will be back soon</body></html>", 200, headers, HTML)
    if draw < 2 / 3:
        return Response(b'[[1502942400000,"4261.48000000","4313.62000000","4261.', 200, headers, JSON)
    return Response(json.dumps({"data": [["4261.48", None]], "ok": True}), 200, headers, JSON)


def _parameters(request: Request, known: tuple[str, ...]) -> dict[str, str]:
    sent = dict(request.query_params)
    if unread := [name for name in sent if name not in known]:
        read = len(sent) - len(unread)
        raise Refused(
            -1104, f"Not all sent parameters were read; read '{read}' parameter(s) but was sent '{len(sent)}'."
        )
    return sent


def _mandatory(sent: dict[str, str], name: str) -> str:
    if not sent.get(name):
        raise Refused(-1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed.")
    return sent[name]


def _integer(sent: dict[str, str], name: str) -> int | None:
    if name not in sent:
        return None
    if not re.fullmatch(r"[0-9]{1,20}", sent[name]):
        raise Refused(-1100, f"Illegal characters found in parameter '{name}'; legal range is '^[0-9]{{1,20}}$'.")
    return int(sent[name])


def _market(venue: Venue, text: str) -> str:
    if not SYMBOL.fullmatch(text):
        raise Refused(-1100, "Illegal characters found in parameter 'symbol'; legal range is '^[A-Z0-9-_.]{1,20}$'.")
    if text not in venue.book.markets:
        raise Refused(-1121, "Invalid symbol.")
    return text


def _klines(venue: Venue, request: Request) -> bytes:
    sent = _parameters(request, KLINES_PARAMETERS)
    market = _market(venue, _mandatory(sent, "symbol"))
    interval = _mandatory(sent, "interval")
    for bad in venue.faults.bad_symbols:
        symbol, _, status = bad.partition(":")
        if symbol == market:
            if status:
                raise Refused(-1000, "An unknown error occurred while processing the request.", int(status))
            raise Refused(-1121, "Invalid symbol.")
    # Also for an interval that Binance has but the recording cannot give: an empty list would say that nothing traded.
    if interval not in venue.book.intervals(market):
        raise Refused(-1120, "Invalid interval.")
    if sent.get("timeZone", "0") not in ("0", "0:00", "00:00", "+0:00", "+00:00", "-0:00", "-00:00"):
        raise Refused(-1100, "Illegal characters found in parameter 'timeZone'; this venue serves UTC days only.")
    limit = _integer(sent, "limit")
    if limit is not None and limit < 1:
        raise Refused(-1130, "Data sent for parameter 'limit' is not valid.")
    start, end = _integer(sent, "startTime"), _integer(sent, "endTime")
    rows = venue.page(market, interval, start, end, DEFAULT_LIMIT if limit is None else limit)
    in_microseconds = request.headers.get("X-MBX-TIME-UNIT", "").upper() == "MICROSECOND"
    return wire.klines(rows, interval, in_microseconds or venue.faults.microseconds)


def _markets(venue: Venue, sent: dict[str, str]) -> list[Market]:
    """The markets that `symbol` or `symbols` (a JSON list) name; all of them without either."""
    if "symbol" in sent:
        return [venue.book.markets[_market(venue, sent["symbol"])]]
    if "symbols" not in sent:
        return venue.markets
    try:
        names = json.loads(sent["symbols"])
    except json.JSONDecodeError:
        names = None
    if not isinstance(names, list):
        raise Refused(-1100, "Illegal characters found in parameter 'symbols'; legal range is a JSON list.")
    return [venue.book.markets[_market(venue, str(name))] for name in names]


def _exchange_info(venue: Venue, request: Request) -> bytes:
    sent = _parameters(request, ("symbol", "symbols", "permissions", "showPermissionSets", "symbolStatus"))
    return wire.exchange_info(_markets(venue, sent), venue.now(), venue.weights.limit)


def _ticker_price(venue: Venue, request: Request) -> bytes:
    sent = _parameters(request, ("symbol", "symbols"))
    prices = [_price(venue, market) for market in _markets(venue, sent)]
    return json.dumps(prices[0] if "symbol" in sent else prices, separators=(",", ":")).encode()


def _price(venue: Venue, market: Market) -> dict[str, str]:
    finest = market.intervals[0]
    rows = venue.book.rows(market.id, finest, None, venue.now() - INTERVALS[finest], 1, newest=True)
    return {"symbol": market.id, "price": wire.decimal(float(rows["close"][0])) if len(rows) else "0"}
