"""Positions that are open at a cut of the marts: one list, the same for both warehouses.

A trade counts once, as a closed one or as an open one. The marts know a trade as closed in versions up to the cut,
which the archive has proven; so a trade that was open before the cut and was closed since is still open for them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dagster_project.lib import warehouse_copy

if TYPE_CHECKING:
    import psycopg
    from clickhouse_connect.driver.client import Client

TABLE = "mart_positions"
_COLUMNS = (
    *("cut", "trade_id", "agent_id", "exchange", "symbol", "side", "currency", "origin", "quantity", "entry_price"),
    *("opened_at", "version"),
)
# Found by indexes: the open ones, and those that changed since the cut. A trade that came and went since was never open
# for the marts.
_LIST = """
INSERT INTO mart_positions (
    cut, trade_id, agent_id, exchange, symbol, side, currency, origin, quantity, entry_price, opened_at, version
)
SELECT
    %(cut)s, t.id, t.agent_id, t.exchange, t.symbol, t.side, t.currency, t.origin, t.quantity, t.entry_price,
    t.opened_at, t.updated_at
FROM trades AS t
WHERE
    t.opened_at IS NOT NULL
    AND (
        t.status = 'open'
        OR (t.updated_at > %(as_of)s::timestamptz AND t.status = 'closed' AND t.created_at <= %(as_of)s::timestamptz)
    )
    AND (
        t.updated_at <= %(as_of)s::timestamptz
        OR NOT EXISTS (
            SELECT FROM trade_versions AS v
            WHERE v.id = t.id AND v.updated_at <= %(as_of)s::timestamptz AND v.is_closed AND v.is_proven
        )
    )
"""
# A build may still be running that reads the cut before.
_FORGET = """
DELETE FROM mart_positions
WHERE cut < (SELECT max(c.id) FROM ops.mart_cuts AS c WHERE c.id < %(cut)s)
"""


class PositionsError(Exception):
    """ClickHouse does not hold the list of open positions; the message is one line."""


def list_open(connection: psycopg.Connection, client: Client, cut: int, as_of: str) -> int:
    """Writes the list of a cut to both warehouses, inside the transaction that takes it; returns its length.

    Args:
        as_of: the cut of closed trades, UTC as text.

    Raises:
        PositionsError: ClickHouse counts another number; the cut must not stand.
    """
    from psycopg import sql

    listed = connection.execute(_LIST, {"cut": cut, "as_of": f"{as_of}+00"}).rowcount
    connection.execute(_FORGET, {"cut": cut})
    warehouse_copy.stream(
        connection,
        client,
        warehouse_copy.Travel(TABLE, TABLE, _COLUMNS, frozenset(("opened_at", "version")), "version"),
        sql.SQL("cut = {}").format(sql.Literal(cut)),
    )
    found = int(client.query(f"SELECT count() FROM {TABLE} WHERE cut = {cut:d}").result_rows[0][0])
    if found != listed:
        raise PositionsError(
            f"of {listed} open positions {found} arrived in ClickHouse: the cut is not taken, try again"
        )
    return listed
