"""Both engines with empty trading tables, and a policy that does not wait."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import clickhouse_connect
import psycopg
import pytest
from clickhouse_connect.driver.client import Client

from dagster_project.lib.archive.engine import Outcome, archive
from dagster_project.lib.archive.policies import policies, policy
from dagster_project.lib.archive.policy import Policy
from dagster_project.lib.archive.purge import Purged, purge
from tests.emptied import empty

TRADE: dict[str, Any] = {
    "agent_id": "a",
    "exchange": "x",
    "symbol": "BTC",
    "side": "long",
    "status": "closed",
    "quantity": Decimal(1),
    "net_pnl": Decimal("1.5"),
    "closed_at": datetime(2025, 10, 26, tzinfo=UTC),
}
# With these go all tables that refer to them.
TABLES = (
    *("agents", "price_ticks", "agent_analysis_results", "trading_signals", "news_documents", "social_documents"),
    *("ops.archive_manifests", "ops.archive_marks", "ops.archive_recalls", "ops.archive_purges", "ops.archive_parity"),
    *("users", "ops.erasures", "ops.erased_rows", "ops.erasure_steps", "ops.archive_superseded", "ops.quarantine"),
    *("ops.archive_progress", "ops.trades_kept"),
)


@dataclass
class House:
    """Both engines and the policy for closed trades without delays."""

    connection: psycopg.Connection
    client: Client
    connect: Callable[[], psycopg.Connection]
    trades: Policy
    settings: Any

    def insert(self, *ids: str, **changes: Any) -> None:
        """Closed trades with these ids."""
        row = TRADE | changes
        columns = ", ".join(["id", *row])
        with self.connection.cursor() as cursor:
            cursor.executemany(
                f"INSERT INTO trades ({columns}) VALUES ({', '.join(['%s'] * (len(row) + 1))})".encode(),
                [(name, *row.values()) for name in ids],
            )

    def archive(self, **options: Any) -> Outcome:
        """One call of the engine."""
        return archive(options.pop("policy", self.trades), self.connection, self.client, **options)

    def purge(self, **changes: Any) -> Purged:
        """Purges what may go; every trade counts as known to the mart unless `facts=False`."""
        if changes.pop("facts", True):
            self.connection.execute("INSERT INTO analytics.trade_facts SELECT id FROM trades ON CONFLICT DO NOTHING")
        return purge(replace(self.trades, **changes), self.connection)

    def one(self, query: str, *values: Any) -> Any:
        """First cell in PostgreSQL."""
        row = self.connection.execute(query.encode(), values).fetchone()
        return row[0] if row else None

    def clear(self) -> None:
        """Empties both engines."""
        clear(self.connection, self.client)

    def ids(self, where: str = "true") -> list[str]:
        """Ids of trades in PostgreSQL."""
        rows = self.connection.execute(f"SELECT id FROM trades WHERE {where} ORDER BY id".encode())
        return [name for (name,) in rows]

    def history(self, columns: str = "id") -> list[Any]:
        """Rows of trades_history in ClickHouse, by id."""
        rows = self.client.query(f"SELECT {columns} FROM trades_history ORDER BY id").result_rows
        return [row[0] if len(row) == 1 else tuple(row) for row in rows]

    def marked(self) -> list[str]:
        """Ids of trades whose present version is marked."""
        rows = self.connection.execute(
            "SELECT t.id FROM trades AS t INNER JOIN ops.archive_marks AS m"
            " ON m.policy = 'trades' AND m.version = t.updated_at AND m.key = t.id ORDER BY t.id"
        )
        return [name for (name,) in rows]


@pytest.fixture
def house(warehouse: Any) -> Iterator[House]:
    """Both engines, empty."""

    def connect() -> psycopg.Connection:
        return psycopg.connect(warehouse.settings.postgres_url, autocommit=True, options="-c timezone=UTC")

    with (
        connect() as connection,
        clickhouse_connect.get_client(dsn=warehouse.settings.clickhouse_url, autogenerate_session_id=False) as client,
    ):
        clear(connection, client)
        trades = replace(policy("trades"), settle=timedelta(0), grace=timedelta(0))
        yield House(connection, client, connect, trades, warehouse.settings)


def clear(connection: psycopg.Connection, client: Client) -> None:
    """Empties everything that the archive touches, on purpose without its triggers."""
    empty(connection, *TABLES)
    connection.execute("INSERT INTO ops.archive_progress (policy) SELECT unnest(%s::text[])", [list(policies())])
    connection.execute("CREATE TABLE IF NOT EXISTS analytics.trade_facts (trade_id text PRIMARY KEY)")
    connection.execute("TRUNCATE analytics.trade_facts")
    connection.execute("INSERT INTO ops.lasting_marts VALUES ('trade_facts') ON CONFLICT DO NOTHING")
    for table in client.query(
        "SELECT table FROM system.parts WHERE active AND database = currentDatabase()"
        " AND (table LIKE '%_versions' OR table LIKE '%_changes') GROUP BY table"
    ).result_columns:
        for name in table:
            client.command(f"TRUNCATE TABLE {name}")
