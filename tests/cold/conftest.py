"""Both engines, a folder as cold store, and closed trades in two old months."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import clickhouse_connect
import psycopg
import pytest
from clickhouse_connect.driver.client import Client

from dagster_project.lib.cold import engine, ledger, views
from dagster_project.lib.cold.policies import ColdPolicy
from dagster_project.lib.cold.restore import Restored, restore
from dagster_project.lib.cold.store import Store, open_store
from dagster_project.lib.cold.table import table
from dagster_project.lib.moved_trades import Coming, hide
from tests import emptied

NOW = datetime(2024, 3, 15, tzinfo=UTC)
TABLES = ("trades_history",)
LEDGERS = ("ops.cold_files", "ops.cold_events", "ops.restore_drills", "ops.dumps", "ops.dump_deletions")


@dataclass
class Cold:
    """Both engines and a store; months that ended before February 2024 are due."""

    connection: psycopg.Connection
    client: Client
    store: Store
    settings: Any
    now: datetime = NOW

    def policy(self, table: str = "trades_history") -> ColdPolicy:
        """A month stays."""
        return ColdPolicy(table, f"{table}_versions", 1)

    def apply(self, table: str = "trades_history", **options: Any) -> engine.Outcome:
        """One call of the engine."""
        policy = self.policy(table)
        return engine.apply(policy, self.connection, self.client, self.store, self.now, **options)

    def restore(self, month: int, table: str = "trades_history") -> Restored:
        """One month back."""
        return restore(self.policy(table), self.connection, self.client, self.store, month)

    def trade(self, name: str, closed: str, pnl: str = "1.5", version: str | None = None) -> None:
        """One version of a trade in ClickHouse, as the archive brings it."""
        times = (datetime.fromisoformat(version or closed), datetime.fromisoformat(closed))
        hide(self.client, [Coming("a", name, *(time.replace(tzinfo=UTC) for time in times))])
        self.client.command(
            "INSERT INTO trades_history_versions (id, agent_id, exchange, symbol, side, status, net_pnl, quantity,"
            " closed_at, updated_at) VALUES ({id:String}, 'a', 'x', 'BTC', 'long', 'closed', {pnl:Decimal(38, 18)}, 1,"
            " {closed:DateTime64(6, 'UTC')}, {version:DateTime64(6, 'UTC')})",
            parameters={"id": name, "pnl": pnl, "closed": closed, "version": version or closed},
        )

    def trades(self, where: str = "1") -> list[tuple[str, str]]:
        """Id and PnL as readers of trades_history see them."""
        return [
            tuple(row)
            for row in self.client.query(
                f"SELECT id, toString(net_pnl) FROM trades_history WHERE {where} ORDER BY id, net_pnl"
            ).result_rows
        ]

    def stored(self, table: str = "trades_history") -> int:
        """Rows in ClickHouse itself, every version."""
        return int(self.client.query(f"SELECT count() FROM {table}_versions").result_rows[0][0])

    def states(self, table: str = "trades_history") -> list[tuple[int, int, str]]:
        """Month, generation and state of every file."""
        rows = self.connection.execute(
            "SELECT month, generation, state FROM ops.cold_state WHERE table_name = %s ORDER BY month, generation",
            [f"{table}_versions"],
        )
        return [tuple(row) for row in rows]

    def file(self, month: int, table: str = "trades_history") -> ledger.ColdFile:
        """The file that is read of a month."""
        return next(
            file for file in ledger.files(self.connection, f"{table}_versions", *ledger.READ) if file.month == month
        )


@pytest.fixture
def bare(warehouse: Any, tmp_path: Path) -> Iterator[Cold]:
    """Both engines, no rows, nothing in files."""
    with (
        psycopg.connect(warehouse.settings.postgres_url, autocommit=True, options="-c timezone=UTC") as connection,
        clickhouse_connect.get_client(dsn=warehouse.settings.clickhouse_url, autogenerate_session_id=False) as client,
    ):
        store = open_store(str(tmp_path / "cold"))
        house = Cold(connection, client, store, warehouse.settings)
        empty(house)
        yield house
        empty(house)


@pytest.fixture
def cold(bare: Cold) -> Cold:
    """Two trades of January and two of February 2024, one of each month corrected."""
    for month in ("2024-01", "2024-02"):
        for name in ("1", "2"):
            bare.trade(f"{month}/{name}", f"{month}-0{name} 10:00:00.123456", f"{name}.25")
        bare.trade(f"{month}/2", f"{month}-02 10:00:00.123456", "-7.000000000000000001", f"{month}-03 00:00:00")
    return bare


def empty(house: Cold) -> None:
    """Views as the migrations made them, no rows, no ledger."""
    connection, client = house.connection, house.client
    emptied.empty(connection, *LEDGERS)
    for name in TABLES:
        described = table(client, house.policy(name))
        views.show(client, described, ledger.read_now(connection, described.name), house.store)
        client.command(f"TRUNCATE TABLE {described.name}")
