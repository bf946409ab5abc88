"""Versions of trades whose close moved to another month: what they leave behind in ClickHouse is hidden.

The view `trades_history` compares the versions of a trade within a month only (sql/clickhouse/0022_moved_trades.sql).
So a version that lies in another month than the newest one is covered by a row of its own identity and month with the
status `moved`, a microsecond older than the newest version: months apart or together, the newest version wins.

`hide` does that before a version travels, `hide_left` finds what nobody hid: a version that arrived later than a newer
one, or came back with a restored month.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from dagster_project.lib.tsv import tsv

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

STORAGE = "trades_history_versions"
# The newest version of each month. FINAL is not asked for it: what it compares across months depends on the parts.
_OF_MONTHS = """
SELECT * FROM (
    SELECT * FROM trades_history_versions
    WHERE (agent_id, id) GLOBAL IN ({identities})
    ORDER BY updated_at DESC, ingested_at DESC LIMIT 1 BY agent_id, id, toYYYYMM(closed_at)
)
WHERE status != 'moved'
"""
_HIDE = """
INSERT INTO trades_history_versions (
    id, agent_id, user_id, exchange, symbol, side, status, currency, closed_at, decision_id, origin, details,
    created_at, updated_at
)
SELECT
    id, agent_id, user_id, exchange, symbol, side, 'moved' AS status, currency, closed_at, decision_id, origin,
    '{{}}' AS details, created_at, greatest(updated_at, newest - toIntervalMicrosecond(1)) AS updated_at
FROM ({left_behind})
"""
_HIDE_BEFORE = _HIDE.format(
    left_behind=f"""
SELECT v.*, c.version AS newest
FROM ({_OF_MONTHS.format(identities="SELECT agent_id, id FROM coming")}) AS v
GLOBAL INNER JOIN coming AS c ON v.agent_id = c.agent_id AND v.id = c.id
WHERE toYYYYMM(v.closed_at) != c.month AND v.updated_at < c.version
"""
)
_IN_MONTHS = _OF_MONTHS.format(
    identities="""
SELECT agent_id, id FROM trades_history_versions GROUP BY agent_id, id
HAVING toYYYYMM(min(closed_at)) != toYYYYMM(max(closed_at))
"""
)
_LEFT = f"SELECT count() FROM (SELECT id FROM ({_IN_MONTHS}) GROUP BY agent_id, id HAVING count() > 1)"
_HIDE_LEFT = _HIDE.format(
    left_behind=f"""
SELECT * FROM (
    SELECT *, max(updated_at) OVER of_trade AS newest,
        row_number() OVER (of_trade ORDER BY updated_at DESC, ingested_at DESC) AS recency
    FROM ({_IN_MONTHS})
    WINDOW of_trade AS (PARTITION BY agent_id, id)
)
WHERE recency > 1
"""
)
_TIME = "%Y-%m-%d %H:%M:%S.%f"
_SETTINGS = {"prefer_column_name_to_alias": 1, "optimize_aggregation_in_order": 1}


@dataclass(frozen=True)
class Coming:
    """A version that is about to travel; times are UTC."""

    agent_id: str
    id: str
    version: datetime
    closed_at: datetime


def hide(client: Client, coming: Iterable[Coming]) -> None:
    """Hides older versions of these trades in other months: until the coming one is there, a reader sees neither."""
    from clickhouse_connect.driver.external import ExternalData

    rows = [(one.agent_id, one.id, f"{one.version:{_TIME}}", f"{one.closed_at:%Y%m}") for one in coming]
    if rows:
        # As parameters, some thousand trades make the address of the request too long.
        data = ExternalData(
            file_name="coming",
            data=tsv(rows),
            fmt="TSV",
            structure="agent_id String, id String, version DateTime64(6, 'UTC'), month UInt32",
        )
        client.command(_HIDE_BEFORE, external_data=data, settings=_SETTINGS)


def hide_left(client: Client) -> int:
    """Hides every version that lies in another month than the newest one of its trade; returns of how many trades.

    Reads identity and time of every trade: 5 s of ten million.
    """
    left = int(client.query(_LEFT, settings=_SETTINGS).result_rows[0][0])
    if left:
        client.command(_HIDE_LEFT, settings=_SETTINGS)
    return left
