"""What is compared: rows, a hash over every column in ClickHouse's text form, exact sums, first and last times."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dagster_project.lib.archive.side import Side
from dagster_project.lib.archive.text import FORMAT_SETTINGS, lanes_text
from dagster_project.lib.cold.errors import readable
from dagster_project.lib.cold.table import Table

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client


def figures(client: Client, table: Table, source: str, condition: str = "1", parameters: Any = None) -> Side:
    """The figures of the rows of a source (a table, a table function or a SELECT in parentheses).

    The hash is the sum of the MD5 of every row's TabSeparated line, as two 64-bit numbers: the order does not matter.
    Sums are exact decimals as text, times UTC.

    Raises:
        Unreadable: ClickHouse cannot read them.
    """
    line = f"formatRow('TabSeparated', {table.names})"
    wanted = [f"toString(sum(toDecimal256(`{name}`, {scale})))" for name, scale in table.decimals.items()]
    wanted += [f"toString({end}(`{name}`))" for name in table.times for end in ("min", "max")]
    columns = ", ".join(f"`{name}`" for name in [*table.decimals, *table.times])
    query = (
        "SELECT count(), sum(reinterpretAsUInt64(substring(digest, 1, 8))),"
        f" sum(reinterpretAsUInt64(substring(digest, 9, 8))), {', '.join(wanted)}"
        f" FROM (SELECT MD5({line}) AS digest, {columns} FROM {source} WHERE {condition})"
    )
    with readable():
        row = client.query(query, parameters=parameters, settings=FORMAT_SETTINGS).result_rows[0]
    count, first, second, *rest = row
    sums = dict(zip(table.decimals, rest, strict=False))
    ends = rest[len(sums) :]
    times: dict[str, list[str | None]] = {
        name: ends[2 * at : 2 * at + 2] if count else [None, None] for at, name in enumerate(table.times)
    }
    return Side(int(count), lanes_text(int(first), int(second)), sums, times)


def difference(left: str, one: Side, right: str, other: Side) -> str | None:
    """The first difference in words, `left` and `right` naming the sides; None when both are equal."""
    if one.rows != other.rows:
        return f"{one.rows} rows in {left}, {other.rows} in {right}"
    for what, mine, theirs in (("sum", one.sums, other.sums), ("first and last", one.times, other.times)):
        for name, value in mine.items():
            if theirs.get(name) != value:
                return f"{what} of {name}: {value} in {left}, {theirs.get(name)} in {right}"
    return None if one.hash == other.hash else f"hash of the rows: {one.hash} in {left}, {other.hash} in {right}"


def side(stored: dict[str, Any]) -> Side:
    """A side as a manifest keeps it."""
    return Side(stored["rows"], stored["hash"], stored["sums"], stored["times"])
