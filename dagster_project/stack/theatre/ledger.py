"""What the writers were told is written, and how both stores together compare with it."""

from __future__ import annotations

import decimal
import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import psycopg
    from clickhouse_connect.driver.client import Client

COLUMNS = ("id", "status", "quantity", "net_pnl", "fee", "closed_at", "exit_reason", "updated_at")
MONEY = ("quantity", "net_pnl", "fee")


@dataclass(frozen=True)
class Trade:
    """The columns of a trade that writers change. `closed_at` in UTC, None while it is open."""

    id: str
    status: str
    quantity: Decimal
    net_pnl: Decimal | None
    fee: Decimal | None
    closed_at: datetime | None
    exit_reason: str


# A trade and its version, updated_at in UTC.
Versioned = tuple[Trade, datetime]


class Ledger:
    """The last acknowledged state of every id. Writers of several threads add to it, each of ids of its own."""

    def __init__(self) -> None:
        self._rows: dict[str, Versioned] = {}
        self._lock = threading.Lock()
        self.writes = 0

    def acknowledge(self, trade: Trade, version: datetime) -> None:
        """PostgreSQL has committed this state."""
        with self._lock:
            self._rows[trade.id] = (trade, version)
            self.writes += 1

    def rows(self) -> dict[str, Versioned]:
        """A copy."""
        with self._lock:
            return dict(self._rows)


@dataclass
class Comparison:
    """Both stores together against the ledger. `examples` say in words what is wrong, a few of each kind."""

    rows: int = 0
    lost: int = 0
    doubled: int = 0
    changed: int = 0
    invented: int = 0
    unproven: int = 0
    examples: list[str] = field(default_factory=list)

    @property
    def equal(self) -> bool:
        """Whether ids, versions and money are those of the ledger, each once."""
        return not (self.lost or self.doubled or self.changed or self.invented or self.unproven)

    def count(self, kind: str, example: str) -> None:
        """One more of a kind."""
        number = getattr(self, kind) + 1
        setattr(self, kind, number)
        if number <= 3:
            self.examples.append(f"{kind}: {example}")


def compare(ledger: dict[str, Versioned], connection: psycopg.Connection, client: Client) -> Comparison:
    """Every row of the ledger is in PostgreSQL, or else in ClickHouse, in its last version; each store shows it once.

    A row that PostgreSQL marks as archived must be in ClickHouse already. Writers must be idle meanwhile.
    """
    result = Comparison(len(ledger))
    postgres, clickhouse = postgres_rows(connection), clickhouse_rows(client)
    for store, rows in (("PostgreSQL", postgres), ("ClickHouse", clickhouse)):
        for key, times in Counter(trade.id for trade, _ in rows).items():
            if times > 1:
                result.count("doubled", f"{key} is {times} times in {store}")
            if key not in ledger:
                result.count("invented", f"{key} is in {store}, nobody wrote it")
    here, there = _by_id(postgres), _by_id(clickhouse)
    for key, wanted in ledger.items():
        found = here.get(key) or there.get(key)
        if found is None:
            result.count("lost", f"{key} is in neither store")
        elif found != wanted:
            result.count("changed", f"{key}: {found} instead of {wanted}")
    marks = connection.execute("SELECT key, version FROM ops.archive_marks WHERE policy = 'trades'").fetchall()
    for key, version in marks:
        present = here.get(key)
        if present and present[1] == version and present[0].status == "closed" and there.get(key) != present:
            result.count("unproven", f"{key} is marked as archived, ClickHouse has {there.get(key)}")
    return result


def compare_apart(ledger: dict[str, Versioned], connection: psycopg.Connection, client: Client) -> Comparison:
    """After the last purge: no row is in both stores, and the engines' own counts and sums add up to the ledger's."""
    result = compare(ledger, connection, client)
    here, there = _by_id(postgres_rows(connection)), _by_id(clickhouse_rows(client))
    for key in here.keys() & there.keys():
        result.count("doubled", f"{key} is in both stores after the purge")
    for key, (trade, _) in here.items():
        if trade.status == "closed":
            result.count("changed", f"{key} is closed and still in PostgreSQL")
    left, right = _totals_of_postgres(connection), _totals_of_clickhouse(client)
    # 38 digits of a row do not fit the 28 of Python's default context.
    with decimal.localcontext(prec=100):
        wanted = [
            Decimal(len(ledger)),
            *(sum((getattr(trade, name) or Decimal(0) for trade, _ in ledger.values()), Decimal(0)) for name in MONEY),
        ]
        for name, one, other, total in zip(("rows", *MONEY), left, right, wanted, strict=True):
            if one + other != total:
                result.count("changed", f"{name}: {one} in PostgreSQL + {other} in ClickHouse, written {total}")
    return result


def _totals_of_postgres(connection: psycopg.Connection) -> list[Decimal]:
    sums = ", ".join(f"coalesce(sum({name}), 0)" for name in MONEY)
    row = connection.execute(f"SELECT count(*), {sums} FROM trades".encode()).fetchone()
    assert row is not None
    return [Decimal(value) for value in row]


def _totals_of_clickhouse(client: Client) -> list[Decimal]:
    # A sum of Decimal(38, 18) overflows without a word.
    sums = ", ".join(f"toString(ifNull(sum(toDecimal256({name}, 18)), 0))" for name in MONEY)
    return [Decimal(value) for value in client.query(f"SELECT count(), {sums} FROM trades_history").result_rows[0]]


def postgres_rows(connection: psycopg.Connection) -> list[Versioned]:
    """Every trade in PostgreSQL."""
    rows = connection.execute(f"SELECT {', '.join(COLUMNS)} FROM trades ORDER BY id".encode())
    return [_versioned(row) for row in rows]


def clickhouse_rows(client: Client) -> list[Versioned]:
    """Every trade that the view trades_history shows."""
    return [_versioned(row) for row in client.query(f"SELECT {', '.join(COLUMNS)} FROM trades_history").result_rows]


def _by_id(rows: list[Versioned]) -> dict[str, Versioned]:
    return {trade.id: (trade, version) for trade, version in rows}


def _versioned(row: Any) -> Versioned:
    *values, version = row
    values[5] = None if values[5] is None else _utc(values[5])
    return Trade(*values), _utc(version)


def _utc(moment: datetime) -> datetime:
    # clickhouse-connect gives UTC columns without a zone.
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
