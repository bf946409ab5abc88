"""The arena's JSON as rows: exact, and every element accounted for whatever it holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dagster_project.lib import exact_json, nof0
from dagster_project.lib.trading_rows import TRADES, Reject, Row

CONTEXT = nof0.Context("hyperliquid", "recorded", datetime(2025, 10, 26, tzinfo=UTC), "a test")
TRADE = {
    "id": "t1",
    "model_id": "gpt-5",
    "symbol": "XRP",
    "side": "short",
    "quantity": Decimal("-1818"),
    "entry_price": Decimal("2.499"),
    "exit_price": Decimal("2.6463"),
    "entry_time": Decimal("1761314029.249"),
    "exit_time": Decimal("1761418991.842"),
    "realized_net_pnl": Decimal("264.176789"),
    "entry_oid": 211370609263,
}

anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals()
    | st.text(max_size=8)
    | st.sampled_from(["long", "short", "gpt-5", "user", "t1"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def shaped(*fields: str) -> st.SearchStrategy[Any]:
    """An object with some of the fields, holding anything; or anything."""
    return st.fixed_dictionaries({}, optional=dict.fromkeys(fields, anything)) | anything


def one_trade(**changes: Any) -> Row | Reject:
    return next(nof0.trades([{**TRADE, **changes}], CONTEXT))


TRANSLATORS: list[tuple[str, Callable[..., Iterator[Row | Reject]], tuple[str, ...]]] = [
    ("trades.json", nof0.trades, tuple(TRADE)),
    ("since-inception-values.json", nof0.accounts, ("model_id", "nav_since_inception", "inception_date")),
    ("leaderboard.json", nof0.equity_snapshots, ("id", "equity")),
    ("account-totals.json", nof0.account_totals, ("model_id", "timestamp", "dollar_equity", "positions")),
    ("analytics.json", nof0.analytics, ("model_id", "updated_at")),
    ("conversations.json", nof0.conversations, ("id", "model_id", "timestamp", "user_prompt", "messages")),
    ("conversations.json", nof0.decision_cycles, ("id", "timestamp", "user_prompt", "llm_response", "cycle_id")),
]


@pytest.mark.parametrize(("file", "translate", "fields"), TRANSLATORS)
@settings(max_examples=60)
@given(data=st.data())
def test_every_element_becomes_a_row_or_a_reject(
    file: str, translate: Callable[..., Iterator[Row | Reject]], fields: tuple[str, ...], data: st.DataObject
) -> None:
    listed = data.draw(st.lists(shaped(*fields), max_size=6))
    found = list(translate(listed, CONTEXT))
    assert len(found) == len(listed)
    for row in found:
        if isinstance(row, Row) and file == "trades.json":
            TRADES.problem(row.values)
        if isinstance(row, Reject):
            assert row.reason
            exact_json.dumps(row.raw)


@settings(max_examples=60)
@given(st.dictionaries(st.text(max_size=4), shaped("symbol", "entry_oid", "entry_time", "quantity"), max_size=4))
def test_every_position_becomes_a_row_or_a_reject(positions: dict[str, Any]) -> None:
    totals = [{"model_id": "gpt-5", "positions": positions}, "nonsense", {"model_id": "x"}]
    assert len(list(nof0.positions(totals, CONTEXT))) == len(positions) + 2


@settings(max_examples=60)
@given(st.lists(shaped("role", "content", "timestamp"), max_size=5))
def test_every_message_becomes_a_row_or_a_reject(listed: list[Any]) -> None:
    (thread,) = nof0.conversations([{"model_id": "gpt-5", "messages": listed}], CONTEXT)
    assert len(nof0.messages(thread)) == len(listed)


@given(st.integers(min_value=0, max_value=4_102_444_800_000_000))
def test_times_are_exact_to_the_microsecond(microseconds: int) -> None:
    expected = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
    assert nof0.moment(Decimal(microseconds) / 1_000_000) == expected
    if microseconds >= 10**14:
        assert nof0.moment(Decimal(microseconds) / 1000) == expected


@pytest.mark.parametrize("value", [Decimal("NaN"), Decimal("Infinity"), -1, 10**17, Decimal("1e9999999"), True, "2025"])
def test_a_time_that_is_none_is_refused(value: object) -> None:
    found = one_trade(exit_time=value)
    assert isinstance(found, Reject)
    assert found.reason.startswith("exit_time ")


def test_a_trade_keeps_its_digits_and_the_side_takes_the_sign() -> None:
    found = one_trade(quantity=Decimal("-15.47999999999999912345678901234567890"), extra={"tid": 1})
    assert isinstance(found, Row)
    assert str(found.values["quantity"]) == "15.47999999999999912345678901234567890"
    assert found.values["closed_at"] == datetime(2025, 10, 25, 19, 3, 11, 842000, tzinfo=UTC)
    assert found.values["entry_order_id"] == "211370609263"
    assert found.values["details"] == {"extra": {"tid": 1}}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"quantity": Decimal(3)}, "quantity 3 contradicts side short"),
        ({"exit_price": None}, "exit_price is missing"),
        ({"entry_oid": Decimal("1.5")}, "entry_oid is not an order id"),
    ],
)
def test_a_contradictory_trade_is_refused(changes: dict[str, Any], reason: str) -> None:
    found = one_trade(**changes)
    assert isinstance(found, Reject)
    assert reason in found.reason
