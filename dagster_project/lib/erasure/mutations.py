"""Rows leave ClickHouse: parts are written anew without them, and the files of the old parts go."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

POLL = 0.25


class NotDeleted(Exception):
    """ClickHouse does not carry a deletion out; the message is one line."""


def submit(client: Client, table: str, command: str, column: str, values: list, kind: str) -> None:
    """Begins `command` (`DELETE` or `UPDATE x = NULL`) for rows whose column is one of the values.

    Several of one table are carried out together, so that each part is written once.
    """
    client.command(
        f"ALTER TABLE {table} {command} WHERE `{column}` IN {{part:{kind}}}",
        parameters={"part": values},
        settings={"mutations_sync": 0},
    )


def wait(client: Client, table: str, patience: float = 3600.0) -> None:
    """Returns when every mutation of a table is done.

    Raises:
        NotDeleted: one fails, or is not done in time.
    """
    database, name = _place(table)
    deadline = time.monotonic() + patience
    while True:
        rows = client.query(
            "SELECT count(), any(latest_fail_reason) FROM system.mutations"
            f" WHERE NOT is_done AND NOT is_killed AND database = {database} AND table = {{name:String}}",
            parameters={"name": name},
        ).result_rows
        count, reason = rows[0]
        if not int(count):
            return
        if reason:
            raise NotDeleted(f"ClickHouse cannot delete from {table}: {str(reason).splitlines()[0][:300]}")
        if time.monotonic() > deadline:
            raise NotDeleted(f"ClickHouse has not deleted from {table} within {patience:.0f} s: run it again")
        time.sleep(POLL)


def hurry(client: Client, table: str) -> None:
    """Lets the files of replaced parts go at once instead of after eight minutes."""
    client.command(f"ALTER TABLE {table} MODIFY SETTING old_parts_lifetime = 0")


def wait_for_files(client: Client, table: str, patience: float = 300.0) -> None:
    """Returns when no replaced part of the table is on disk.

    Raises:
        NotDeleted: some are still there.
    """
    database, name = _place(table)
    deadline = time.monotonic() + patience
    while True:
        # ClickHouse looks for old parts when it has nothing else to do, in half a minute or ten; and whenever a
        # partition is dropped, be there one or not. One look is not enough: a part goes after those that it replaced,
        # and a part without rows becomes an old one later.
        client.command(f"ALTER TABLE {table} DROP PARTITION ID 'none'")
        left = client.query(
            f"SELECT count() FROM system.parts WHERE NOT active AND database = {database} AND table = {{name:String}}",
            parameters={"name": name},
        ).result_rows[0][0]
        if not int(left):
            break
        if time.monotonic() > deadline:
            raise NotDeleted(f"files of old parts of {table} are still on disk: run it again")
        time.sleep(POLL)
    client.command(f"ALTER TABLE {table} RESET SETTING old_parts_lifetime")


def _place(table: str) -> tuple[str, str]:
    database, dot, name = table.replace("`", "").rpartition(".")
    return (f"'{database}'" if dot else "currentDatabase()"), name
