"""What travels, when, where to, and what is checked on the way: one `Policy` per source table. Pure data."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

BATCH = "archive_batch"  # the column of every target that names the batch of a row


@dataclass(frozen=True)
class Column:
    """One column on both sides, with the types that the contract pins."""

    name: str
    postgres: str
    clickhouse: str
    # What is sent when it is not the column itself.
    value: str | None = None

    @property
    def sql(self) -> str:
        """What is sent, as an expression of PostgreSQL over the source `t`."""
        return self.value or f't."{self.name}"'

    @property
    def is_nullable(self) -> bool:
        """Whether the target takes NULL."""
        return "Nullable(" in self.clickhouse

    @property
    def is_array(self) -> bool:
        """Whether the target is an array."""
        return self.clickhouse.startswith("Array(")


@dataclass(frozen=True)
class Age:
    """Rows are due when `column` is older than `days`."""

    column: str
    age: timedelta


@dataclass(frozen=True)
class Policy:
    """How the rows of one table are archived.

    A row is due when `where` holds, when it is old enough (`age`), and when it has not changed for `settle`. A later
    change makes it due again: it travels as a new version. `order` ends in `key` and decides which rows share a batch.
    """

    name: str
    target: str
    columns: tuple[Column, ...]
    omitted: dict[str, str]
    where: str
    order: tuple[str, ...]
    day: str
    money: tuple[str, ...] = ()
    times: tuple[str, ...] = ()
    wide: tuple[str, ...] = ()
    key: str = "id"
    version: str = "updated_at"
    schema: str = "public"
    age: Age | None = None
    # Transactions that still write are waited for in any case; this covers the moment between stamp and write.
    settle: timedelta = timedelta(milliseconds=200)
    grace: timedelta = timedelta(hours=24)
    purge: bool = True
    # A mart of PostgreSQL that must know the row before the purge takes it: (table of the marts, its key column).
    fact: tuple[str, str] | None = None
    # Tables of PostgreSQL whose rows point here and must be gone first: (table, column).
    before: tuple[tuple[str, str], ...] = ()
    # Where rows come back to when they are no longer due, such as a trade that was reopened after it was archived.
    follows_reopened: bool = False
    # Table of PostgreSQL with former versions of rows that were changed or left, where a correction may move `day`.
    former: str | None = None
    batch_rows: int = 50_000
    batch_bytes: int = 32 << 20
    cron: str = "*/5 * * * *"
    group: str = "upkeep"
    # Name of the asset where it is not the target's.
    asset: str | None = None
    description: str = ""

    @property
    def source(self) -> str:
        """Qualified table in PostgreSQL."""
        return f"{self.schema}.{self.name}"

    @property
    def storage(self) -> str:
        """Table in ClickHouse that rows are inserted into; `target` is the view that people read."""
        return f"{self.target}_versions"

    @cached_property
    def contract(self) -> str:
        """SHA-256 of what travels in which types."""
        what = [[column.name, column.postgres, column.clickhouse, column.value] for column in self.columns]
        return hashlib.sha256(json.dumps([self.source, self.storage, what]).encode()).hexdigest()

    def column(self, name: str) -> Column:
        """The column of that name. Raises KeyError."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)
