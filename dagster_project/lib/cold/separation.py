"""Older versions of a file's rows that lie elsewhere, in tables where a newer version may lie in another month."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dagster_project.lib.cold.errors import readable
from dagster_project.lib.cold.ledger import ColdFile
from dagster_project.lib.cold.store import Store
from dagster_project.lib.cold.table import Table

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

PIECE = 1000


def months_with(client: Client, store: Store, table: Table, paths: list[str], file: ColdFile) -> list[int]:
    """Months whose files (`paths`) hold a row that is in `file` too."""
    if not paths:
        return []
    with readable():
        rows = client.query(
            f"SELECT DISTINCT toYYYYMM(`{table.time}`) FROM {store.table_function(paths, table.structure)}"
            f" WHERE {table.identity} IN (SELECT {table.identity} FROM {_source(store, table, file)}) ORDER BY 1"
        ).result_rows
    return [int(month) for (month,) in rows]


def delete_older(client: Client, store: Store, table: Table, file: ColdFile) -> int:
    """Deletes versions from other months of ClickHouse that are not newer than the file's; returns how many rows.

    They are named one by one, so that a newer version that comes meanwhile stays.
    """
    source, keys = _source(store, table, file), table.identity[1:-1]
    elsewhere = f"NOT ({table.month(file.month)})"
    name = f"hex(MD5(formatRow('TabSeparated', {keys}, `{table.version}`, `{table.time}`)))"
    with readable():
        found = client.query(
            f"SELECT DISTINCT h.name FROM ("
            f"SELECT {keys}, `{table.version}` AS version_here, {name} AS name FROM {table.name}"
            f" WHERE {elsewhere} AND {table.identity} IN (SELECT {table.identity} FROM {source})) AS h INNER JOIN ("
            f"SELECT {keys}, `{table.version}` AS version_there FROM {source}"
            f" WHERE {table.identity} IN (SELECT {table.identity} FROM {table.name} WHERE {elsewhere})) AS f"
            f" USING ({keys}) WHERE h.version_here <= f.version_there"
        ).result_rows
    names = [f"'{row[0]}'" for row in found]
    for first in range(0, len(names), PIECE):
        listed = ", ".join(names[first : first + PIECE])
        client.command(
            f"ALTER TABLE {table.name} DELETE WHERE {elsewhere} AND {name} IN ({listed})",
            settings={"mutations_sync": 2},
        )
    return len(names)


def _source(store: Store, table: Table, file: ColdFile) -> str:
    return store.table_function([file.path], table.structure)
