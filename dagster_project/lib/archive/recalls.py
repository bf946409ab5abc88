"""Rows that ClickHouse still shows although PostgreSQL has them in a state that is not archived, such as open again.

The trigger on the table recalls a row whose marked version stops being due. It cannot know a row that came back after
its purge, nor one that was changed or reopened while its batch was on the way. So every pass asks ClickHouse about the
rows that are not due and changed since the last one; a few open trades, found by the primary key there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dagster_project.lib.archive.policy import Policy
from dagster_project.lib.archive.snapshot import Pass

if TYPE_CHECKING:
    import psycopg
    from clickhouse_connect.driver.client import Client

PIECE = 10_000


def recall_shown(connection: psycopg.Connection, client: Client, policy: Policy, taken: Pass) -> int:
    """Recalls rows of the pass's versions that are not due and that the target shows; returns how many.

    Args:
        taken: a full pass looks at every row that is not due.
    """
    identity = _sorting_key(client, policy)
    columns = ", ".join(policy.column(name).sql for name in identity)
    place = identity.index(policy.key)
    found, last = 0, ""
    while True:
        candidates = connection.execute(
            f"SELECT {columns} FROM {policy.source} AS t"
            f' WHERE NOT ({policy.where}) AND t."{policy.version}" <= %(horizon)s::timestamptz'
            f' AND (%(full)s OR t."{policy.version}" > %(done)s::timestamptz) AND t."{policy.key}"::text > %(last)s'
            f' ORDER BY t."{policy.key}"::text LIMIT {PIECE}'.encode(),
            {"horizon": taken.horizon, "done": taken.done_version, "full": taken.full, "last": last},
        ).fetchall()
        if not candidates:
            return found
        last = str(candidates[-1][place])
        names = ", ".join(f"`{name}`" for name in identity)
        shown = client.query(
            f"SELECT toString(`{policy.key}`) FROM {policy.target}"
            f" WHERE ({names}) IN {{candidates:Array(Tuple({_types(policy, identity)}))}}",
            parameters={"candidates": [tuple(row) for row in candidates]},
        ).result_rows
        if shown:
            connection.execute(
                "INSERT INTO ops.archive_recalls (policy, key) SELECT %s, unnest(%s::text[]) ON CONFLICT DO NOTHING",
                [policy.name, [key for (key,) in shown]],
            )
        found += len(shown)


def _sorting_key(client: Client, policy: Policy) -> list[str]:
    rows = client.query(
        "SELECT sorting_key FROM system.tables WHERE database = currentDatabase() AND name = {table:String}",
        parameters={"table": policy.storage},
    ).result_rows
    return [name.strip() for name in str(rows[0][0]).split(",")]


def _types(policy: Policy, identity: list[str]) -> str:
    return ", ".join(policy.column(name).clickhouse.replace("LowCardinality(String)", "String") for name in identity)
