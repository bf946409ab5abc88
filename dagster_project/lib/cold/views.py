"""Views that people read: over ClickHouse alone while a table has no cold files, over both as one when it has.

A view says `FROM table FINAL` in the migrations. While there are files it says `FROM table_as_one`, a view of
reading.py's SELECT; nothing else of it changes, so without files nothing is slower than the migrations made it.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from dagster_project.lib.cold.reading import AS_ONE, Files, as_one
from dagster_project.lib.cold.store import Store
from dagster_project.lib.cold.table import Table

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client


def show(client: Client, table: Table, files: Files, store: Store) -> None:
    """Makes the views of a table show ClickHouse and exactly these files. Does nothing when they do."""
    name = table.name + AS_ONE
    if not files.paths:
        _switch(client, name, f"{table.name} FINAL")
        client.command(f"DROP VIEW IF EXISTS {name}")
        return
    select = as_one(table, files, store)
    mark = hashlib.sha256(select.encode()).hexdigest()[:16]
    comment = f"Rows of {table.name} and of its cold files as one, newest versions ({mark})."
    known = client.query(
        "SELECT comment FROM system.tables WHERE database = currentDatabase() AND name = {name:String}",
        parameters={"name": name},
    ).result_rows
    if known != [(comment,)]:
        client.command(f"CREATE OR REPLACE VIEW {name} AS {select} COMMENT '{comment}'")
    _switch(client, f"{table.name} FINAL", name)


def _switch(client: Client, old: str, new: str) -> None:
    """Replaces what views of any database read from this one."""
    database = client.query("SELECT currentDatabase()").result_rows[0][0]
    shown = client.query(
        "SELECT database, name, create_table_query FROM system.tables"
        " WHERE engine = 'View' AND NOT endsWith(name, {own:String})"
        " AND match(create_table_query, concat(' FROM `?', {database:String}, '`?\\\\.', {old:String}, '\\\\b'))",
        parameters={"database": database, "old": old, "own": AS_ONE},
    ).result_rows
    for _, _, text in shown:
        for quoted in (database, f"`{database}`"):
            text = text.replace(f" FROM {quoted}.{old}", f" FROM {quoted}.{new}")
        client.command(text.replace("CREATE VIEW", "CREATE OR REPLACE VIEW", 1))
