"""What the next pass would do, without doing it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from dagster_project.lib.archive import progress
from dagster_project.lib.archive.contract import ContractBroken, check
from dagster_project.lib.archive.fitness import unfit
from dagster_project.lib.archive.policy import Policy
from dagster_project.lib.archive.snapshot import due, parameters

if TYPE_CHECKING:
    import psycopg
    from clickhouse_connect.driver.client import Client


@dataclass(frozen=True)
class Backlog:
    """Rows to archive, archived rows past their grace, rows that do not fit. `trouble`: a broken contract."""

    policy: str
    due: int
    oldest: datetime | None
    unfit: int
    to_purge: int
    trouble: str | None = None


def backlog(policy: Policy, connection: psycopg.Connection, client: Client, *, full: bool = True) -> Backlog:
    """Counts.

    Args:
        full: compare every due row with the marks; False looks only at what changed since the last pass.
    """
    try:
        check(connection, client, policy)
    except ContractBroken as broken:
        return Backlog(policy.name, 0, None, 0, 0, str(broken))
    taken = progress.peek(connection, policy, full)
    conditions = unfit(connection, policy)
    values = parameters(policy, taken)
    misfits = " OR ".join(f"({condition}) IS TRUE" for _, condition in conditions) or "false"
    row = connection.execute(
        f'SELECT count(*) FILTER (WHERE NOT ({misfits})), min(t."{policy.version}") FILTER (WHERE NOT ({misfits})),'
        f" count(*) FILTER (WHERE {misfits}) FROM {policy.source} AS t WHERE {due(policy, taken, [])}".encode(),
        values,
    ).fetchone()
    assert row is not None
    purgeable = connection.execute(
        "SELECT count(*) FROM ops.archive_marks WHERE policy = %s AND archived_at < clock_timestamp() - %s::interval",
        [policy.name, policy.grace],
    ).fetchone()
    return Backlog(policy.name, row[0], row[1], row[2], purgeable[0] if purgeable and policy.purge else 0)
