"""What ClickHouse's catalog says about a table whose months go to files."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from dagster_project.lib.cold.policies import ColdPolicy

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

_DECIMAL = re.compile(r"Decimal\(\d+, (\d+)\)")
INGESTED = "ingested_at"


class NotFit(Exception):
    """A table is not laid out as files need it; the message is one line."""


@dataclass(frozen=True)
class Table:
    """A ReplacingMergeTree partitioned by month.

    `columns` are (name, type), without computed ones. `time` is the column whose month is the partition, `key` the
    identity of a row, `version` the column that decides between rows of one identity.
    """

    name: str
    columns: tuple[tuple[str, str], ...]
    time: str
    key: tuple[str, ...]
    version: str

    @cached_property
    def names(self) -> str:
        """The columns, quoted, for a SELECT."""
        return ", ".join(f"`{name}`" for name, _ in self.columns)

    @cached_property
    def identity(self) -> str:
        """The key as one expression."""
        return f"({', '.join(f'`{name}`' for name in self.key)})"

    @cached_property
    def structure(self) -> str:
        """Columns and types as `file()` and `s3()` take them."""
        return ", ".join(f"`{name}` {kind}" for name, kind in self.columns)

    @property
    def moves(self) -> bool:
        """Whether a newer version of a row may lie in another month."""
        return self.time not in self.key

    @cached_property
    def decimals(self) -> dict[str, int]:
        """Decimal columns and their scales."""
        found = {name: _DECIMAL.search(kind) for name, kind in self.columns if not kind.startswith(("Array", "Map"))}
        return {name: int(match[1]) for name, match in found.items() if match}

    @cached_property
    def times(self) -> tuple[str, ...]:
        """Columns with times that every row has."""
        return tuple(name for name, kind in self.columns if kind.startswith("DateTime64"))

    def month(self, month: int) -> str:
        """The condition that a row belongs to a month (YYYYMM)."""
        return f"toYYYYMM(`{self.time}`) = {month}"


def table(client: Client, policy: ColdPolicy) -> Table:
    """The table of a policy.

    Raises:
        NotFit: it is not there, or not a ReplacingMergeTree by month with what reading.py needs.
    """
    found = client.query(
        "SELECT engine_full, partition_key, sorting_key FROM system.tables"
        " WHERE database = currentDatabase() AND name = {name:String}",
        parameters={"name": policy.storage},
    ).result_rows
    if not found:
        raise NotFit(f"ClickHouse has no table {policy.storage}: `candlehouse migrate`")
    engine, partition, sorting = found[0]
    version = re.match(r"ReplacingMergeTree\((\w+)\)", engine)
    time = re.fullmatch(r"toYYYYMM\((\w+)\)", partition)
    if not version or not time:
        raise NotFit(f"{policy.storage} is not a ReplacingMergeTree with a version and months as partitions: {engine}")
    columns = client.query(
        "SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = {name:String}"
        " AND default_kind NOT IN ('MATERIALIZED', 'ALIAS', 'EPHEMERAL') ORDER BY position",
        parameters={"name": policy.storage},
    ).result_rows
    made = Table(
        policy.storage,
        tuple((str(name), str(kind)) for name, kind in columns),
        time[1],
        tuple(name.strip() for name in sorting.split(",")),
        version[1],
    )
    needed = {made.version, made.time, *made.key, *([INGESTED] if made.moves else [])}
    missing = needed - {name for name, _ in columns}
    if missing:
        raise NotFit(f"{policy.storage} does not store {', '.join(sorted(missing))}")
    return made


def parts(client: Client, name: str, month: int | None = None) -> dict[int, list[str]]:
    """Names of the active parts of a table by month (YYYYMM), or of one month."""
    rows = client.query(
        "SELECT toUInt32(partition) AS month, arraySort(groupArray(name)) FROM system.parts"
        " WHERE active AND rows > 0 AND database = currentDatabase() AND table = {name:String}"
        " AND ({month:UInt32} = 0 OR partition = toString({month:UInt32})) GROUP BY month ORDER BY month",
        parameters={"name": name, "month": month or 0},
    ).result_rows
    return {int(number): list(names) for number, names in rows}
