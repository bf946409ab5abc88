"""How old the newest row of each source is, from what `dbt source freshness` writes (`sources.json`)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

# Clocks of two servers that are set by NTP differ by less.
CLOCKS_DIFFER = timedelta(minutes=5)
_UNITS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}


@dataclass(frozen=True)
class Freshness:
    """One source table in one engine. Times are UTC; `looked_at` is by the clock of the database."""

    table: str
    newest: datetime | None
    looked_at: datetime | None
    limit: timedelta | None
    error: str | None = None

    @property
    def age(self) -> timedelta | None:
        """Below zero when the newest row is ahead of the database's clock."""
        return self.looked_at - self.newest if self.looked_at and self.newest else None

    @property
    def trouble(self) -> str | None:
        """What is wrong, in one line; None when the source is fresh."""
        if self.error:
            return f"could not be read: {self.error}"
        if self.age is None:
            return "holds no row"
        if self.age < -CLOCKS_DIFFER:
            return f"newest row is {told(-self.age)} ahead of the database's clock: set the clock of its writer"
        if self.limit and self.age > self.limit:
            return f"newest row is {told(self.age)} old, more than {told(self.limit)}"
        return None


def told(length: timedelta) -> str:
    """A length of time in its largest unit, as `26 h`."""
    seconds = length.total_seconds()
    if seconds >= 2 * 86_400:
        return f"{seconds / 86_400:,.0f} days"
    if seconds >= 2 * 3_600:
        return f"{seconds / 3_600:.0f} h"
    return f"{seconds / 60:.0f} min" if seconds >= 120 else f"{seconds:.0f} s"


def read(path: Path) -> list[Freshness]:
    """The tables of one `sources.json`, by name."""
    return sorted((_one(row) for row in json.loads(path.read_bytes())["results"]), key=lambda found: found.table)


def _one(row: dict) -> Freshness:
    table = row["unique_id"].rpartition(".")[2]
    newest = datetime.fromisoformat(row["max_loaded_at"]).astimezone(UTC)
    warn = row["criteria"]["warn_after"]
    return Freshness(
        table,
        # dbt's word for none is the year 1; ClickHouse's is 1970 where a client's settings do not say NULL.
        newest if newest.year > 1970 else None,
        datetime.fromisoformat(row["snapshotted_at"]).astimezone(UTC),
        warn["count"] * _UNITS[warn["period"]] if warn["count"] else None,
    )
