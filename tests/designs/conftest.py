"""The design documents, and a store that applications of the designs have filled through their facades."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from dagster_project.settings import PROJECT_ROOT
from tests.apps import learning_app, nof0_app
from tests.designs.statements import DESIGNS, Statement, read

_DATA = Path(os.environ.get("CANDLEHOUSE_SHARED_DATA", PROJECT_ROOT.parent / "shared" / "data"))
FOLDER = _DATA.parent / "designs"


def printed(*kinds: str, design: str | None = None) -> list[Any]:
    """Parameters: the printed statements of these kinds; one skipped parameter where the documents are not there."""
    if not FOLDER.is_dir():
        return [pytest.param(None, marks=pytest.mark.skip(reason=f"the design documents are not at {FOLDER}"))]
    return [
        pytest.param(statement, id=str(statement))
        for name in DESIGNS
        if design in (None, name)
        for statement in read(FOLDER, name)
        if statement.kind in kinds
    ]


@pytest.fixture(scope="module")
def statements() -> list[Statement]:
    if not FOLDER.is_dir():
        pytest.skip(f"the design documents are not at {FOLDER}")
    return [statement for design in DESIGNS for statement in read(FOLDER, design)]


@pytest.fixture(scope="module")
def filled(warehouse: Any) -> Iterator[psycopg.Connection[Any]]:
    """PostgreSQL after two arena models and two prompt versions have traded, one trade an hour ago and sandbox rows."""
    for model in ("gpt-5", "qwen3-max"):
        nof0_app.trade(warehouse.settings.app_url, model, 12)
    for version in ("v1", "v2"):
        learning_app.trade(warehouse.settings.app_url, version, 15)
    with psycopg.connect(warehouse.settings.postgres_url, autocommit=True) as connection:
        hour_ago = datetime.now(UTC) - timedelta(hours=1)
        connection.execute(
            "INSERT INTO trades (id, agent_id, exchange, symbol, side, status, quantity, entry_price, exit_price,"
            " net_pnl,"
            " opened_at, closed_at) VALUES ('recent', 'gpt-5', 'hyperliquid', 'ETH', 'long', 'closed', 1, 3000, 3010,"
            " 9, %s, %s),"
            " ('made-up', 'gpt-5', 'sandbox', 'ETH', 'long', 'closed', 1, 3000, 3010, 9, %s, %s)",
            (hour_ago, hour_ago, hour_ago, hour_ago),
        )
        connection.execute(
            "INSERT INTO positions (id, agent_id, exchange, symbol, side, quantity, entry_price, opened_at)"
            " VALUES ('open', 'gpt-5', 'hyperliquid', 'SOL', 'short', 3, 180, now()),"
            " ('open-made-up', 'gpt-5', 'sandbox', 'SOL', 'short', 3, 180, now())"
        )
        yield connection
