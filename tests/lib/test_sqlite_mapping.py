"""Mapping files: what they may say, and rows of a table that the design never printed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from dagster_project.lib.import_account import ImportFailed
from dagster_project.lib.sqlite_mapping import Translator, read_mapping
from dagster_project.lib.trading_rows import Reject, Row


def translator(table: str, columns: list[str], **changes: Any) -> Translator:
    mapping = read_mapping()
    (one,) = [one for one in mapping.tables if one.source == table]
    made = Translator(one, one.chosen(columns), frozenset(), "old", "a", "bybit", "recorded", mapping.zone)
    return replace(made, **changes)


def one_row(table: str, raw: dict[str, Any], **changes: Any) -> Row | Reject:
    return translator(table, list(raw), **changes).row({"rowid": 7} | raw)


def test_a_trade_of_the_shortest_kind_and_what_no_column_takes() -> None:
    found = one_row("trades", {"symbol": "BTCUSDT", "side": "Buy", "qty": "0.5", "entry_price": 100, "mood": "calm"})
    assert isinstance(found, Row)
    values = {column: value for column, value in found.values.items() if value is not None}
    assert values == {
        "id": "old-trades-7",
        "agent_id": "a",
        "exchange": "bybit",
        "origin": "recorded",
        "symbol": "BTCUSDT",
        "side": "long",
        "quantity": Decimal("0.5"),
        "entry_price": 100,
        "status": "open",
        "details": {"mood": "calm"},
    }


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2024-01-15 14:00:00", datetime(2024, 1, 15, 14, tzinfo=UTC)),
        ("2024-01-15T14:00:00.123456Z", datetime(2024, 1, 15, 14, 0, 0, 123456, tzinfo=UTC)),
        ("2024-01-15T16:00:00+02:00", datetime(2024, 1, 15, 14, tzinfo=UTC)),
        (1705327200, datetime(2024, 1, 15, 14, tzinfo=UTC)),
        (Decimal("1705327200.5"), datetime(2024, 1, 15, 14, 0, 0, 500000, tzinfo=UTC)),
        (1705327200000, datetime(2024, 1, 15, 14, tzinfo=UTC)),
    ],
)
def test_times_of_every_kind(value: Any, expected: datetime) -> None:
    found = one_row("trades", {"symbol": "B", "side": "short", "quantity": 1, "closed_at": value})
    assert isinstance(found, Row)
    assert (found.values["closed_at"], found.values["status"]) == (expected, "closed")


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ({"side": "sideways"}, "side is 'sideways': no word for side in the mapping"),
        ({"quantity": "much"}, "quantity is not a number: 'much'"),
        ({"closed_at": "soon"}, "closed_at is not a time: 'soon'"),
        ({"status": "odd"}, "status is 'odd': no word for status in the mapping"),
    ],
)
def test_what_cannot_be_understood_is_refused_with_the_column(raw: dict[str, Any], reason: str) -> None:
    found = one_row("trades", {"symbol": "B", "side": "long", "quantity": 1, "id": 5} | raw)
    assert isinstance(found, Reject)
    assert (found.key, found.reason) == ("5", reason)


def test_an_analysis_keeps_prices_of_zero_and_text_that_is_no_json_in_details() -> None:
    found = one_row(
        "analysis_results",
        {
            "id": 3,
            "symbol": "B",
            "recommendation": "HOLD",
            "confidence": 85,
            "entry_price": 0,
            "raw_response": "I would rather wait",
            "indicators": '{"rsi": 58.50}',
            "traded": 0,
            "trade_id": 12,
            "timestamp": 1705327200,
        },
        percent=frozenset({"confidence"}),
    )
    assert isinstance(found, Row)
    values = found.values
    assert (values["id"], values["trade_id"]) == ("old-decisions-3", "old-trades-12")
    assert (values["action"], values["confidence"], values["executed"]) == ("hold", Decimal("0.85"), False)
    assert values["entry_price"] is None
    assert values["raw_response"] is None
    assert values["market_snapshot"] == {"rsi": Decimal("58.50")}
    assert values["details"] == {"entry_price": 0, "raw_response": "I would rather wait"}


def test_ids_that_are_texts_are_their_own() -> None:
    found = one_row("trades", {"id": "c0ffee", "symbol": "B", "side": "long", "quantity": 1})
    assert isinstance(found, Row)
    assert found.values["id"] == "c0ffee"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[trades", "not valid TOML"),
        ("agent = 'a'", "it maps no table"),
        ("[trades]\ninto = 'orders'", "[trades] needs into = one of trades, decisions"),
        ("[trades]\ninto = 'trades'\ncolours = 1", "[trades] colours is not one of into, columns, words, units"),
        ("[trades]\ninto = 'trades'\n[trades.columns]\nsizes = 'qty'", "sizes is no column of trades"),
        ("[trades]\ninto = 'trades'\n[trades.columns]\nside = 5", "side is neither a name nor a list of names"),
        ("[trades]\ninto = 'trades'\n[trades.units]\nconfidence = 'stars'", "confidence = 'stars' is not one of"),
        ("origin = 'dreamt'\n[trades]\ninto = 'trades'", "origin 'dreamt' is not one of"),
        ("timezone = 'Mars/North'\n[trades]\ninto = 'trades'", "timezone 'Mars/North' is not known"),
    ],
)
def test_a_mapping_that_nobody_understands_is_one_line(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "mapping.toml"
    path.write_text(text)
    with pytest.raises(ImportFailed) as failed:
        read_mapping(path)
    assert reason in str(failed.value)
    assert str(failed.value).startswith(str(path))
    assert "\n" not in str(failed.value)
