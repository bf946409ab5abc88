"""How decisions are scored. Other parameters are another method: every row of the old one is scored anew."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cached_property

NAME = "triple-barrier-1"


@dataclass(frozen=True)
class Method:
    """Parameters of the triple barrier (Lopez de Prado 2018, ch. 3). Times in minutes, rates as fractions."""

    horizon: int = 24 * 60
    # Barriers of decisions without their own: so many standard deviations of the log returns of the candles that were
    # closed at the decision, scaled by the square root of time to the horizon.
    target_deviations: float = 1.0
    stop_deviations: float = 1.0
    lookback: int = 24 * 60
    fewest_returns: int = 12
    # With fewer returns than that.
    percent: float = 0.02
    widest: float = 0.5
    # Of the notional, on each side; 0.045% is what a taker pays at Hyperliquid.
    fee_rate: float = 0.00045

    @property
    def round_trip(self) -> float:
        """Fees of an entry and an exit, as a fraction of the entry's notional."""
        return 2 * self.fee_rate

    @property
    def narrowest(self) -> float:
        """A default barrier nearer than this could be touched without earning the fees."""
        return 2 * self.round_trip

    @property
    def parameters(self) -> str:
        """The parameters as JSON, the same text for the same parameters."""
        return json.dumps(asdict(self), sort_keys=True)

    @cached_property
    def name(self) -> str:
        """Name and digest of the parameters."""
        return f"{NAME}-{hashlib.sha256(self.parameters.encode()).hexdigest()[:8]}"


METHOD = Method()
