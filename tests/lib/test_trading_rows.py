"""The rules for rows: what Decimal(38, 18) holds passes, everything else is refused with the column's name."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagster_project.lib.trading_rows import TRADES, Values, amount

SOUND: Values = {
    "id": "t",
    "agent_id": "a",
    "exchange": "x",
    "symbol": "BTC",
    "side": "long",
    "status": "closed",
    "quantity": Decimal("1"),
    "closed_at": datetime(2025, 10, 26, tzinfo=UTC),
}


@given(st.decimals(allow_nan=True, allow_infinity=True))
def test_an_amount_passes_exactly_when_decimal_38_18_holds_it(value: Decimal) -> None:
    with localcontext() as context:
        context.prec = 2000
        context.Emax, context.Emin = 10**9, -(10**9)
        holds = (
            value.is_finite()
            and abs(value) < Decimal(10) ** 20
            and (not value or value.adjusted() > -19)
            and value * 10**18 == (value * 10**18).to_integral_value()
        )
    assert (amount(value) is None) == holds


@pytest.mark.parametrize(
    "value", [0, -0, Decimal("-0.0"), Decimal("1e-18"), 10**20 - 1, Decimal("99999999999999999999.999999999999999999")]
)
def test_the_edges_of_the_contract_fit(value: Decimal | int) -> None:
    assert amount(value) is None


@pytest.mark.parametrize("value", [10**20, Decimal("1e-19"), Decimal("NaN"), Decimal("-Infinity"), 1.5, "1", True])
def test_what_does_not_fit_is_refused(value: object) -> None:
    assert amount(value)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"quantity": Decimal("NaN")}, "quantity is NaN"),
        ({"quantity": Decimal(0)}, "quantity is 0, not above zero"),
        ({"quantity": Decimal("1e30")}, "quantity does not fit"),
        ({"side": "LONG"}, "side is 'LONG', not one of long, short"),
        ({"confidence": Decimal("1.01")}, "confidence is 1.01, not between 0 and 1"),
        ({"id": " "}, "id is empty"),
        ({"symbol": "B\0"}, "symbol holds a NUL character"),
        ({"agent_id": None}, "agent_id is missing"),
        ({"closed_at": None}, "closed_at is missing"),
        ({"closed_at": datetime(2025, 10, 26)}, "closed_at has no time zone"),  # noqa: DTZ001
        ({"closed_at": datetime(2300, 1, 1, tzinfo=UTC)}, "closed_at is out of range"),
        ({"opened_at": datetime(2025, 10, 27, tzinfo=UTC)}, "is before opened_at"),
        ({"origin": "dreamt"}, "origin is 'dreamt'"),
        ({"details": []}, "details is not an object"),
    ],
)
def test_a_refused_trade_says_which_column_and_why(change: Values, reason: str) -> None:
    assert TRADES.problem(SOUND) is None
    assert reason in (TRADES.problem({**SOUND, **change}) or "")
