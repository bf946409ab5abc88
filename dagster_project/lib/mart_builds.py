"""What the marts of both warehouses are built of, and whether a build may be incremental.

A cut is some moments and a list: up to one the archive has dealt with every closed trade, up to one each ClickHouse has
every version of decisions, accounts, agents, snapshots and prices of days; the list is of positions that are open. Both
warehouses take versions up to the cut, so that writers who go on meanwhile do not make them differ. A build that
succeeded is written down with its cut; the next one looks at versions after it.
Everything is built anew after an erasure, after a change of the dbt project, where no build is known, and when the last
one is older than what ClickHouse keeps of changes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dagster_project.lib.mart_positions import list_open
from dagster_project.lib.warehouse_copy import POLICIES

if TYPE_CHECKING:
    import psycopg
    from clickhouse_connect.driver.client import Client

_CUT = """
INSERT INTO ops.mart_cuts (as_of, copied_until, run_id)
SELECT
    greatest(max(p.done_version), timestamptz '1970-01-01 00:00:00+00'),
    (
        SELECT jsonb_object_agg(c.source, to_char(c.seen_until AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'))
        FROM ops.copies AS c
    ),
    %s
FROM ops.archive_progress AS p
WHERE p.policy = 'trades'
RETURNING id, to_char(as_of AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')
"""
# What no later cut can ask for.
_FORGET = """
DELETE FROM ops.former_rows AS f
USING (SELECT c.copied_until FROM ops.mart_cuts AS c ORDER BY c.id DESC LIMIT 1) AS cut
WHERE f.until <= (cut.copied_until ->> f.source)::timestamp AT TIME ZONE 'UTC'
"""
_PLAN = """
SELECT
    to_char(cut.as_of AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'),
    to_char(built.as_of AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'),
    CASE
        WHEN built.as_of IS NULL THEN 'no earlier build is known'
        WHEN built.project <> %(project)s THEN 'the dbt project changed'
        WHEN built.as_of < clock_timestamp() - interval '6 days' THEN 'changes are kept for 7 days'
        WHEN
            cut.as_of < built.as_of
            OR EXISTS (
                SELECT FROM jsonb_each_text(built.copied_until) AS b WHERE cut.copied_until ->> b.key < b.value
            ) THEN 'the cut is older than what is built'
        WHEN EXISTS (
            SELECT FROM ops.archive_manifests AS m WHERE m.kind = 'erasure' AND m.verified_at >= built.began_at
        ) THEN 'rows were erased'
    END,
    to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'),
    cut.id,
    cut.copied_until,
    to_char(built.began_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'),
    built.copied_until
FROM (SELECT c.id, c.as_of, c.copied_until FROM ops.mart_cuts AS c ORDER BY c.id DESC LIMIT 1) AS cut
LEFT JOIN (
    SELECT b.as_of, b.project, b.began_at, b.copied_until
    FROM ops.mart_builds AS b
    WHERE b.engine = %(engine)s
    ORDER BY b.id DESC
    LIMIT 1
) AS built ON true
"""


# What came since, and is in ClickHouse by now.
_NEW = " AND ".join(
    f"""
            NOT EXISTS (
                SELECT FROM {table} AS t
                WHERE t.updated_at > (cut.copied_until ->> '{table}')::timestamp AT TIME ZONE 'UTC'
                    AND t.updated_at <= (SELECT c.seen_until FROM ops.copies AS c WHERE c.source = '{table}')
            )"""
    for table in (policy.source for policy in POLICIES if policy.former)
)
_CHANGED = f"""
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
            AND NOT EXISTS (
                SELECT FROM trades AS t
                LEFT JOIN mart_positions AS p ON p.cut = cut.id AND p.trade_id = t.id AND p.version = t.updated_at
                WHERE t.status = 'open' AND t.opened_at IS NOT NULL AND p.cut IS NULL
            )
            AND {_NEW}
            THEN 'nothing changed since the last cut'
    END
FROM (SELECT c.id, c.as_of, c.copied_until, c.taken_at FROM ops.mart_cuts AS c ORDER BY c.id DESC LIMIT 1) AS cut
"""
_IS_LARGE = "SELECT count(*) = %(large)s FROM (SELECT FROM trade_versions LIMIT %(large)s) AS v"
# From so many trades on, everything anew is built by fewer models at a time, within 4 GB. Of ten million trades,
# ClickHouse's two largest side by side took 5.5 GB and both cores either way (165 s instead of 170); three of
# PostgreSQL's took 3.3 to 4.3 GB and 654 s, two 2.9 to 3.6 GB and 551 s.
LARGE = 1_000_000
LARGE_THREADS = {"clickhouse": 1, "postgres": 2}
# Boards are at most an hour old, and not built more often than four times an hour, however much is written.
MOST, REST = "58 minutes", "14 minutes"


@dataclass(frozen=True)
class Plan:
    """One build of a cut: trades up to `as_of`, copied tables up to `copied_until`. Moments are UTC as text.

    `since`, `copied_since` and `last_began` tell what changed: the cut of the last build that succeeded, and when that
    one began. `why_full` says why they are not given. `threads` is how many models are built at a time, where the
    profile's number is too many.
    """

    as_of: str
    since: str | None
    why_full: str | None
    began_at: str
    cut: int
    copied_until: dict[str, str]
    last_began: str | None = None
    copied_since: dict[str, str] | None = None
    threads: int | None = None

    @property
    def arguments(self) -> list[str]:
        """Options of the dbt command."""
        full = ["--full-refresh"] if self.why_full else []
        return full if self.threads is None else [*full, "--threads", str(self.threads)]

    @property
    def environment(self) -> dict[str, str]:
        """What dbt reads of it; empty where everything is built."""
        partial = {"SINCE": self.since, "LAST_BEGAN": self.last_began, "COPIED_SINCE": json.dumps(self.copied_since)}
        whole = {
            "DBT_AS_OF": self.as_of,
            "DBT_COPIED_UNTIL": json.dumps(self.copied_until),
            "DBT_BEGAN": self.began_at,
            "DBT_CUT": str(self.cut),
        }
        return whole | {f"DBT_{name}": "" if self.why_full else value or "" for name, value in partial.items()}


class NoCutError(Exception):
    """There is nothing to build of; the message is one line and names the fix."""


@dataclass(frozen=True)
class Cut:
    """A cut that was taken: closed trades up to `as_of` (UTC as text), and how many positions are open."""

    as_of: str
    open_positions: int


def take_cut(connection: psycopg.Connection, client: Client, run_id: str | None = None) -> Cut:
    """Stores a cut, and forgets versions that no later one can ask for.

    Raises:
        PositionsError: ClickHouse did not take the list of open positions; there is no new cut.
    """
    with connection.transaction():
        row = connection.execute(_CUT, [run_id]).fetchone()
        assert row is not None
        cut, as_of = row
        listed = list_open(connection, client, cut, as_of)
        connection.execute(_FORGET)
    return Cut(as_of, listed)


def why_no_cut(connection: psycopg.Connection) -> str | None:
    """Why boards need not be built anew, else None: an input changed, or the last cut is an hour old."""
    row = connection.execute(_CHANGED.encode(), {"most": MOST, "rest": REST}).fetchone()
    return row[0] if row else None


def plan(connection: psycopg.Connection, engine: str, project: str) -> Plan:
    """The build to make now, of the newest cut.

    Args:
        project: fingerprint of the dbt project.

    Raises:
        NoCutError: none was taken yet.
    """
    row = connection.execute(_PLAN, {"engine": engine, "project": project}).fetchone()
    if row is None:
        raise NoCutError("no cut of the inputs was taken yet: materialize postgres/ops/mart_cuts first")
    as_of, since, why_full, began_at, cut, copied_until, last_began, copied_since = row
    if why_full:
        threads = LARGE_THREADS[engine] if _is_large(connection) else None
        return Plan(as_of, None, why_full, began_at, cut, copied_until, threads=threads)
    return Plan(as_of, since, None, began_at, cut, copied_until, last_began, copied_since)


def _is_large(connection: psycopg.Connection) -> bool:
    row = connection.execute(_IS_LARGE, {"large": LARGE}).fetchone()
    return row is not None and row[0]


def succeeded(connection: psycopg.Connection, engine: str, project: str, plan: Plan, run_id: str | None = None) -> None:
    """Writes down that every mart was built."""
    connection.execute(
        "INSERT INTO ops.mart_builds (engine, as_of, project, is_full, began_at, copied_until, run_id)"
        " VALUES (%s, (%s || '+00')::timestamptz, %s, %s, (%s || '+00')::timestamptz, %s::jsonb, %s)",
        [engine, plan.as_of, project, plan.since is None, plan.began_at, json.dumps(plan.copied_until), run_id],
    )
