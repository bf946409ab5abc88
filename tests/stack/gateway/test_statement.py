"""Where INSERT data begins and results go, on text alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagster_project.stack.gateway.statement import find_insert, find_result, first_word, own_query_ids


@pytest.mark.parametrize(
    ("text", "head", "form", "data"),
    [
        (b"INSERT INTO t FORMAT TSV\n\n1", b"INSERT INTO t ", "TSV", b"\n1"),
        (b"INSERT INTO t FORMAT TSV \t\r\n 1", b"INSERT INTO t ", "TSV", b" 1"),
        (b"INSERT INTO t FORMAT RowBinary\n\x0a", b"INSERT INTO t ", "RowBinary", b"\x0a"),
        (b"insert into t (format, values) format CSV 1", b"insert into t (format, values) ", "CSV", b"1"),
        (b"INSERT INTO `FORMAT x` VALUES (1)", b"INSERT INTO `FORMAT x` ", "Values", b" (1)"),
        (b"INSERT INTO db.values VALUES(1)", b"INSERT INTO db.values ", "Values", b"(1)"),
        (
            b"INSERT /* FORMAT x */ INTO t -- VALUES\n FORMAT CSV\n1",
            b"INSERT /* FORMAT x */ INTO t -- VALUES\n ",
            "CSV",
            b"1",
        ),
        (
            b"INSERT INTO FUNCTION file('x FORMAT CSV', 'CSV') FORMAT TSV\n",
            b"INSERT INTO FUNCTION file('x FORMAT CSV', 'CSV') ",
            "TSV",
            b"",
        ),
    ],
)
def test_insert(text: bytes, head: bytes, form: str, data: bytes) -> None:
    found = find_insert(text, complete=True)
    assert found is not None
    assert (found.head, found.format, text[found.data :]) == (head, form, data)


@pytest.mark.parametrize(
    "text",
    [
        b"INSERT INTO t SELECT 1",
        b"INSERT INTO t SELECT 'x FORMAT CSV'",
        b"INSERT INTO t SELECT * FROM values('a Int8', 1)",
        b"INSERT INTO t; FORMAT CSV",
        b"SELECT 1 FORMAT CSV",
        b"WITH 1 AS x SELECT x FORMAT CSV",
    ],
)
def test_no_data_follows(text: bytes) -> None:
    assert find_insert(text, complete=True) is None


def test_where_a_file_may_stand() -> None:
    text = b"INSERT INTO t (a) SETTINGS max_threads = 1 FORMAT Parquet\nPAR1"
    found = find_insert(text, complete=True)
    assert found is not None
    assert found.head[found.infile :] == b"SETTINGS max_threads = 1 "


@given(st.binary(max_size=40), st.sampled_from([b"FORMAT TSV\n", b"FORMAT CSV ", b"FORMAT RowBinary\r\n", b"VALUES "]))
def test_a_part_of_the_text_never_finds_other_data(data: bytes, clause: bytes) -> None:
    """However the body is cut, the answer is either 'more' or the one for the whole text."""
    text = b"INSERT INTO `a b` (n, s) " + clause + data
    whole = find_insert(text, complete=True)
    assert whole is not None
    for end in range(len(text)):
        part = find_insert(text[:end], complete=False)
        assert part is None or (part.head, part.format, part.data) == (whole.head, whole.format, whole.data)


@given(st.binary(max_size=60))
def test_any_bytes_are_survived(text: bytes) -> None:
    find_insert(b"INSERT INTO t " + text, complete=False)
    find_result(text)
    first_word(text)


@pytest.mark.parametrize(
    ("text", "form", "rest"),
    [
        (b"SELECT 1", None, b""),
        (b"SELECT 1;", None, b""),
        (b"SELECT 1 ; ; -- x", None, b""),
        (b"SELECT 1 FORMAT JSON", "JSON", b"FORMAT JSON"),
        (b"SELECT 1 format JSON SETTINGS a = 1 ;", "JSON", b"format JSON SETTINGS a = 1 "),
        (b"SELECT 1 FORMAT JSON -- why", "JSON", b"FORMAT JSON -- why"),
        (b"SELECT format x FROM t", None, b""),
        (b"SELECT (SELECT 1 FORMAT JSON)", None, b""),
        (b"SELECT 'FORMAT JSON'", None, b""),
    ],
)
def test_result(text: bytes, form: str | None, rest: bytes) -> None:
    found = find_result(text)
    assert (found.format, found.text[found.clause :]) == (form, rest)


def test_first_word_and_ids() -> None:
    assert first_word(b"/* a */ -- b\n ((select 1))") == b"SELECT"
    assert first_word(b"") == b""
    killed = own_query_ids(b"KILL QUERY WHERE query_id = 'query_id' AND p.query_id != \"query_id\" -- query_id", b"ID")
    assert killed == b"KILL QUERY WHERE ID = 'query_id' AND p.query_id != \"query_id\" -- query_id"
