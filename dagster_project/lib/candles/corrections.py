"""Late corrections: a stored candle gets a new revision only when the venue's values differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dagster_project.lib.candles.rows import Candles

if TYPE_CHECKING:
    import numpy as np

VALUES = ("open", "high", "low", "close", "volume")


@dataclass(frozen=True)
class Stored:
    """Candles as ClickHouse has them (sorted, one per open time), with their bookkeeping, one entry per row.

    `rank` is 2 for a real candle (venue, dump), 1 for a resampled and 0 for a made up one; `origin` is its name.
    """

    candles: Candles
    revision: np.ndarray
    rank: np.ndarray
    origin: np.ndarray
    ingested_at: np.ndarray


@dataclass(frozen=True)
class Changes:
    """What to write: rows with their revision, and which stored rows (positions) they replace."""

    rows: Candles
    revision: np.ndarray
    replaced: np.ndarray

    @property
    def corrections(self) -> int:
        """How many stored candles changed."""
        return len(self.replaced)


def rank_of(origin: str) -> int:
    """How real a candle of this origin is; a lower rank never replaces a higher one."""
    return {"venue": 2, "dump": 2, "resampled": 1, "synthetic": 0}[origin]


def changes(stored: Stored, fetched: Candles, origin: str) -> Changes:
    """Compares fetched candles (sorted, one per open time) with the stored ones.

    A fetched candle is written if there is none yet, if a value differs, or if the stored one is of a lower rank.
    Quote volume and trades count as different only when both sides state them.
    """
    import numpy as np

    if len(stored.candles) == 0 or len(fetched) == 0:
        return Changes(fetched, np.zeros(len(fetched), np.int64), np.empty(0, np.int64))
    at = np.minimum(np.searchsorted(stored.candles.time, fetched.time), len(stored.candles) - 1)
    known = stored.candles.time[at] == fetched.time
    before = stored.candles.take(at)
    differs = np.zeros(len(fetched), bool)
    for name in VALUES:
        differs |= getattr(before, name) != getattr(fetched, name)
    both = ~np.isnan(before.quote_volume) & ~np.isnan(fetched.quote_volume)
    differs |= both & (before.quote_volume != fetched.quote_volume)
    differs |= (before.trades >= 0) & (fetched.trades >= 0) & (before.trades != fetched.trades)
    rank = rank_of(origin)
    replaces = known & (((stored.rank[at] == rank) & differs) | (stored.rank[at] < rank))
    write = ~known | replaces
    revision = np.where(replaces, stored.revision[at] + 1, 0)[write]
    return Changes(fetched.take(write), revision, at[replaces])
