"""What a file's name says about the market in it. The content decides later whether that is true."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

FORMATS = ("feather", "parquet", "json", "json.gz", "csv", "csv.gz", "zip")
"""Formats by preference: two files of one market with equally many rows are told apart by this order."""

# Quote assets for names that write a pair as one word; longer ones first, so that BTCFDUSD is not BTCFD/USD.
QUOTES = (
    "FDUSD", "USDT", "USDC", "BUSD", "TUSD", "USDP", "BTC", "ETH", "BNB", "EUR", "GBP", "TRY", "BRL", "JPY", "USD",
)  # fmt: skip

TIMEFRAME = r"(?P<timeframe>\d{1,4}(?:Mo|[smhdwM]))"
LAYOUTS = (
    # freqtrade: BTC_USDT-5m, XRP_USDT_USDT-1h-futures; a venue before and a label after are allowed
    rf"(?:(?P<venue>[a-z][a-z0-9]*)_)?(?P<base>[A-Z0-9]+)_(?P<quote>[A-Z0-9]+?)(?:_(?P<settle>[A-Z0-9]+))?"
    rf"-{TIMEFRAME}(?:-(?P<kind>[a-zA-Z_]+))?(?:_(?P<label>[A-Za-z0-9]+))?",
    # Binance's dumps: BTCUSDT-1m-2025-01, BTCUSDT-1m-2025-01-31
    rf"(?P<pair>[A-Z0-9]+)-{TIMEFRAME}(?:-(?P<part>\d{{4}}-\d{{2}}(?:-\d{{2}})?))?",
    # coinbase-1h-btc-usd
    rf"(?P<venue>[A-Za-z]+)-{TIMEFRAME}-(?P<base>[A-Za-z0-9]+)-(?P<quote>[A-Za-z0-9]+)",
    # CryptoDataDownload: Binance_BTCUSDT_1h
    rf"(?P<venue>[A-Za-z]+)_(?P<pair>[A-Z0-9]+)_{TIMEFRAME}",
)
PATTERNS = tuple(re.compile(layout) for layout in LAYOUTS)


@dataclass(frozen=True)
class Named:
    """A candle file by its name.

    `settle` is the currency that a contract is settled in, `kind` what a derivative's file holds (`futures`, `mark`,
    `funding_rate`), `part` the month or day of a file that is one of several, `venue` the one that the name states.
    """

    path: Path
    format: str
    base: str
    quote: str
    timeframe: str
    venue: str | None = None
    part: str | None = None
    settle: str | None = None
    kind: str | None = None


def split_pair(pair: str) -> tuple[str, str] | None:
    """`BTCUSDT` -> (`BTC`, `USDT`); None when no known quote asset ends it."""
    for quote in QUOTES:
        if pair.endswith(quote) and len(pair) > len(quote):
            return pair.removesuffix(quote), quote
    return None


def read_name(path: Path) -> Named | None:
    """The market that `path` names, or None when this is not the name of a candle file at all."""
    stem, _, suffix = path.name.partition(".")
    if suffix.lower() not in FORMATS:
        return None
    match = next((found for pattern in PATTERNS if (found := pattern.fullmatch(stem))), None)
    if match is None:
        return None
    found = match.groupdict()
    pair = split_pair(found["pair"]) if found.get("pair") else (found["base"].upper(), found["quote"].upper())
    if pair is None:
        return None
    return Named(
        path=path,
        format=suffix.lower(),
        base=pair[0],
        quote=pair[1],
        timeframe=found["timeframe"].replace("Mo", "M"),
        venue=found["venue"].lower() if found.get("venue") else None,
        part=found.get("part"),
        settle=found.get("settle"),
        kind=found.get("kind"),
    )


def walk(root: Path) -> list[Path]:
    """All files below `root` in a stable order, hidden folders left out."""
    found = []
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [Path(folder, name) for name in sorted(files)]
    return found


def file_format(path: Path) -> str:
    """The format that a file's name states, one of FORMATS or another suffix."""
    return path.name.partition(".")[2].lower()
