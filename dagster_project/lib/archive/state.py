"""How every policy stands, and what it has moved lately: from the ledgers, and the backlogs from the tables."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from dagster_project.lib.archive.backlog import backlog
from dagster_project.lib.archive.policies import policies
from dagster_project.lib.archive.policy import Policy

if TYPE_CHECKING:
    import psycopg
    from clickhouse_connect.driver.client import Client

_LEDGERS = """
SELECT
    max(m.verified_at) FILTER (WHERE m.verdict = 'verified'),
    extract(epoch FROM clock_timestamp() - max(m.verified_at) FILTER (WHERE m.verdict = 'verified'))::float8,
    coalesce(sum(m.rows) FILTER (WHERE m.verdict = 'verified'), 0)::bigint,
    count(*) FILTER (WHERE m.verdict = 'failed' AND m.verified_at > clock_timestamp() - interval '24 hours'),
    (SELECT coalesce(sum(p.rows), 0)::bigint FROM ops.archive_purges AS p WHERE p.policy = %(policy)s)
FROM ops.archive_manifests AS m
WHERE m.policy = %(policy)s AND m.kind = 'archive'
"""
_HOURS = """
SELECT m.policy, date_trunc('hour', m.verified_at, 'UTC'), sum(m.rows)::bigint
FROM ops.archive_manifests AS m
WHERE m.verdict = 'verified' AND m.kind = 'archive' AND m.verified_at > clock_timestamp() - %(span)s::interval
GROUP BY 1, 2
ORDER BY 1, 2
"""


@dataclass(frozen=True)
class State:
    """One policy. `backlog` rows are due, `to_purge` past their grace, `quarantined` due rows that do not fit.

    `archived` and `purged` count rows since the beginning, `failed` manifests the last 24 hours; `proof_age` is in
    seconds. `trouble` is a broken contract.
    """

    policy: str
    backlog: int
    to_purge: int
    quarantined: int
    archived: int
    purged: int
    failed: int
    proven_at: datetime | None
    proof_age: float | None
    trouble: str | None


def states(connection: psycopg.Connection, client: Client) -> list[State]:
    """Every policy, in the order of the table of policies."""
    return [_state(policy, connection, client) for policy in policies().values()]


def _state(policy: Policy, connection: psycopg.Connection, client: Client) -> State:
    waiting = backlog(policy, connection, client, full=False)
    row = connection.execute(_LEDGERS, {"policy": policy.name}).fetchone()
    assert row is not None
    proven_at, age, archived, failed, purged = row
    quarantined = quarantine(policy, connection)
    return State(
        *(policy.name, waiting.due, waiting.to_purge, quarantined, archived, purged),
        *(failed, proven_at, age, waiting.trouble),
    )


def quarantine(policy: Policy, connection: psycopg.Connection) -> int:
    """Rows of the source that a pass refused, in the version that they still have."""
    row = connection.execute(
        "SELECT count(*) FROM ops.quarantine AS q WHERE q.source = 'archive/' || %(policy)s AND EXISTS ("
        f' SELECT FROM {policy.source} AS t WHERE t."{policy.key}"::text = q.row_key'
        f' AND t."{policy.version}" <= q.last_seen_at)'.encode(),
        {"policy": policy.name},
    ).fetchone()
    return row[0] if row else 0


def hours(connection: psycopg.Connection, lately: timedelta) -> dict[str, list[tuple[datetime, int]]]:
    """Rows archived per UTC hour by policy; hours and policies without a row are not there."""
    found: dict[str, list[tuple[datetime, int]]] = {}
    for policy, hour, rows in connection.execute(_HOURS, {"span": lately}):
        found.setdefault(policy, []).append((hour, rows))
    return found
