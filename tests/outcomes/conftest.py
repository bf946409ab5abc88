"""A desk: decisions, trades and candles on real engines, and runs of the scorer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import clickhouse_connect
import numpy as np
import psycopg
import pytest
from clickhouse_connect.driver.client import Client
from psycopg.rows import dict_row

from dagster_project.lib.outcomes.method import METHOD, Method
from dagster_project.lib.outcomes.run import Done, bring_up_to_date
from dagster_project.resources.clickhouse import ClickHouseResource
from dagster_project.resources.postgres import PostgresResource
from tests.emptied import empty

DAY = datetime(2025, 3, 3, tzinfo=UTC)
MINUTES = 24 * 60
QUICK = Method(horizon=60, lookback=30, fewest_returns=10)
EMPTIED = (
    *("agents", "decisions", "trades", "outcome_methods"),
    *("ops.outcome_progress", "ops.outcome_days", "ops.ingest_gaps"),
)
TABLES = ("market_ohlcv", "market_ohlcv_revisions", "market_days", "trades_history_versions")


@dataclass
class Desk:
    """What a test does. `owner` prepares and looks; runs of the scorer work as candlehouse_ingest."""

    owner: psycopg.Connection
    client: Client

    def candles(
        self,
        first: datetime = DAY - timedelta(hours=6),
        minutes: int = MINUTES,
        *,
        seed: int = 1,
        exchange: str = "x",
        symbol: str = "BTC/USDT",
        timeframe: str = "1m",
        without: Sequence[int] = (),
        revision: int = 0,
    ) -> np.ndarray:
        """A random walk of candles; the ones in `without` stay out. Returns open, high, low and close of all."""
        step = {"1m": 1, "5m": 5, "1h": 60}[timeframe]
        draw = np.random.default_rng(seed)
        close = 100 * np.exp(np.cumsum(draw.normal(0, 0.0005 * step**0.5, minutes)))
        opening = np.concatenate([[100.0], close[:-1]])
        high = np.maximum(opening, close) * (1 + np.abs(draw.normal(0, 0.0002, minutes)))
        low = np.minimum(opening, close) * (1 - np.abs(draw.normal(0, 0.0002, minutes)))
        prices = np.round(np.stack([opening, high, low, close], axis=1), 4)
        prices[:, 1] = prices.max(axis=1)
        prices[:, 2] = prices.min(axis=1)
        rows = [
            [exchange, symbol, timeframe, first + timedelta(minutes=step * at), *map(float, prices[at]), 1.0, revision]
            for at in range(minutes)
            if at not in set(without)
        ]
        self.store(rows)
        return prices

    def store(self, rows: list[list[Any]]) -> None:
        """Rows of exchange, symbol, timeframe, open time, prices, volume and revision."""
        names = ["exchange", "symbol", "timeframe", "timestamp", "open", "high", "low", "close", "volume", "revision"]
        self.client.insert("market_ohlcv", rows, column_names=names)

    def decide(self, identity: str, at: datetime = DAY, **values: Any) -> None:
        """One decision, an upsert like an application's."""
        row = {"id": identity, "agent_id": "a", "exchange": "x", "symbol": "BTC/USDT", "action": "long"}
        row |= {"decided_at": at} | values
        sets = ", ".join(f"{name} = excluded.{name}" for name in row if name != "id")
        self.owner.execute(
            f"INSERT INTO decisions ({', '.join(row)}) VALUES ({', '.join(['%s'] * len(row))})"
            f" ON CONFLICT (id) DO UPDATE SET {sets}".encode(),
            list(row.values()),
        )

    def trade(self, identity: str, **values: Any) -> None:
        """One closed trade of ten minutes that lost 2 after fees."""
        row: dict[str, Any] = {"id": identity, "agent_id": "a", "exchange": "x", "symbol": "BTC/USDT", "side": "long"}
        row |= {"status": "closed", "quantity": 2, "entry_price": 100, "exit_price": 99.5, "net_pnl": -2}
        row |= {"opened_at": DAY, "closed_at": DAY + timedelta(minutes=10)} | values
        sets = ", ".join(f"{name} = excluded.{name}" for name in row if name != "id")
        self.owner.execute(
            f"INSERT INTO trades ({', '.join(row)}) VALUES ({', '.join(['%s'] * len(row))})"
            f" ON CONFLICT (id) DO UPDATE SET {sets}".encode(),
            list(row.values()),
        )

    def run(self, method: Method = QUICK) -> Done:
        """One run of the scorer."""
        resources = PostgresResource(), ClickHouseResource()
        with resources[0].connect(autocommit=True) as connection, resources[1].client() as client:
            return bring_up_to_date(connection, client, method)

    def run_against_closed_door(self) -> None:
        """A run whose ClickHouse goes away after its first answer."""
        with PostgresResource().connect(autocommit=True) as connection, ClickHouseResource().client() as client:
            answer, asked = client.query, 0

            def query(*args: Any, **kwargs: Any) -> Any:
                nonlocal asked
                asked += 1
                if asked > 1:
                    raise ConnectionError("connection refused")
                return answer(*args, **kwargs)

            client.query = query
            bring_up_to_date(connection, client, QUICK)

    def outcomes(self) -> dict[str, dict[str, Any]]:
        """Rows of decision_outcomes by decision."""
        with self.owner.cursor(row_factory=dict_row) as cursor:
            rows = cursor.execute("SELECT * FROM decision_outcomes ORDER BY decision_id").fetchall()
        return {row["decision_id"]: row for row in rows}

    def outcome(self, identity: str) -> dict[str, Any]:
        """The outcome of one decision."""
        return self.outcomes()[identity]

    def decision(self, identity: str) -> dict[str, Any]:
        """One decision."""
        with self.owner.cursor(row_factory=dict_row) as cursor:
            row = cursor.execute("SELECT * FROM decisions WHERE id = %s", (identity,)).fetchone()
        assert row is not None
        return row


@pytest.fixture
def desk(warehouse: Any) -> Iterator[Desk]:
    with (
        psycopg.connect(warehouse.settings.postgres_url, autocommit=True, options="-c timezone=UTC") as owner,
        clickhouse_connect.get_client(dsn=warehouse.settings.clickhouse_url, autogenerate_session_id=False) as client,
    ):
        empty(owner, *EMPTIED)
        for table in TABLES:
            client.command(f"TRUNCATE TABLE {table}")
        yield Desk(owner, client)


__all__ = ["DAY", "METHOD", "MINUTES", "QUICK", "Desk"]
