"""A collector that kills itself before (`-`) or after (`+`) the nth call of a method of its store or ledger."""

from __future__ import annotations

import asyncio
import os
import signal
from datetime import date, timedelta
from typing import Any

from dagster_project.lib.candles import ingest, ledger, store
from dagster_project.lib.candles.gaps import Rule
from dagster_project.lib.candles.plan import Policy
from dagster_project.resources.clickhouse import ClickHouseResource
from dagster_project.resources.exchange import ExchangeResource
from dagster_project.resources.postgres import PostgresResource
from dagster_project.settings import Market


def run(environment: dict[str, str], exchange: str, url: str, owner: str, method: str, when: str, nth: int) -> None:
    """Collects four days of two markets from `url`, and does not live to see the end."""
    os.environ.update(environment)
    cls = {"store": store.CandleStore, "ledger": ledger.Ledger}[owner]
    original, calls = getattr(cls, method), 0

    def deadly(self: Any, *args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        if when == "-" and calls == nth:
            os.kill(os.getpid(), signal.SIGKILL)
        result = original(self, *args, **kwargs)
        if when == "+" and calls == nth:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(cls, method, deadly)
    markets = [Market(exchange, symbol, "1m", "binance", url) for symbol in ("AAA/USDT", "BBB/USDT")]
    days = [date(2025, 3, 1) + timedelta(days=number) for number in range(4)]
    policy = Policy(rule=Rule(3, 0), confirm_delay=0.01, batch_rows=1)
    with ClickHouseResource().client() as client, PostgresResource().connect(autocommit=True) as connection:
        asyncio.run(
            ingest.ingest(
                ExchangeResource().open, store.CandleStore(client), ledger.Ledger(connection), markets, days, policy
            )
        )
