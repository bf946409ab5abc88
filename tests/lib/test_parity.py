"""The comparison of two warehouses finds every difference and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagster_project.lib.parity import compare, different_columns, same

COLUMNS = ("key", "value")
rows = st.dictionaries(st.text(max_size=3), st.none() | st.integers() | st.decimals(allow_nan=False), max_size=8)


def listed(found: dict[str, Any]) -> list[tuple[str, Any]]:
    return sorted(found.items())


@given(rows, rows)
def test_it_counts_what_a_dictionary_comparison_counts(left: dict[str, Any], right: dict[str, Any]) -> None:
    verdict = compare("m", COLUMNS, ("key",), iter(listed(left)), iter(listed(right)))
    lacking = left.keys() ^ right.keys()
    differing = {key for key in left.keys() & right.keys() if not same(left[key], right[key])}
    assert verdict.differences == len(lacking) + len(differing)
    assert {example.key for example in verdict.examples} == lacking | differing
    assert (verdict.rows_postgres, verdict.rows_clickhouse) == (len(left), len(right))
    assert verdict.agree == (listed(left) == listed(right) and not differing)


@pytest.mark.parametrize(
    ("one", "other", "verdict"),
    [
        (None, None, True),
        (None, 0, False),
        (1, 1.0, False),
        (1, True, False),
        (Decimal("1.0"), Decimal("1.000"), True),
        (Decimal("1.0"), Decimal("1.0000000000000000001"), False),
        (1.0, 1.0 + 1e-12, True),
        (1.0, 1.0 + 1e-8, False),
        (0.0, 1e-300, False),
        (float("nan"), float("nan"), True),
        ("a", "a ", False),
        (datetime(2025, 1, 1), datetime(2025, 1, 1, tzinfo=UTC), True),  # noqa: DTZ001
        (datetime(2025, 1, 1, 1, tzinfo=timezone(timedelta(hours=1))), datetime(2025, 1, 1, tzinfo=UTC), True),
        (datetime(2025, 1, 1, tzinfo=UTC), datetime(2025, 1, 1, 0, 0, 0, 1, tzinfo=UTC), False),
    ],
)
def test_cells(one: Any, other: Any, verdict: bool) -> None:
    assert same(one, other) is verdict


def test_a_difference_names_key_column_and_both_values() -> None:
    verdict = compare("m", COLUMNS, ("key",), iter([("gpt-5", None)]), iter([("gpt-5", Decimal("1.5"))]))
    [example] = verdict.examples
    assert (example.key, example.column, example.postgres, example.clickhouse) == ("gpt-5", "value", "NULL", "1.5")


def test_other_columns_are_a_difference() -> None:
    assert different_columns("m", ["a"], ["a"]) is None
    verdict = different_columns("m", ["a", "b"], ["b", "a"])
    assert verdict is not None
    assert not verdict.agree
