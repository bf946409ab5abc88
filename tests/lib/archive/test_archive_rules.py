"""The archive's rules without an engine: canonical lines, hashes, comparison, contract, fitness."""

from __future__ import annotations

import ast
import hashlib
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagster_project.lib.archive import crash_points
from dagster_project.lib.archive.contract import differences
from dagster_project.lib.archive.fitness import unfit_conditions
from dagster_project.lib.archive.policies import UnknownPolicy, policies, policy
from dagster_project.lib.archive.policy import BATCH, Column
from dagster_project.lib.archive.rows_check import add
from dagster_project.lib.archive.side import Side, disagreement
from dagster_project.lib.archive.text import canonical, split, total
from dagster_project.settings import PROJECT_ROOT

TRADES = policies()["trades"]
COPY_ESCAPES = {"\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v", "\\": "\\\\"}
CLICKHOUSE_ESCAPES = {"\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "'": "\\'", "\\": "\\\\"}


def escaped(text: str, escapes: dict[str, str]) -> bytes:
    return "".join(escapes.get(character, character) for character in text).encode()


@given(st.text(st.sampled_from("ab'\\v\v\t\n\r\b\f\0x"), max_size=30))
def test_a_line_of_copy_becomes_the_line_of_clickhouse(text: str) -> None:
    assert canonical(escaped(text, COPY_ESCAPES)) == escaped(text, CLICKHOUSE_ESCAPES)


def test_quotes_of_arrays_are_put_in_after_quotes_of_texts_are_escaped() -> None:
    assert canonical(b"it's\t[\x01a'b\x01]\n", arrays=True) == b"it\\'s\t['a\\'b']\n"


@given(st.lists(st.binary(max_size=8), min_size=2, max_size=6), st.randoms())
def test_the_hash_knows_every_row_and_no_order(lines: list[bytes], random: object) -> None:
    digests = [hashlib.md5(line, usedforsecurity=False).digest() for line in lines]
    shuffled = list(digests)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert total(b"".join(digests)) == total(b"".join(shuffled))
    assert total(b"".join(digests)) != total(b"".join(digests[1:]))
    assert split(b"".join(digests)) == digests


def side(**changes: object) -> Side:
    base = {"rows": 2, "hash": "aa", "sums": {"fee": "1.5"}, "times": {"closed_at": ["1", "2"]}}
    return Side(**(base | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (side(), None),
        (side(rows=3), "2 rows in PostgreSQL, 3 in ClickHouse"),
        (side(sums={"fee": "1.6"}), "sum of fee: 1.5 in PostgreSQL, 1.6 in ClickHouse"),
        (side(times={"closed_at": ["1", "3"]}), "first and last closed_at"),
        (side(hash="ab"), "hash of the rows: aa in PostgreSQL, ab in ClickHouse"),
    ],
)
def test_the_first_difference_is_named(found: Side, said: str | None) -> None:
    told = disagreement(side(), found)
    assert (told is None) == (said is None)
    assert (said or "") in (told or "")


def test_the_contract_names_every_kind_of_difference() -> None:
    postgres = {column.name: column.postgres for column in TRADES.columns} | dict.fromkeys(TRADES.omitted, "text")
    clickhouse = {column.name: column.clickhouse for column in TRADES.columns} | {BATCH: "UUID"}
    assert differences(TRADES, postgres, clickhouse) == []
    changed = {name: kind for name, kind in postgres.items() if name != "fee"} | {"side": "integer", "mood": "text"}
    without = {name: kind for name, kind in clickhouse.items() if name != BATCH} | {"id": "Int64"}
    assert differences(TRADES, changed, without) == [
        "~ trades_history_versions.id: String became Int64",
        "~ public.trades.side: text became integer",
        "- public.trades.fee numeric: dropped or renamed in PostgreSQL",
        "+ public.trades.mood text: new in PostgreSQL, does not travel yet",
        "- trades_history_versions.archive_batch UUID: not in ClickHouse: `candlehouse migrate`",
    ]
    assert "gone from PostgreSQL" in differences(TRADES, {}, clickhouse)[0]
    assert "gone from ClickHouse" in differences(TRADES, postgres, {})[0]


def test_another_contract_is_another_batch_id() -> None:
    widened = replace(TRADES, columns=(*TRADES.columns, Column("mood", "text", "Nullable(String)")))
    assert widened.contract != TRADES.contract


@pytest.mark.parametrize(
    ("column", "condition"),
    [
        (Column("a", "numeric", "Decimal(18, 4)"), 'abs(t."a") >= 1e14 OR scale(trim_scale(t."a")) > 4'),
        (Column("a", "bigint", "Nullable(Int32)"), 't."a" < -2147483648 OR t."a" > 2147483647'),
        (Column("a", "integer", "UInt64"), 't."a" < 0'),
        (Column("a", "text", "Enum8('x' = 1, 'y' = 2)"), "t.\"a\" NOT IN ('x', 'y')"),
        (Column("a", "timestamp with time zone", "DateTime64(6, 'UTC')"), "t.\"a\" > '2299-12-31 23:59:59.999999+00'"),
        (Column("a", "text[]", "Array(String)"), 'array_position(t."a", NULL) IS NOT NULL'),
    ],
)
def test_what_does_not_fit_is_a_condition(column: Column, condition: str) -> None:
    narrow = replace(TRADES, columns=(column,))
    assert any(condition in found for _, found in unfit_conditions(narrow, {"a"}, set()))


def test_a_wide_target_needs_no_condition() -> None:
    for column in (Column("a", "integer", "Int64"), Column("a", "smallint", "UInt8"), Column("a", "text", "String")):
        found = unfit_conditions(replace(TRADES, columns=(column,)), {"a"}, set())
        assert (found == []) == (column.clickhouse != "UInt8")


def test_a_null_without_a_place_is_unfit() -> None:
    narrow = replace(TRADES, columns=(Column("a", "text", "String"),))
    assert unfit_conditions(narrow, set(), set()) == [("a is NULL, which ClickHouse does not take", 't."a" IS NULL')]


def test_sums_of_text_are_exact() -> None:
    big = "99999999999999999999.999999999999999999"
    assert add(big, "0.000000000000000001") == "100000000000000000000"
    assert add(add(None, big), big, -1) == "0"
    assert add("1.50", None) == "1.50"


def test_policies_say_what_they_need() -> None:
    for entry in policies().values():
        names = {column.name for column in entry.columns}
        used = {entry.key, entry.version, entry.day, *entry.order, *entry.money, *entry.times, *entry.wide}
        assert used <= names, entry.name
        assert entry.order[-1] == entry.key
        assert entry.description.endswith(".")
        assert entry.cron.count(" ") == 4
        if entry.age:
            assert entry.age.column == entry.order[0], "planned by an index on the age"
    with pytest.raises(UnknownPolicy, match="choose from trades"):
        policy("nothing")


def test_every_crash_point_is_reached_somewhere_and_listed() -> None:
    folder = PROJECT_ROOT / "dagster_project" / "lib" / "archive"
    used = {
        constant
        for file in folder.glob("*.py")
        for constant in re.findall(r'reach\("(\w+)"', file.read_text())
        + re.findall(r'"(mid_insert)"', file.read_text())
    }
    used |= {"before_insert"}
    assert used == set(crash_points.CRASH_POINTS)


def test_the_library_loads_without_drivers_dagster_or_dbt() -> None:
    for file in Path(crash_points.__file__).parent.glob("*.py"):
        for node in ast.parse(file.read_text()).body:
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [name.name for name in node.names] if isinstance(node, ast.Import) else []
            assert not any(name.split(".")[0] in ("psycopg", "clickhouse_connect", "dagster") for name in names), file
