"""What a killed process left: files that no manifest lists, scratch tables. Called with the table's lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dagster_project.lib.cold.store import Store
from dagster_project.lib.cold.table import Table

if TYPE_CHECKING:
    import psycopg
    from clickhouse_connect.driver.client import Client


def scratch_of(table: Table) -> str:
    """The name of the table that files are restored into."""
    return f"cold_scratch_{table.name}"


def remove_leftovers(connection: psycopg.Connection, client: Client, store: Store, table: Table) -> int:
    """Removes them; returns how many. A prefix of a store belongs to one installation.

    Raises:
        StoreError: the store does not answer.
    """
    listed = {
        path for (path,) in connection.execute("SELECT path FROM ops.cold_files WHERE table_name = %s", [table.name])
    }
    strange = [path for path in store.paths(table.name) if path not in listed]
    for path in strange:
        store.delete(path)
    client.command(f"DROP TABLE IF EXISTS {scratch_of(table)} SYNC")
    return len(strange)
