"""Which market prices an instrument."""

from __future__ import annotations

import pytest

from dagster_project.lib.daily_marks import base_and_quote, markets_for

MARKETS = [
    ("binance", "BTC/USDT"),
    ("binance", "ETH/BTC"),
    ("hyperliquid", "ETH/USDC:USDC"),
    ("kraken", "BTC/USD"),
    ("kraken", "BTC/EUR"),
    ("sandbox", "BTC/USDT"),
]


@pytest.mark.parametrize(
    ("symbol", "expected"),
    [
        ("BTC/USDT", ("BTC", "USDT")),
        ("eth/usdc:usdc", ("ETH", "USDC")),
        ("BTCUSDT", ("BTC", "USDT")),
        ("BTC-USD", ("BTC", "USD")),
        ("BTC-PERP", ("BTC", "")),
        ("BTC", ("BTC", "")),
        ("USDT", ("USDT", "")),
        ("1000PEPEUSDT", ("1000PEPE", "USDT")),
    ],
)
def test_symbols_say_base_and_quote(symbol: str, expected: tuple[str, str]) -> None:
    assert base_and_quote(symbol) == expected


@pytest.mark.parametrize(
    ("instrument", "expected"),
    [
        (("binance", "BTC/USDT"), [("binance", "BTC/USDT"), ("kraken", "BTC/USD")]),
        (("hyperliquid", "BTC"), [("binance", "BTC/USDT"), ("kraken", "BTC/USD")]),
        (("hyperliquid", "ETH"), [("hyperliquid", "ETH/USDC:USDC")]),
        (("kraken", "BTCUSDT"), [("kraken", "BTC/USD"), ("binance", "BTC/USDT")]),
        (("binance", "ETH/BTC"), [("binance", "ETH/BTC")]),
        (("sandbox", "BTC/USDT"), [("sandbox", "BTC/USDT")]),
        (("sandbox", "ETH/USDT"), []),
        (("kraken", "BTC/EUR"), [("kraken", "BTC/EUR")]),
        (("coinbase", "BTC/EUR"), []),
        (("binance", "DOGE/USDT"), []),
    ],
)
def test_own_market_first_then_the_same_base_in_dollars(
    instrument: tuple[str, str], expected: list[tuple[str, str]]
) -> None:
    assert markets_for(instrument, MARKETS) == expected
    assert markets_for(instrument, reversed(MARKETS)) == expected
