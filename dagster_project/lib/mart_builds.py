"""What the marts of both warehouses are built of, and whether a build may be incremental.

A cut is a moment up to which the archive has dealt with every closed trade. Both warehouses take versions up to the
cut, so that writers who go on meanwhile do not make them differ. A build that succeeded is written down with its cut;
the next one looks at versions of trades after it, and at decisions that may have come since the build before began.
Everything is built anew after an erasure, after a change of the dbt project, where no build is known, and when the last
one is older than what ClickHouse keeps of changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psycopg

_CUT = """
INSERT INTO ops.mart_cuts (as_of, run_id)
SELECT greatest(max(p.done_version), timestamptz '1970-01-01 00:00:00+00'), %s
FROM ops.archive_progress AS p
WHERE p.policy = 'trades'
RETURNING to_char(as_of AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')
"""
# What a transaction writes before it commits is seen by nobody; a row's time of change may be that of its beginning.
_SEEN = "least(ops.oldest_transaction(), clock_timestamp() - interval '10 minutes')"
_PLAN = f"""
SELECT
    to_char(cut.as_of AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'),
    to_char(built.as_of AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'),
    CASE
        WHEN built.as_of IS NULL THEN 'no earlier build is known'
        WHEN built.project <> %(project)s THEN 'the dbt project changed'
        WHEN built.as_of < clock_timestamp() - interval '6 days' THEN 'changes are kept for 7 days'
        WHEN cut.as_of < built.as_of THEN 'the cut is older than what is built'
        WHEN EXISTS (
            SELECT FROM ops.archive_manifests AS m WHERE m.kind = 'erasure' AND m.verified_at >= built.began_at
        ) THEN 'rows were erased'
    END,
    to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'),
    to_char({_SEEN} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'),
    to_char(built.began_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'),
    to_char(built.seen_until AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')
FROM (SELECT c.as_of FROM ops.mart_cuts AS c ORDER BY c.id DESC LIMIT 1) AS cut
LEFT JOIN (
    SELECT b.as_of, b.project, b.began_at, b.seen_until
    FROM ops.mart_builds AS b
    WHERE b.engine = %(engine)s
    ORDER BY b.id DESC
    LIMIT 1
) AS built ON true
"""


_CHANGED = """
SELECT
    CASE
        WHEN cut.taken_at > clock_timestamp() - %(rest)s::interval THEN 'the last cut is too young'
        WHEN
            cut.taken_at > clock_timestamp() - %(most)s::interval
            AND NOT EXISTS (
                SELECT FROM trade_versions AS v
                WHERE v.updated_at > cut.as_of
                    AND v.updated_at <= (
                        SELECT max(p.done_version) FROM ops.archive_progress AS p WHERE p.policy = 'trades'
                    )
            )
            AND NOT EXISTS (SELECT FROM agents AS t WHERE t.updated_at > cut.taken_at)
            AND NOT EXISTS (SELECT FROM accounts AS t WHERE t.updated_at > cut.taken_at)
            AND NOT EXISTS (SELECT FROM account_equity_snapshots AS t WHERE t.updated_at > cut.taken_at)
            AND NOT EXISTS (SELECT FROM decisions AS t WHERE t.updated_at > cut.taken_at)
            AND NOT EXISTS (SELECT FROM daily_marks AS t WHERE t.updated_at > cut.taken_at)
            THEN 'nothing changed since the last cut'
    END
FROM (SELECT c.as_of, c.taken_at FROM ops.mart_cuts AS c ORDER BY c.id DESC LIMIT 1) AS cut
"""
# Boards are at most an hour old, and not built more often than four times an hour, however much is written.
MOST, REST = "58 minutes", "14 minutes"


@dataclass(frozen=True)
class Plan:
    """One build, of trades up to `as_of`. Moments are UTC as text.

    `since`, `last_began` and `sees_from` tell what changed: trades after the cut of the last build that succeeded, when
    that one began, and from when on decisions may have come that it did not see. `why_full` says why they are not
    given.
    """

    as_of: str
    since: str | None
    why_full: str | None
    began_at: str
    seen_until: str
    last_began: str | None = None
    sees_from: str | None = None

    @property
    def environment(self) -> dict[str, str]:
        """What dbt reads of it; empty where everything is built."""
        partial = {"SINCE": self.since, "LAST_BEGAN": self.last_began, "SEES_FROM": self.sees_from}
        return {"DBT_AS_OF": self.as_of, "DBT_BEGAN": self.began_at} | {
            f"DBT_{name}": "" if self.why_full else value or "" for name, value in partial.items()
        }


def take_cut(connection: psycopg.Connection, run_id: str | None = None) -> str:
    """Stores and returns the moment up to which the archive has dealt with every closed trade, UTC as text."""
    row = connection.execute(_CUT, [run_id]).fetchone()
    assert row is not None
    return row[0]


def why_no_cut(connection: psycopg.Connection) -> str | None:
    """Why boards need not be built anew, else None: an input changed, or the last cut is an hour old."""
    row = connection.execute(_CHANGED, {"most": MOST, "rest": REST}).fetchone()
    return row[0] if row else None


def plan(connection: psycopg.Connection, engine: str, project: str) -> Plan:
    """The build to make now, of the newest cut; the first cut is taken here.

    Args:
        project: fingerprint of the dbt project.
    """
    values = {"engine": engine, "project": project}
    row = connection.execute(_PLAN, values).fetchone()
    if row is None:
        take_cut(connection)
        row = connection.execute(_PLAN, values).fetchone()
    assert row is not None
    as_of, since, why_full, began_at, seen_until, last_began, sees_from = row
    if why_full:
        return Plan(as_of, None, why_full, began_at, seen_until)
    return Plan(as_of, since, None, began_at, seen_until, last_began, sees_from)


def succeeded(connection: psycopg.Connection, engine: str, project: str, plan: Plan, run_id: str | None = None) -> None:
    """Writes down that every mart was built."""
    connection.execute(
        "INSERT INTO ops.mart_builds (engine, as_of, project, is_full, began_at, seen_until, run_id)"
        " VALUES (%s, (%s || '+00')::timestamptz, %s, %s, (%s || '+00')::timestamptz, (%s || '+00')::timestamptz, %s)",
        [engine, plan.as_of, project, plan.since is None, plan.began_at, plan.seen_until, run_id],
    )
