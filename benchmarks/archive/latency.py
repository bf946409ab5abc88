"""What the application feels: insert of a trade, update of a trade, read of an agent's state, one after the other."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import psycopg

PAUSE = 0.005
OPERATIONS: dict[str, bytes] = {
    "insert trade": b"""
        INSERT INTO trades (id, agent_id, exchange, symbol, side, status, quantity, entry_price, opened_at)
        VALUES (%(id)s, %(agent)s, 'hyperliquid', 'BTC', 'long', 'open', 1.5, 111317.5, now())""",
    "update trade": b"""
        UPDATE trades SET status = 'closed', exit_price = 111400, net_pnl = 12.5, closed_at = now()
        WHERE id = %(id)s""",
    "agent state read": b"SELECT * FROM hybrid.agent_states WHERE agent_id = %(agent)s",
}


@dataclass
class Felt:
    """(epoch seconds of the start, milliseconds) per operation."""

    samples: dict[str, list[tuple[float, float]]] = field(default_factory=lambda: {name: [] for name in OPERATIONS})

    def between(self, began: float, ended: float) -> dict[str, list[float]]:
        """Milliseconds of the operations that began in that time."""
        return {name: [took for at, took in taken if began <= at <= ended] for name, taken in self.samples.items()}


def feel(url: str, work: Callable[[], Any]) -> tuple[Felt, Any]:
    """Operations of an application's session while `work` runs in this thread; and what `work` returned."""
    felt, stop = Felt(), threading.Event()
    application = threading.Thread(target=_operate, args=(url, felt, stop))
    application.start()
    try:
        return felt, work()
    finally:
        stop.set()
        application.join()


def _operate(url: str, felt: Felt, stop: threading.Event) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        number = 0
        while not stop.is_set():
            number += 1
            values = {"id": f"felt-{time.time_ns()}", "agent": f"agent-{number % 10}"}
            for name, statement in OPERATIONS.items():
                at, start = time.time(), time.perf_counter()
                connection.execute(statement, values, prepare=True).close()
                felt.samples[name].append((at, 1000 * (time.perf_counter() - start)))
                time.sleep(PAUSE)
