"""What a venue can do wrong, as switches. All of it is seeded: the same seed gives the same bad day.

Faults of candles are drawn per candle, so they do not depend on who asks in what order. Faults of answers are drawn per
request and per time that the very same request has been made, so that a repeat can go well.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True)
class Faults:
    """Shares are 0..1; 0, False and () switch a fault off. The default is a venue without faults."""

    seed: int = 0

    # what the venue's own record is like
    holes: float = 0.0
    """Share of candles that the venue never had: its truth has no row there."""
    hidden: float = 0.0
    """Share of candles that are missing from the first `hidden_answers` answers they belong in, then there."""
    hidden_answers: int = 2
    late: float = 0.0
    """Share of candles whose first `late_answers` answers carry a wrong close and volume, later the right ones."""
    late_answers: int = 1
    open_last: bool = False
    """Send the candle that contains now, with the values it has so far (Binance always does)."""
    bad_symbols: tuple[str, ...] = ()
    """Market ids (`ETHBTC`) that are listed but answered with -1121; `ETHBTC:500` for a server error instead."""

    renames: tuple[str, ...] = ()
    """`MATIC/USDT:POL/USDT@2024-09-10`: from that time on a market goes on under another name."""

    # how pages of candles are built
    short_pages: float = 0.0
    """Share of pages that end early (at least one row is sent)."""
    duplicate_pages: float = 0.0
    """Share of answers that send the page before the asked one once more."""
    duplicate_rows: float = 0.0
    """Share of rows that are sent twice in a row within a page; the page stays within its limit."""
    wrong_order: float = 0.0
    """Share of pages that are shuffled."""
    microseconds: bool = False
    """All times of candles in microseconds, as in Binance's dumps since 2025."""

    # how requests are answered
    rate_limited: float = 0.0
    """Share of requests answered 429 with Retry-After; not waiting leads to the ban that the weight limit has, too."""
    slow: float = 0.0
    """Share of answers that take `slow_seconds`."""
    slow_seconds: float = 2.0
    server_errors: float = 0.0
    """Share of requests answered 500, 502 or 503."""
    resets: float = 0.0
    """Share of answers whose connection dies in the middle of the body."""
    garbage: float = 0.0
    """Share of answers with status 200 and a body that is HTML, cut JSON, or JSON of another shape."""
    everywhere: bool = False
    """Also answer exchangeInfo, time and ping this way; by default only klines suffer."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(field.default, float) and field.name != "slow_seconds" and not 0 <= value <= 1:
                raise ValueError(f"fault {field.name} is a share of 0..1, not {value}")

    @classmethod
    def parse(cls, switches: list[str] | tuple[str, ...]) -> Faults:
        """From `name` (bare for on/off switches) or `name=value` texts; ValueError names a wrong one."""
        known = {field.name: field.default for field in fields(cls)}
        values: dict[str, Any] = {}
        for switch in switches:
            name, given, text = switch.partition("=")
            name = name.strip().replace("-", "_")
            if name not in known:
                raise ValueError(f"no fault {name!r}; there are {', '.join(known)}")
            default = known[name]
            try:
                if isinstance(default, bool):
                    values[name] = not given or {"1": True, "true": True, "0": False, "false": False}[text.lower()]
                elif isinstance(default, tuple):
                    values[name] = tuple(part.strip().upper() for part in text.split(",") if part.strip())
                else:
                    values[name] = type(default)(text)
            except (ValueError, KeyError):
                raise ValueError(f"fault {name} takes a {type(default).__name__}, not {text!r}") from None
        return cls(**values)
