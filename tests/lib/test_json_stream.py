"""Documents element by element: the same values as a parser that holds all of it, wherever the chunks are cut."""

from __future__ import annotations

import io
import json
import tracemalloc
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagster_project.lib import exact_json
from dagster_project.lib.json_stream import Mark, items

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
documents = values | st.dictionaries(st.text(max_size=4), st.lists(values, max_size=4) | values, max_size=4)


def joined(data: bytes, chunk: int) -> Any:
    """The document put together again."""
    found: dict[str, Any] = {}
    for item in items(io.BytesIO(data), chunk=chunk):
        if item.value is Mark.LIST:
            found[item.key] = []
        elif item.listed:
            found[item.key].append(item.value)
        else:
            found[item.key] = item.value
    return found


@given(documents, st.integers(1, 40), st.sampled_from([None, 1, 3]))
def test_values_are_those_of_the_whole_document(document: Any, chunk: int, indent: int | None) -> None:
    data = json.dumps(document, indent=indent, ensure_ascii=False).encode("utf-8", "surrogatepass")
    try:
        expected = exact_json.loads(data)
    except exact_json.NotJson:
        with pytest.raises(exact_json.NotJson):
            joined(data, chunk)
        return
    assert joined(data, chunk) == (expected if isinstance(expected, dict) else {"": expected})


@pytest.mark.parametrize(
    "text",
    [
        '{"accountTotals": [}',
        '{"a": [1, 2',
        '{"a": [1 2]}',
        '{"a": 1,\n "b": [nope]}',
        '{"a": 1} x',
        "[1,\n\n 2,, 3]",
        "{'a': 1}",
        '{"a" 1}',
        '{"a": "\n"}',
        "",
        "[1,",
        '{"a": {"b": [1, }}}',
    ],
)
@pytest.mark.parametrize("chunk", [1, 7, 1 << 20])
def test_a_fault_is_where_json_says_it_is(text: str, chunk: int) -> None:
    with pytest.raises(exact_json.NotJson) as whole:
        exact_json.loads(text.encode())
    with pytest.raises(exact_json.NotJson) as found:
        joined(text.encode(), chunk)
    place = str(whole.value).rpartition(" at ")[2]
    if "Illegal trailing comma" not in str(whole.value):
        assert str(found.value).rpartition(" at ")[2] == place


def test_digits_and_bad_bytes() -> None:
    (_, number) = items(io.BytesIO(b"[0.12345678901234567890123456789012345678901]"))
    assert number.value == Decimal("0.12345678901234567890123456789012345678901")
    with pytest.raises(exact_json.NotJson, match="not UTF-8 at byte 9"):
        joined(b'{"a": ["b\xff"]}', 4)
    with pytest.raises(exact_json.NotJson, match="nested too deeply"):
        joined(b"[" * 200_000, 1 << 16)


def test_memory_is_that_of_an_element() -> None:
    class Endless(io.RawIOBase):
        def __init__(self) -> None:
            self.left, self.begun = 400, False

        def read(self, size: int = -1) -> bytes:
            if not self.begun:
                self.begun = True
                return b'{"rows": ['
            self.left -= 1
            if self.left < 0:
                return b""
            row = b'{"text": "' + b"x" * 900 + b'"}'
            return b",".join([row] * 64) + (b"," if self.left else b"]}")

    tracemalloc.start()
    try:
        count = sum(1 for _ in items(Endless(), chunk=65_536))  # type: ignore[arg-type]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == 400 * 64 + 1
    assert peak < 3_000_000, f"{peak:,} bytes for a document of 23 MB"
