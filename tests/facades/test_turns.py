"""Applications that write the same key for the first time at the same moment, by any design's key: nobody fails."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import psycopg
import pytest

WRITERS, ROUNDS = 6, 100

# Facades infer a companion of one column, canonical tables their primary key; a row has both.
STATEMENTS: dict[str, tuple[str, ...]] = {
    "symbols": (
        "INSERT INTO nof0.symbols (symbol) VALUES (%(key)s) ON CONFLICT (symbol) DO NOTHING",
        "INSERT INTO symbols (symbol) VALUES (%(key)s) ON CONFLICT (exchange, symbol) DO NOTHING",
        "INSERT INTO symbols (symbol) VALUES (%(key)s) ON CONFLICT DO NOTHING",
    ),
    "price_latest": (
        "INSERT INTO nof0.price_latest (symbol, price, ts_ms) VALUES (%(key)s, 1, 1761452335744) ON CONFLICT (symbol)"
        " DO UPDATE SET price = excluded.price",
        "INSERT INTO price_latest (symbol, price, priced_at) VALUES (%(key)s, 1, now()) ON CONFLICT (exchange, symbol)"
        " DO UPDATE SET price = excluded.price",
    ),
    "accounts": (
        "INSERT INTO nof0.accounts (model_id) VALUES (%(key)s) ON CONFLICT (model_id) DO NOTHING",
        "INSERT INTO accounts (agent_id) VALUES (%(key)s) ON CONFLICT (agent_id, exchange) DO NOTHING",
    ),
    "positions": (
        "INSERT INTO learning.positions (symbol, side, quantity, entry_price) VALUES (%(key)s, 'LONG', 1, 1)"
        " ON CONFLICT (symbol) DO UPDATE SET quantity = excluded.quantity",
        "INSERT INTO positions (id, agent_id, symbol, side, entry_price, quantity, opened_at) VALUES"
        " ('a ' || %(key)s, ops.home_agent(), %(key)s, 'long', 1, 1, now()) ON CONFLICT (id) DO NOTHING",
        "INSERT INTO positions (id, agent_id, symbol, side, entry_price, quantity, opened_at) VALUES"
        " ('b ' || %(key)s, ops.home_agent(), %(key)s, 'long', 1, 1, now()) ON CONFLICT (id) DO NOTHING",
    ),
}


@pytest.mark.parametrize("table", STATEMENTS)
def test_first_writes_of_one_key_at_one_moment_all_succeed(warehouse: Any, table: str) -> None:
    together = Barrier(WRITERS)
    with psycopg.connect(warehouse.settings.app_url) as db:
        agents = "INSERT INTO agents (id, display_name) SELECT 'K' || n, n FROM generate_series(1, %s) AS n"
        db.execute(f"{agents} ON CONFLICT DO NOTHING".encode(), (ROUNDS,))

    def write(statement: str) -> list[str]:
        failures = []
        with psycopg.connect(warehouse.settings.app_url, autocommit=True) as db:
            for key in range(1, ROUNDS + 1):
                together.wait(60)
                try:
                    db.execute(statement.encode(), {"key": f"K{key}"})
                except psycopg.Error as error:
                    failures.append(str(error))
        return failures

    statements = STATEMENTS[table]
    with ThreadPoolExecutor(WRITERS) as pool:
        failures = pool.map(write, (statements[number % len(statements)] for number in range(WRITERS)))
    assert [failure for some in failures for failure in some] == []


def test_one_transaction_may_write_thousands_of_keys_for_the_first_time(warehouse: Any) -> None:
    with psycopg.connect(warehouse.settings.app_url) as db:
        written = db.execute(
            "INSERT INTO symbols (symbol) SELECT 'many ' || n FROM generate_series(1, 12000) AS n"
            " ON CONFLICT (exchange, symbol) DO NOTHING"
        )
        assert written.rowcount == 12_000
        db.rollback()
