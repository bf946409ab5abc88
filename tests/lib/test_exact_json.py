"""JSON keeps every digit; what jsonb cannot hold is named before PostgreSQL refuses it."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagster_project.lib.exact_json import NotJson, dumps, loads, unstorable

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
documents = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(min_value=-(10**30), max_value=10**30)
    | st.decimals(allow_nan=False, allow_infinity=False, places=18).filter(bool)
    | texts,
    lambda inner: st.lists(inner) | st.dictionaries(texts, inner),
    max_leaves=20,
)


@given(documents)
def test_a_document_survives_the_round_trip(document: object) -> None:
    assert loads(dumps(document).encode()) == document


@pytest.mark.parametrize("number", ["15.479999999999999", "0.1000", "1e-18", "123456789012345678901234567890.5"])
def test_digits_are_kept_as_they_were_written(number: str) -> None:
    assert loads(number.encode()) == Decimal(number)
    assert Decimal(json.loads(dumps(loads(number.encode())), parse_float=str)) == Decimal(number)


@pytest.mark.parametrize(
    ("text", "where"),
    [
        (b'{"a": 1,}', "line 1, column 9"),
        (b'{"a": [1, 2', "line 1, column 12"),
        (b"\xff\xfe", "not UTF-8 at byte 0"),
        (b"[" * 100_000, "nested too deeply"),
        (b"", "line 1, column 1"),
    ],
)
def test_broken_json_says_where(text: bytes, where: str) -> None:
    with pytest.raises(NotJson, match=where):
        loads(text)


def test_numbers_beyond_every_type_stay_visible() -> None:
    assert loads(b"1e99999999999999999999") == "1e99999999999999999999"
    assert loads(b"[NaN, -Infinity]")[0].is_nan()
    assert dumps([Decimal("NaN"), Decimal("1e20000"), float("inf")]) == '["NaN", "1E+20000", "inf"]'


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ({"a": ["x\0"]}, "NUL"),
        ({"\ud800": 1}, "surrogate"),
        ({"a": Decimal("NaN")}, "out of range"),
        ({"a": Decimal("1e20000")}, "out of range"),
    ],
)
def test_what_jsonb_cannot_hold_is_named(document: object, why: str) -> None:
    assert why in (unstorable(document) or "")


def test_refused_text_can_still_be_kept() -> None:
    kept = dumps({"a": "x\0\ud800"})
    assert "\0" not in kept
    kept.encode()
