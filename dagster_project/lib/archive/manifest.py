"""Manifests: what was compared and the verdict, written in the same transaction as the marks."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dagster_project.lib.archive.crash_points import reach
from dagster_project.lib.archive.policy import Policy
from dagster_project.lib.archive.side import Side
from dagster_project.lib.archive.snapshot import Planned

if TYPE_CHECKING:
    import psycopg


@dataclass
class Record:
    """What a manifest says beside the batch itself."""

    software: str
    run_id: str | None = None
    clickhouse: Side | None = None
    days: dict[str, Any] = field(default_factory=dict)
    queries: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)


_INSERT = """
INSERT INTO ops.archive_manifests (
    kind, policy, batch, verdict, reason, source, target, contract, rows, bytes, first_key, last_key, min_version,
    max_version, row_keys, row_versions, row_digests, postgres, clickhouse, days, queries, seconds, software, run_id,
    snapshot_at
) VALUES (
    'archive', %(policy)s, %(batch)s, %(verdict)s, %(reason)s, %(source)s, %(target)s, %(contract)s, %(rows)s,
    %(bytes)s, %(first_key)s, %(last_key)s, %(min_version)s, %(max_version)s,
    %(keys)s::text[], %(versions)s::timestamptz[],
    %(digests)s, %(postgres)s::jsonb, %(clickhouse)s::jsonb, %(days)s::jsonb, %(queries)s::jsonb, %(seconds)s::jsonb,
    %(software)s, %(run_id)s, %(snapshot_at)s
) ON CONFLICT (policy, batch) WHERE verdict = 'verified' DO NOTHING
"""
# The lists are taken from the manifest, so that their text is parsed once.
_MARK = """
INSERT INTO ops.archive_marks (policy, version, key, batch, archived_at)
SELECT m.policy, listed.version, listed.key, m.batch, clock_timestamp()
FROM ops.archive_manifests AS m
CROSS JOIN LATERAL unnest(m.row_keys, m.row_versions) AS listed (key, version)
WHERE m.policy = %(policy)s AND m.batch = %(batch)s AND m.verdict = 'verified'
"""
_PROGRESS = """
UPDATE ops.archive_progress SET cursor = %(cursor)s, moved_at = clock_timestamp() WHERE policy = %(policy)s
"""
_RECALLED = """
DELETE FROM ops.archive_recalls WHERE policy = %(policy)s AND key = ANY (%(keys)s::text[])
"""


def verified(connection: psycopg.Connection, policy: Policy, planned: Planned, record: Record, recalled: bool) -> None:
    """Writes the manifest, the marks and the progress of a batch that both sides agree on: all or nothing."""
    values = _values(policy, planned, record) | {"verdict": "verified", "reason": None}
    with connection.transaction():
        connection.execute(_INSERT, values)
        reach("after_manifest")
        # A recalled row is hidden in ClickHouse: without a mark, nobody can delete it here.
        if not recalled:
            _mark(connection, values)
        connection.execute(_RECALLED if recalled else _PROGRESS, values | {"cursor": planned.cursor})
        reach("mid_mark")


def _mark(connection: psycopg.Connection, values: dict[str, Any]) -> None:
    """A version that is marked already, by a batch that was cut in another way, keeps its mark. Looking for it first
    makes an INSERT take 3.9 us a row instead of 2.4, so that is only done where there is one."""
    from psycopg.errors import UniqueViolation

    try:
        with connection.transaction():
            connection.execute(_MARK, values)
    except UniqueViolation:
        connection.execute(_MARK + "ON CONFLICT DO NOTHING", values)


def failed(connection: psycopg.Connection, policy: Policy, planned: Planned, record: Record, reason: str) -> None:
    """Writes down that a batch did not verify. Its rows stay due."""
    values = _values(policy, planned, record) | {"verdict": "failed", "reason": reason}
    connection.execute(_INSERT, values | {"keys": "{}", "versions": "{}", "digests": b""})


def _values(policy: Policy, planned: Planned, record: Record) -> dict[str, Any]:
    return {
        "policy": policy.name,
        "batch": planned.batch,
        "source": policy.source,
        "target": policy.storage,
        "contract": policy.contract,
        "rows": planned.rows,
        "bytes": planned.bytes,
        "first_key": planned.first_key,
        "last_key": planned.last_key,
        "min_version": planned.min_version,
        "max_version": planned.max_version,
        "keys": planned.keys,
        "versions": planned.versions,
        "digests": planned.digests,
        "postgres": json.dumps(planned.side.as_json()),
        "clickhouse": json.dumps(record.clickhouse.as_json() if record.clickhouse else {}),
        "days": json.dumps(record.days),
        "queries": json.dumps(record.queries),
        "seconds": json.dumps({name: round(value, 4) for name, value in record.seconds.items()}),
        "software": record.software,
        "run_id": record.run_id,
        "snapshot_at": planned.snapshot_at,
    }
