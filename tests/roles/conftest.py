"""A filled database, and connections to it as the role that a real user would have."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from dagster_project.settings import Role

ROWS = """
INSERT INTO agents (id, display_name, origin) VALUES ('real', 'Real', 'live'), ('made-up', 'Made up', 'simulated');
INSERT INTO symbols (exchange, symbol) VALUES ('hyperliquid', 'BTC');
INSERT INTO trades (id, agent_id, exchange, symbol, side, status, quantity, entry_price, opened_at)
VALUES ('t1', 'real', 'hyperliquid', 'BTC', 'long', 'open', 1, 100, now());
INSERT INTO price_latest (exchange, symbol, price, priced_at) VALUES ('hyperliquid', 'BTC', 100, now());
INSERT INTO users (id, username, password_hash) VALUES ('u1', 'ada', 'hash');
INSERT INTO user_exchanges (id, user_id, exchange, api_key_encrypted, api_secret_encrypted)
VALUES ('x1', 'u1', 'bybit', 'cipher-key', 'cipher-secret');
INSERT INTO ops.quarantine (source, row_key, reason, payload) VALUES ('s', 'k', 'r', '{}');
"""

Connect = Callable[[Role | None], psycopg.Connection[Any]]


@pytest.fixture(scope="module")
def filled(warehouse: Any) -> Any:
    """The module's warehouse with a row or two in the tables that the tests touch."""
    with psycopg.connect(warehouse.settings.postgres_url, autocommit=True) as owner:
        owner.execute(ROWS)
    return warehouse


@pytest.fixture(scope="module")
def sessions(filled: Any) -> Iterator[Connect]:
    """One connection per role, kept for the module; None is the owner. Whoever uses it rolls back."""
    opened: dict[Role | None, psycopg.Connection[Any]] = {}

    def connect(role: Role | None) -> psycopg.Connection[Any]:
        if role not in opened:
            settings = filled.settings
            opened[role] = psycopg.connect(settings.role_url(role) if role else settings.postgres_url)
        return opened[role]

    yield connect
    for connection in opened.values():
        connection.close()
