"""How many rows of each table are loaded."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Sizes:
    """Row counts. `open_rows` positions are open, each with an open trade beyond `trades`; times reach back `days`."""

    trades: int = 10_000_000
    decisions: int = 2_000_000
    memories: int = 1_000_000
    dimensions: int = 384
    open_rows: int = 100_000
    agents: int = 500
    days: int = 730
    equity_days: int = 90

    def scaled(self, scale: float) -> Sizes:
        """All row counts times `scale`; agents, dimensions and times stay."""
        return replace(
            self,
            trades=max(1000, int(self.trades * scale)),
            decisions=max(1000, int(self.decisions * scale)),
            memories=max(1000, int(self.memories * scale)),
            open_rows=max(500, int(self.open_rows * scale)),
            equity_days=max(2, int(self.equity_days * scale)),
        )

    @property
    def gigabytes(self) -> float:
        """Disk that tables, indexes, sorting and the log of changes take; at full size tables and indexes were 13."""
        per_memory = 2 * 4 * self.dimensions + 2500
        return 3 + (self.trades * 900 + self.decisions * 800 + self.memories * per_memory) / 1e9
