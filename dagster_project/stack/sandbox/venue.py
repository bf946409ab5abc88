"""The sandbox venue: made-up candles behind the same REST paths as the replay venue."""

from __future__ import annotations

from collections.abc import Sequence

from ..replay import Faults, Venue, Weights
from ..replay.venue import Now
from .prices import SandboxSource
from .trades import SANDBOX_SYMBOLS


class SandboxVenue(Venue):
    """Seeded 1m candles of `symbols` (and all higher intervals but 3d) since 2020-01-01, by the real clock."""

    def __init__(
        self,
        symbols: Sequence[str] = SANDBOX_SYMBOLS,
        seed: int = 0,
        faults: Faults | None = None,
        now: Now = "real",
        weights: Weights | None = None,
    ) -> None:
        super().__init__(SandboxSource(symbols, seed), faults, now, weights)
