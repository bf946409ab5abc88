"""State of ClickHouse's materialized views: feeds of a table at each INSERT, and those that refresh by the clock."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

# A refresh that was due so long ago is not merely waiting for its turn.
LATE = timedelta(minutes=10)
_CREATED = re.compile(r"^CREATE MATERIALIZED VIEW IF NOT EXISTS (?:(\w+)\.)?(\w+)", re.MULTILINE)
_VIEWS = """
SELECT
    t.database, t.name, t.create_table_query ILIKE '% REFRESH %', r.status, r.exception,
    if(r.last_success_time > 0, toUnixTimestamp(r.last_success_time), NULL),
    if(r.next_refresh_time > 0, toUnixTimestamp(r.next_refresh_time), NULL)
FROM system.tables AS t
LEFT JOIN system.view_refreshes AS r ON t.database = r.database AND t.name = r.view
WHERE t.engine = 'MaterializedView' AND has({databases:Array(String)}, t.database)
ORDER BY t.database, t.name
"""


@dataclass(frozen=True)
class View:
    """One materialized view. Times are UTC; a feed has none."""

    database: str
    name: str
    is_refreshable: bool
    status: str
    exception: str
    last_success: datetime | None
    next_refresh: datetime | None

    def trouble(self, now: datetime) -> str | None:
        """What is wrong with it, in one line."""
        if not self.is_refreshable:
            return None
        if self.exception:
            return f"its last refresh failed: {' '.join(self.exception.split())[:300]}"
        if self.status == "Disabled":
            return f"is stopped: SYSTEM START VIEW {self.database}.{self.name}"
        if self.next_refresh and now - self.next_refresh > LATE and self.status != "Running":
            return f"was due at {self.next_refresh:%Y-%m-%d %H:%M} UTC and does not run"
        return None


def views(client: Client, databases: Sequence[str]) -> list[View]:
    """The materialized views of these databases."""
    rows = client.query(_VIEWS, parameters={"databases": list(databases)}).result_rows
    return [
        View(database, name, bool(refreshable), status or "", exception or "", _moment(success), _moment(due))
        for database, name, refreshable, status, exception, success, due in rows
    ]


def wanted(statements: Iterable[str], database: str, facade_prefix: str) -> set[tuple[str, str]]:
    """(database, name) of every materialized view that the texts of migrations create."""
    return {
        (facade_prefix + found[1] if found[1] else database, found[2])
        for text in statements
        for found in _CREATED.finditer(text)
    }


def _moment(seconds: int | None) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds else None
