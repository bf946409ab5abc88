"""Compares a mart of both warehouses cell by cell.

Exact for whole numbers, decimals, text, times and truth values, 1e-9 relative for floats. Pure: rows in, verdict out.
Rows come in the order of their keys, so that memory stays bounded.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

RELATIVE = 1e-9
EXAMPLES = 20

Cells = Sequence[Any]
MISSING = "(no such row)"


@dataclass(frozen=True)
class Difference:
    """One cell that differs, or one row that one side lacks (`column` is then `*`)."""

    key: str
    column: str
    postgres: str
    clickhouse: str


@dataclass
class Verdict:
    """The outcome for one mart."""

    mart: str
    rows_postgres: int = 0
    rows_clickhouse: int = 0
    cells: int = 0
    differences: int = 0
    examples: list[Difference] = field(default_factory=list)

    @property
    def agree(self) -> bool:
        """Whether no cell differs and no row is missing."""
        return self.differences == 0

    def note(self, difference: Difference) -> None:
        """Counts a difference and keeps the first ones."""
        self.differences += 1
        if len(self.examples) < EXAMPLES:
            self.examples.append(difference)


def compare(
    mart: str, columns: Sequence[str], key: Sequence[str], postgres: Iterator[Cells], clickhouse: Iterator[Cells]
) -> Verdict:
    """Walks both sides in the order of their keys.

    Args:
        columns: names of the cells of a row, the same on both sides.
        key: the columns that identify a row; text is compared by code points, as `COLLATE "C"` and ClickHouse order it.
    """
    positions = [columns.index(name) for name in key]
    verdict = Verdict(mart)
    left, right = next(postgres, None), next(clickhouse, None)
    while left is not None or right is not None:
        left_key, right_key = _key(left, positions), _key(right, positions)
        if right_key is None or (left_key is not None and left_key < right_key):
            verdict.rows_postgres += 1
            verdict.note(Difference(_shown_key(left_key), "*", "present", MISSING))
            left = next(postgres, None)
        elif left_key is None or right_key < left_key:
            verdict.rows_clickhouse += 1
            verdict.note(Difference(_shown_key(right_key), "*", MISSING, "present"))
            right = next(clickhouse, None)
        else:
            assert left is not None
            assert right is not None
            verdict.rows_postgres += 1
            verdict.rows_clickhouse += 1
            verdict.cells += len(columns)
            for name, one, other in zip(columns, left, right, strict=True):
                if not same(one, other):
                    verdict.note(Difference(_shown_key(left_key), name, _shown(one), _shown(other)))
            left, right = next(postgres, None), next(clickhouse, None)
    return verdict


def same(one: Any, other: Any) -> bool:
    """Whether two cells are the same value of the same kind."""
    if one is None or other is None:
        return one is other
    if isinstance(one, datetime) and isinstance(other, datetime):
        return _utc(one) == _utc(other)
    if type(one) is not type(other):
        return False
    if isinstance(one, float):
        return math.isclose(one, other, rel_tol=RELATIVE) or (math.isnan(one) and math.isnan(other))
    return one == other


def different_columns(mart: str, postgres: Sequence[str], clickhouse: Sequence[str]) -> Verdict | None:
    """The verdict for a mart whose columns differ in name or order, or None."""
    if list(postgres) == list(clickhouse):
        return None
    verdict = Verdict(mart)
    verdict.note(Difference("*", "*", ", ".join(postgres), ", ".join(clickhouse)))
    return verdict


def different_counts(verdict: Verdict, postgres: int, clickhouse: int) -> None:
    """Tells, of a mart of which some rows were compared, how many it has, and whether one side has more."""
    verdict.rows_postgres, verdict.rows_clickhouse = postgres, clickhouse
    if postgres != clickhouse:
        verdict.note(Difference("*", "*", f"{postgres} rows", f"{clickhouse} rows"))


def _key(row: Cells | None, positions: list[int]) -> tuple | None:
    return (
        None if row is None else tuple(_utc(row[at]) if isinstance(row[at], datetime) else row[at] for at in positions)
    )


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _shown_key(key: tuple | None) -> str:
    return "/".join(map(str, key or ()))


_SHOW: dict[type, Callable[[Any], str]] = {float: repr, datetime: lambda value: _utc(value).isoformat()}


def _shown(value: Any) -> str:
    return "NULL" if value is None else _SHOW.get(type(value), str)(value)
