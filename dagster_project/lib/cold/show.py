"""Views of every table with cold files read what the ledger says, after something else has made them anew."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from dagster_project.lib.cold import ledger, views
from dagster_project.lib.cold.policies import policy
from dagster_project.lib.cold.store import Store
from dagster_project.lib.cold.table import table

if TYPE_CHECKING:
    import psycopg
    from clickhouse_connect.driver.client import Client


def show_everywhere(
    connection: psycopg.Connection, client: Callable[[], Client], store: Callable[[], Store]
) -> list[str]:
    """Brings the views to the files of today; returns the tables that have any. Opens nothing when there are none.

    Raises:
        StoreError: the URL of the store is wrong.
    """
    names = sorted({file.table for file in ledger.files(connection, None, *ledger.READ)})
    if names:
        with client() as opened:
            for name in names:
                views.show(opened, table(opened, policy(name)), ledger.read_now(connection, name), store())
    return names
