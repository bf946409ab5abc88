"""What one engine says about a batch, and how two sides compare. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Side:
    """Rows, hash over all columns, exact sums of money as text, first and last times as text."""

    rows: int
    hash: str
    sums: dict[str, str | None]
    times: dict[str, list[str | None]]

    def as_json(self) -> dict[str, Any]:
        """As it is stored in a manifest."""
        return {"rows": self.rows, "hash": self.hash, "sums": self.sums, "times": self.times}


def disagreement(postgres: Side, clickhouse: Side) -> str | None:
    """The first difference in words; None when both sides are equal."""
    if postgres.rows != clickhouse.rows:
        return f"{postgres.rows} rows in PostgreSQL, {clickhouse.rows} in ClickHouse"
    for name, value in postgres.sums.items():
        if clickhouse.sums.get(name) != value:
            return f"sum of {name}: {value} in PostgreSQL, {clickhouse.sums.get(name)} in ClickHouse"
    for name, values in postgres.times.items():
        if clickhouse.times.get(name) != values:
            return f"first and last {name}: {values} in PostgreSQL, {clickhouse.times.get(name)} in ClickHouse"
    if postgres.hash != clickhouse.hash:
        return f"hash of the rows: {postgres.hash} in PostgreSQL, {clickhouse.hash} in ClickHouse"
    return None
