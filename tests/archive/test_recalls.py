"""Rows that come back in a state that is not archived do not stay in ClickHouse's view."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import psycopg
import pytest

House = Any


def test_a_trade_that_comes_back_open_after_its_purge_leaves_the_history(house: House) -> None:
    house.insert("t1", "t2")
    house.archive()
    assert house.purge().rows == 2
    house.insert("t1", status="open", closed_at=None, net_pnl=None)
    house.archive()
    assert house.history() == ["t2"]


def test_a_trade_that_is_corrected_and_reopened_between_two_passes_leaves_the_history(house: House) -> None:
    house.insert("t1", "t2")
    house.archive()
    house.connection.execute("UPDATE trades SET net_pnl = 7 WHERE id = 't1'")
    house.connection.execute("UPDATE trades SET status = 'open', closed_at = NULL WHERE id = 't1'")
    house.archive()
    assert house.history() == ["t2"]
    house.connection.execute("UPDATE trades SET status = 'closed', closed_at = now() WHERE id = 't1'")
    house.archive()
    assert house.history("id, net_pnl") == [("t1", Decimal(7)), ("t2", Decimal("1.5"))]


def test_an_open_trade_that_was_archived_once_cannot_be_deleted(house: House) -> None:
    house.insert("t1")
    house.archive()
    house.connection.execute("UPDATE trades SET status = 'open', closed_at = NULL WHERE id = 't1'")
    assert house.archive().rows == 1
    with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="covered by no verified archive manifest"):
        house.connection.execute("DELETE FROM trades WHERE id = 't1'")
