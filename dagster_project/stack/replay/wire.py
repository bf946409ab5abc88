"""Binance's JSON, written by hand for candles because prices must keep every digit that a double has."""

from __future__ import annotations

import json
from collections.abc import Iterable

import numpy as np

from dagster_project.lib.candle_files.table import OPTIONAL

from .candles import Market
from .intervals import next_open


def decimal(value: float) -> str:
    """The shortest decimal text without exponent that reads back as the same double; not-a-number as `NaN`."""
    text = repr(value)
    if "e" in text:
        return np.format_float_positional(value, trim="-")
    return "NaN" if text == "nan" else text


def klines(rows: np.ndarray, interval: str, microseconds: bool = False) -> bytes:
    """Rows as GET /api/v3/klines sends them; quote and taker volumes that were not recorded are `"0"`."""
    opened = rows["open_time"]
    closed = next_open(interval, opened) - 1
    if microseconds:
        opened, closed = opened * 1000, closed * 1000 + 999
    prices = [map(decimal, rows[name].tolist()) for name in ("open", "high", "low", "close", "volume")]
    quote, taker_base, taker_quote = (_optional(rows[name]) for name in OPTIONAL)
    columns = zip(
        opened.tolist(), *prices, closed.tolist(), quote, rows["trades"].tolist(), taker_base, taker_quote, strict=True
    )
    body = ",".join(
        f'[{t},"{o}","{h}","{low}","{c}","{v}",{e},"{q}",{n},"{tb}","{tq}","0"]'
        for t, o, h, low, c, v, e, q, n, tb, tq in columns
    )
    return f"[{body}]".encode()


def _optional(values: np.ndarray) -> Iterable[str]:
    if np.isnan(values).all():
        return ["0"] * len(values)
    return map(decimal, np.nan_to_num(values, nan=0.0).tolist())


def error(code: int, message: str) -> bytes:
    """Binance's error body."""
    return json.dumps({"code": code, "msg": message}, separators=(",", ":")).encode()


def exchange_info(markets: Iterable[Market], now: int, weight_limit: int) -> bytes:
    """GET /api/v3/exchangeInfo. Ticks and lots are 1e-8, the finest that Binance has: recordings do not tell them."""
    document = {
        "timezone": "UTC",
        "serverTime": now,
        "rateLimits": [
            {
                "rateLimitType": "REQUEST_WEIGHT",
                "interval": "MINUTE",
                "intervalNum": 1,
                "limit": weight_limit or 1_000_000_000,
            },
        ],
        "exchangeFilters": [],
        "symbols": [_symbol(market) for market in markets],
    }
    return json.dumps(document, separators=(",", ":")).encode()


def _symbol(market: Market) -> dict[str, object]:
    finest, most = "0.00000001", "9000000000.00000000"
    return {
        "symbol": market.id,
        "status": market.status,
        "baseAsset": market.base,
        "baseAssetPrecision": 8,
        "quoteAsset": market.quote,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "baseCommissionPrecision": 8,
        "quoteCommissionPrecision": 8,
        "orderTypes": ["LIMIT", "LIMIT_MAKER", "MARKET"],
        "icebergAllowed": False,
        "ocoAllowed": False,
        "quoteOrderQtyMarketAllowed": True,
        "allowTrailingStop": False,
        "cancelReplaceAllowed": False,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "filters": [
            {"filterType": "PRICE_FILTER", "minPrice": finest, "maxPrice": most, "tickSize": finest},
            {"filterType": "LOT_SIZE", "minQty": finest, "maxQty": most, "stepSize": finest},
            {
                "filterType": "NOTIONAL",
                "minNotional": finest,
                "applyMinToMarket": True,
                "maxNotional": most,
                "applyMaxToMarket": False,
                "avgPriceMins": 5,
            },
        ],
        "permissions": [],
        "permissionSets": [["SPOT"]],
        "defaultSelfTradePreventionMode": "EXPIRE_MAKER",
        "allowedSelfTradePreventionModes": ["EXPIRE_MAKER"],
    }
