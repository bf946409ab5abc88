"""Derived candles against the venue's own: a difference is a dispute, recorded and never repaired in silence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dagster_project.lib.candles.rows import Candles

FIELDS = ("open", "high", "low", "close")
VOLUME_TOLERANCE = 1e-9  # relative; sums of 60 doubles differ from the venue's decimal sum by less than 1e-14 each


@dataclass(frozen=True)
class Dispute:
    """One field of one candle; a missing candle is `presence` with 1.0 on the side that has it. `time` in epoch ms."""

    time: int
    field: str
    derived: float | None
    venue: float | None


def compare(derived: Candles, venue: Candles) -> list[Dispute]:
    """Differences between two sets of candles of one timeframe and window (each sorted, one per open time).

    Prices must be equal to the last bit, volumes to one part in 1e9.
    """
    mine = {int(time): position for position, time in enumerate(derived.time)}
    theirs = {int(time): position for position, time in enumerate(venue.time)}
    found = [Dispute(time, "presence", 1.0, None) for time in sorted(mine.keys() - theirs.keys())]
    found += [Dispute(time, "presence", None, 1.0) for time in sorted(theirs.keys() - mine.keys())]
    for time in sorted(mine.keys() & theirs.keys()):
        a, b = mine[time], theirs[time]
        for name in FIELDS:
            ours, its = float(getattr(derived, name)[a]), float(getattr(venue, name)[b])
            if ours != its:
                found.append(Dispute(time, name, ours, its))
        ours, its = float(derived.volume[a]), float(venue.volume[b])
        if abs(ours - its) > VOLUME_TOLERANCE * max(abs(ours), abs(its)):
            found.append(Dispute(time, "volume", ours, its))
    return found


def table(disputes: Iterable[Dispute], most: int = 20) -> list[dict[str, object]]:
    """The first disputes as rows for a person."""
    rows = sorted(disputes, key=lambda one: one.time)[:most]
    return [{"time": one.time, "field": one.field, "derived": one.derived, "venue": one.venue} for one in rows]
