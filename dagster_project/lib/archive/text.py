"""The canonical text of a row: one TabSeparated line, the same whichever engine writes it.

PostgreSQL writes it by COPY, ClickHouse by `formatRow`. A digest of a row is the MD5 of its line with the newline; the
hash of a set of rows is the sum of their digests as two 64-bit numbers, so the order does not matter.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Sequence

from dagster_project.lib.archive.policy import BATCH, Column, Policy

LANE = 1 << 64
# Stands for the quotes around an array's elements until the quotes inside of texts are escaped.
ARRAY_QUOTE = b"\x01"
_ESCAPE = re.compile(rb"\\(.)", re.DOTALL)

# The text of a row must not depend on the profile of whoever asks.
FORMAT_SETTINGS = {
    "date_time_output_format": "simple",
    "output_format_decimal_trailing_zeros": 0,
    "bool_true_representation": "true",
    "bool_false_representation": "false",
    "format_tsv_null_representation": "\\N",
    "output_format_tsv_crlf_end_of_line": 0,
}
INSERT_SETTINGS = {
    "async_insert": 0,
    "date_time_input_format": "basic",
    # A NULL where the target takes none is an error, never the type's default.
    "input_format_null_as_default": 0,
    "input_format_tsv_empty_as_default": 0,
    "input_format_tsv_enum_as_number": 0,
    "input_format_tsv_crlf_end_of_line": 0,
    "input_format_with_names_use_header": 0,
    # Several threads take 1.5 us a row more, which others then lack: 51,500 rows a second instead of 55,000.
    "input_format_parallel_parsing": 0,
    "format_tsv_null_representation": "\\N",
    "insert_deduplicate": 1,
    # A batch is in the order of the target's time, but a backlog of odd rows may touch every month since 1970.
    "max_partitions_per_insert_block": 0,
    "wait_end_of_query": 1,
}


def postgres_text(column: Column) -> str:
    """The SQL expression of PostgreSQL that yields a column's canonical text. The session's time zone must be UTC."""
    value = column.sql
    match column.postgres:
        case "numeric":
            return f"trim_scale({value})"
        case "timestamp with time zone":
            return f"to_char({value}, 'YYYY-MM-DD HH24:MI:SS.US')"
        case "boolean":
            return f"({value})::text"
        case "text[]":
            return f"ops.archive_array({value})"
        case _:
            return value


def clickhouse_line(policy: Policy) -> str:
    """The SQL expression of ClickHouse that yields a row's line, newline included."""
    names = ", ".join([f"`{BATCH}`", *(f"`{column.name}`" for column in policy.columns)])
    return f"formatRow('TabSeparated', {names})"


def has_arrays(policy: Policy) -> bool:
    """Whether lines of this policy need their arrays' quotes."""
    return any(column.is_array for column in policy.columns)


def canonical(line: bytes, arrays: bool = False) -> bytes:
    """A line of COPY as ClickHouse writes it: a quote is escaped, a vertical tab is not."""
    if b"'" in line:
        line = line.replace(b"'", b"\\'")
    if b"\\v" in line:
        line = _ESCAPE.sub(lambda found: b"\x0b" if found[1] == b"v" else found[0], line)
    if arrays:
        line = line.replace(ARRAY_QUOTE, b"'")
    return line


def total(digests: bytes) -> str:
    """The hash of a set of rows from their joined digests: 32 hexadecimal digits."""
    lanes = struct.unpack(f"<{len(digests) // 8}Q", digests)
    return lanes_text(sum(lanes[0::2]), sum(lanes[1::2]))


def lanes_text(first: int, second: int) -> str:
    """Two sums, each modulo 2^64, as text."""
    return f"{first % LANE:016x}{second % LANE:016x}"


def split(digests: bytes) -> Sequence[bytes]:
    """Joined digests, one by one."""
    return [digests[at : at + 16] for at in range(0, len(digests), 16)]
