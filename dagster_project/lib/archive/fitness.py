"""Which rows ClickHouse cannot hold exactly, as conditions for PostgreSQL.

What a validated constraint excludes is not asked.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dagster_project.lib.archive.policy import Column, Policy
from dagster_project.lib.archive.text import has_arrays

if TYPE_CHECKING:
    import psycopg

# DateTime64(6) holds 1900 to 2299.
FIRST, LAST = "1900-01-01 00:00:00+00", "2299-12-31 23:59:59.999999+00"
_DECIMAL = re.compile(r"Decimal\((\d+), (\d+)\)")
_ENUM = re.compile(r"'((?:[^'\\]|\\.)*)' = -?\d+")
_INTEGER = re.compile(r"\bU?Int(8|16|32|64)\b")


def unfit_conditions(policy: Policy, not_null: set[str], guarded: set[str]) -> list[tuple[str, str]]:
    """(reason, SQL condition over `t`) of what the target cannot hold exactly.

    Args:
        not_null: columns that PostgreSQL declares NOT NULL.
        guarded: columns whose values a validated CHECK of the source keeps within the contract.
    """
    found = []
    for column in policy.columns:
        value = column.sql
        if not (column.is_nullable or column.is_array or column.value or column.name in not_null):
            found.append((f"{column.name} is NULL, which ClickHouse does not take", f"{value} IS NULL"))
        if column.name not in guarded and (condition := _unfit(column, value)):
            found.append((f"{column.name} does not fit {column.clickhouse}", condition))
    if has_arrays(policy):
        texts = [f't."{column.name}"::text' for column in policy.columns if column.postgres in ("text", "text[]")]
        found.append(("a text holds the character U+0001", f"strpos(concat({', '.join(texts)}), chr(1)) > 0"))
    return found


def _unfit(column: Column, value: str) -> str | None:
    kind = column.clickhouse
    if decimal := _DECIMAL.search(kind):
        digits, scale = int(decimal[1]), int(decimal[2])
        # NaN and Infinity sort above every number.
        return f"(abs({value}) >= 1e{digits - scale} OR scale(trim_scale({value})) > {scale})"
    if "DateTime64(6" in kind:
        return f"({value} < '{FIRST}' OR {value} > '{LAST}')"
    if kind.startswith("Enum"):
        words = ", ".join("'" + word.replace("'", "''") + "'" for word in _ENUM.findall(kind))
        return f"{value} NOT IN ({words})"
    if column.is_array:
        return f"(array_ndims({value}) > 1 OR array_position({value}, NULL) IS NOT NULL)"
    if column.postgres in ("bigint", "integer", "smallint") and (integer := _INTEGER.search(kind)):
        bits = int(integer[1])
        low, high = (0, 2**bits - 1) if integer[0].startswith("U") else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
        own = {"bigint": 64, "integer": 32, "smallint": 16}[column.postgres]
        conditions = [f"{value} < {low}"] if low > -(2 ** (own - 1)) else []
        conditions += [f"{value} > {high}"] if high < 2 ** (own - 1) - 1 else []
        return f"({' OR '.join(conditions)})" if conditions else None
    return None


def unfit(connection: psycopg.Connection, policy: Policy) -> list[tuple[str, str]]:
    """`unfit_conditions` with what the catalog of PostgreSQL says now."""
    not_null = {
        name
        for (name,) in connection.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND attnotnull",
            [policy.source],
        )
    }
    guarded = set()
    for table, numbers, text in connection.execute(
        "SELECT conrelid::regclass::text, conkey, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE conrelid = %s::regclass AND contype = 'c' AND convalidated",
        [policy.source],
    ):
        if len(numbers or ()) == 1 and "ops.fits_" in text and " OR " not in text:
            row = connection.execute(
                "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum = %s", [table, numbers[0]]
            ).fetchone()
            guarded |= {row[0]} if row else set()
    return unfit_conditions(policy, not_null, _within(policy, guarded))


def _within(policy: Policy, guarded: set[str]) -> set[str]:
    """ops.fits_decimal means Decimal(38, 18), ops.fits_time 1970 to 2299; other targets need their own condition."""
    wide = ("Decimal(38, 18)", "DateTime64(6")
    return {
        column.name for column in policy.columns if column.name in guarded and any(w in column.clickhouse for w in wide)
    }
