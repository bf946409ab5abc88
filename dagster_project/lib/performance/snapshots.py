"""Hourly snapshots of all accounts for a range of UTC days, written where they are new or different."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from dagster_project.lib.outcomes.markets import markets
from dagster_project.lib.performance.accounts import HOURS, PLACES, accounts, hour_of, marks, moment, prices
from dagster_project.lib.performance.curve import Account, Snapshot, curve

if TYPE_CHECKING:
    import psycopg
    from clickhouse_connect.driver.client import Client

OURS = "candlehouse"  # details.by of the rows that are computed here
BATCH = 20_000
COLUMNS = (
    *("agent_id", "exchange", "timestamp", "balance", "equity", "pnl", "pnl_percent", "total_trades"),
    *("winning_trades", "losing_trades", "win_rate", "sharpe_ratio", "max_drawdown", "current_drawdown", "origin"),
    "details",
)


@dataclass
class Taken:
    """The outcome of a run: snapshots computed and written, by UTC day, and the latest of each account."""

    computed: dict[date, int] = field(default_factory=dict)
    written: dict[date, int] = field(default_factory=dict)
    latest: dict[tuple[str, str], Snapshot] = field(default_factory=dict)
    # Hours and equity of each account, for people to look at.
    equity: dict[tuple[str, str], list[tuple[datetime, float]]] = field(default_factory=dict)


def take(connection: psycopg.Connection, client: Client, days: Sequence[date], now: datetime) -> Taken:
    """Snapshots for the full hours of consecutive UTC days: from 01:00 to the midnight after, as far as they are past.

    A snapshot of an hour has everything that took effect by then, as it is known now; a row that says the same is not
    written again, and one that an application wrote for itself is left alone.

    Args:
        connection: not inside a transaction.
    """
    from psycopg import IsolationLevel

    first = hour_of(days[0])
    last = min(hour_of(days[-1]) + HOURS, int(now.timestamp()) // 3600)
    taken = Taken(dict.fromkeys(days, 0), dict.fromkeys(days, 0))
    if last <= first:
        return taken
    known = markets(client)
    connection.isolation_level = IsolationLevel.REPEATABLE_READ
    try:
        with connection.transaction():
            found = accounts(connection, client, first, last)
            midnights = marks(connection, last)
    finally:
        connection.isolation_level = None
    by_exchange: dict[str, set[str]] = {}
    for account in found:
        by_exchange.setdefault(account.exchange, set()).update(one.symbol for one in account.events if one.size)
    hourly = {
        exchange: prices(client, known, exchange, symbols, first, last) for exchange, symbols in by_exchange.items()
    }
    stored = _stored(client, first, last)
    waiting: list[list[Any]] = []
    for account in found:
        for snapshot in curve(
            account, midnights.get(account.exchange, {}), hourly.get(account.exchange, {}), first, last
        ):
            day = moment(snapshot.hour - 1).date()
            taken.computed[day] += 1
            key = (account.agent_id, account.exchange)
            taken.latest[key] = snapshot
            if snapshot.equity is not None:
                taken.equity.setdefault(key, []).append((moment(snapshot.hour), float(snapshot.equity)))
            row = _row(account, snapshot)
            before = stored.get((*key, snapshot.hour))
            if before is not None and _stands(before, row, snapshot):
                continue
            taken.written[day] += 1
            waiting.append(row)
            if len(waiting) >= BATCH:
                _insert(client, waiting)
    _insert(client, waiting)
    return taken


def _stands(before: tuple[int, tuple[Any, ...]], row: list[Any], snapshot: Snapshot) -> bool:
    """Whether a stored row stays: the application's own always, ours while no trade behind it changed."""
    version, figures = before
    return json.loads(figures[-1]).get("by") != OURS or (figures == tuple(row[3:]) and version > snapshot.version)


def _insert(client: Client, rows: list[list[Any]]) -> None:
    if rows:
        client.insert("agent_performance_versions", rows, column_names=list(COLUMNS))
        rows.clear()


def _row(account: Account, snapshot: Snapshot) -> list[Any]:
    details = {
        "by": OURS,
        "currency": account.currency,
        "open_instruments": snapshot.open_instruments,
        "unmarked_instruments": snapshot.unmarked_instruments,
    }
    return [
        account.agent_id,
        account.exchange,
        moment(snapshot.hour),
        _money(snapshot.balance),
        _money(snapshot.equity),
        _money(snapshot.pnl),
        snapshot.pnl_percent,
        snapshot.total_trades,
        snapshot.winning_trades,
        snapshot.losing_trades,
        snapshot.win_rate,
        snapshot.sharpe_ratio,
        snapshot.max_drawdown,
        snapshot.current_drawdown,
        account.origin,
        json.dumps(details, sort_keys=True),
    ]


def _money(value: Decimal | None) -> Decimal | None:
    return None if value is None else value.quantize(PLACES)


def _stored(client: Client, first: int, last: int) -> dict[tuple[str, str, int], tuple[int, tuple[Any, ...]]]:
    rows: Iterator[Any] = iter(
        client.query(
            f"SELECT {', '.join(COLUMNS)}, toUnixTimestamp64Micro(updated_at) FROM agent_performance"
            " WHERE timestamp > {first:DateTime64(3, 'UTC')}"
            " AND timestamp <= {last:DateTime64(3, 'UTC')}",
            parameters={"first": moment(first), "last": moment(last)},
            tz_mode="aware",
        ).result_rows
    )
    return {
        (row[0], row[1], int(row[2].astimezone(UTC).timestamp()) // 3600): (row[-1], tuple(row[3:-1])) for row in rows
    }
