"""Trades that came of decisions, from both stores, each once: archived ones live in ClickHouse, fresh ones in
PostgreSQL, and for a day in both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from dagster_project.lib.tsv import tsv

if TYPE_CHECKING:
    import psycopg
    from clickhouse_connect.driver.client import Client

_COLUMNS = (
    "id, decision_id, side, status, quantity, entry_price, net_pnl, opened_at, closed_at, updated_at"  # Trade's order
)


@dataclass(frozen=True)
class Trade:
    """One trade in its newest version."""

    id: str
    decision_id: str | None
    side: str
    status: str
    quantity: Decimal | None
    entry_price: Decimal | None
    net_pnl: Decimal | None
    opened_at: datetime | None
    closed_at: datetime | None
    updated_at: datetime


@dataclass(frozen=True)
class Result:
    """What the trades of one decision brought. Figures are None while a trade is open or says too little."""

    count: int
    pnl: Decimal | None
    percent: Decimal | None
    hold_minutes: Decimal | None
    version: datetime


def linked(
    connection: psycopg.Connection, client: Client, decisions: Mapping[str, str | None]
) -> dict[str, list[Trade]]:
    """Trades by decision.

    Args:
        decisions: ids, and the trade that each decision names.
    """
    named = sorted({trade for trade in decisions.values() if trade})
    wanted = {"decisions": list(decisions), "trades": named}
    newest: dict[str, Trade] = {}
    for trade in (*_archived(client, wanted), *_hot(connection, wanted)):
        if trade.id not in newest or newest[trade.id].updated_at <= trade.updated_at:
            newest[trade.id] = trade
    found: dict[str, list[Trade]] = {}
    for trade in newest.values():
        if trade.decision_id is not None and trade.decision_id in decisions:
            found.setdefault(trade.decision_id, []).append(trade)
    for decision, trade_id in decisions.items():
        if trade_id in newest and newest[trade_id].decision_id != decision:
            found.setdefault(decision, []).append(newest[trade_id])
    return found


def result(trades: Sequence[Trade]) -> Result:
    """Sums over the trades of one decision; cancelled and failed ones count for nothing."""
    version = max(trade.updated_at for trade in trades)
    closed = [trade for trade in trades if trade.status == "closed"]
    if not closed or any(trade.status in ("open", "pending") for trade in trades):
        return Result(len(closed), None, None, None, version)
    known = [trade.net_pnl for trade in closed if trade.net_pnl is not None]
    pnl = sum(known, Decimal(0)) if len(known) == len(closed) else None
    sizes = [trade.quantity * trade.entry_price for trade in closed if trade.quantity and trade.entry_price]
    percent = None
    if pnl is not None and len(sizes) == len(closed):
        percent = round(pnl / sum(sizes, Decimal(0)) * 100, 10)
    opened = [trade.opened_at for trade in closed if trade.opened_at]
    left = [trade.closed_at for trade in closed if trade.closed_at]
    hold = None
    if len(opened) == len(left) == len(closed):
        hold = round(Decimal((max(left) - min(opened)).total_seconds()) / 60, 6)
    return Result(len(closed), pnl, percent, hold, version)


def _hot(connection: psycopg.Connection, wanted: dict[str, list[str]]) -> Iterable[Trade]:
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM trades WHERE decision_id = ANY(%(decisions)s)"
        f" UNION ALL SELECT {_COLUMNS} FROM trades WHERE id = ANY(%(trades)s)".encode(),
        wanted,
    )
    return [Trade(*row) for row in rows]


def _archived(client: Client, wanted: dict[str, list[str]]) -> Iterable[Trade]:
    from clickhouse_connect.driver.external import ExternalData

    data = ExternalData()
    for name, ids in wanted.items():
        data.add_file(
            file_name=f"wanted_{name}",
            data=tsv((one,) for one in ids),
            fmt="TSV",
            structure="id String",
        )
    # All versions of a trade, so that an older one cannot speak for a newer one that names another decision.
    rows = client.query(
        f"SELECT {_COLUMNS} FROM trades_history_versions WHERE id IN (SELECT id FROM trades_history_versions"
        " WHERE decision_id IN (SELECT id FROM wanted_decisions) OR id IN (SELECT id FROM wanted_trades))",
        external_data=data,
        tz_mode="aware",
    ).result_rows
    return [Trade(*row) for row in rows]
