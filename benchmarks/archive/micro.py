"""Micro-batches: trades close one by one while the archive passes again and again; how long until each is visible."""

from __future__ import annotations

import random
import threading
import time
from typing import Any

import psycopg
from clickhouse_connect.driver.client import Client

from dagster_project.lib.archive.engine import archive
from dagster_project.lib.archive.policy import Policy

PER_SECOND = 20
OPEN = """
INSERT INTO trades (agent_id, exchange, symbol, side, status, quantity, opened_at)
SELECT 'agent-1', 'hyperliquid', 'BTC', 'long', 'open', 1, now() FROM generate_series(1, %s) RETURNING id
"""
CLOSE = "UPDATE trades SET status = 'closed', closed_at = now(), net_pnl = 1.25, exit_price = 2 WHERE id = %s"


def close_to_visible(app_url: str, connection: psycopg.Connection[Any], client: Client, policy: Policy,
                     closes: int) -> list[float]:  # fmt: skip
    """Seconds from the COMMIT that closed a trade to a query of ClickHouse that shows it, for `closes` trades."""
    with psycopg.connect(app_url, autocommit=True) as app:
        ids = [name for (name,) in app.execute(OPEN, [closes])]
    archive(policy, connection, client)
    closed: dict[str, float] = {}
    writer = threading.Thread(target=_close, args=(app_url, ids, closed))
    writer.start()
    visible: dict[str, float] = {}
    while len(visible) < closes:
        archive(policy, connection, client)
        missing = [name for name in list(closed) if name not in visible]
        if missing:
            shown = client.query(
                "SELECT id FROM trades_history WHERE agent_id = 'agent-1' AND id IN {ids:Array(String)}",
                parameters={"ids": missing},
            ).result_rows
            now = time.perf_counter()
            visible |= {name: now for (name,) in shown}
    writer.join()
    return [visible[name] - closed[name] for name in ids]


def _close(url: str, ids: list[str], closed: dict[str, float]) -> None:
    draw = random.Random(5)
    with psycopg.connect(url, autocommit=True) as own:
        for name in ids:
            time.sleep(draw.expovariate(PER_SECOND))
            own.execute(CLOSE, [name])
            closed[name] = time.perf_counter()
