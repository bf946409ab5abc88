"""SQL that shows rows in ClickHouse and rows in files as one, each identity once, the newest version.

Rows that came since a month went to a file are few: late ones in a month that is cold, and (where a newer version may
lie in another month) whatever came since the files were last compared. Their identities decide what is read where:

1. rows in ClickHouse that are none of these, as ever;
2. rows of the files whose identity is none of these;
3. of these identities, the newest version from either place; ClickHouse's, where versions are equal.

So a partition that is in a file and not yet dropped, or restored and still in a file, counts once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from dagster_project.lib.cold.store import Store
from dagster_project.lib.cold.table import INGESTED, Table

AS_ONE = "_as_one"


@dataclass(frozen=True)
class Files:
    """Files that are read: path by month. `compared_at`: rows that came before hold nothing newer than a file does."""

    paths: dict[int, str]
    compared_at: datetime | None


def as_one(table: Table, files: Files, store: Store) -> str:
    """The SELECT over both; over ClickHouse alone when there are no files."""
    if not files.paths:
        return f"SELECT {table.names} FROM {table.name} FINAL"
    months = ", ".join(str(month) for month in sorted(files.paths))
    source = store.table_function([files.paths[month] for month in sorted(files.paths)], table.structure)
    in_months = f"toYYYYMM(`{table.time}`) IN ({months})"
    recent = in_months
    if table.moves:
        compared_at = files.compared_at or datetime.fromtimestamp(0, UTC)
        since = f"{compared_at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
        recent = f"({in_months} OR `{INGESTED}` >= toDateTime64('{since}', 6, 'UTC'))"
    keys = f"(SELECT {table.identity} FROM {table.name} WHERE {recent})"
    unchanged = f"{table.identity} NOT IN {keys}" if table.moves else f"NOT ({in_months})"
    touched = f"{table.identity} IN {keys}" if table.moves else in_months
    return (
        f"SELECT {table.names} FROM {table.name} FINAL WHERE {unchanged}"
        f" UNION ALL SELECT {table.names} FROM {source} WHERE {table.identity} NOT IN {keys}"
        f" UNION ALL SELECT {table.names} FROM (SELECT * FROM ("
        f"SELECT {table.names}, 1 AS in_clickhouse FROM {table.name} FINAL WHERE {touched}"
        f" UNION ALL SELECT {table.names}, 0 AS in_clickhouse FROM {source} WHERE {table.identity} IN {keys}"
        f") ORDER BY `{table.version}` DESC, in_clickhouse DESC LIMIT 1 BY {table.identity[1:-1]})"
    )
