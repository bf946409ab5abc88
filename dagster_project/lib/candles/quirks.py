"""What is particular about a venue, from venues.toml."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal


@dataclass(frozen=True)
class Quirks:
    """One venue's particulars; venues.toml says what each means."""

    limit: int
    shape: Literal["binance", "unified"]
    history_candles: int
    sparse: bool
    concurrency: int


@cache
def _table() -> dict[str, dict[str, Any]]:
    return tomllib.loads((Path(__file__).parent / "venues.toml").read_text())


def quirks(ccxt_id: str) -> Quirks:
    """The quirks of a ccxt exchange id; the defaults for one that the table does not name."""
    return Quirks(**(_table()["default"] | _table().get(ccxt_id, {})))
