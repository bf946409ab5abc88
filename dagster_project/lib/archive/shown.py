"""What ClickHouse shows of a target: the newest version of every row, wherever it is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dagster_project.lib.archive.policy import Policy
from dagster_project.lib.cold.reading import AS_ONE

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client


def shown(client: Client, policy: Policy) -> str:
    """For a FROM: the target with FINAL, or the view over the target and its cold files when it has some."""
    view = policy.storage + AS_ONE
    known = client.query(
        "SELECT count() FROM system.tables WHERE database = currentDatabase() AND name = {view:String}",
        parameters={"view": view},
    ).result_rows[0][0]
    return view if known else f"{policy.storage} FINAL"
