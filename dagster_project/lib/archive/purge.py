"""Deletes archived rows from PostgreSQL after their grace, batch by batch, each part in a short transaction.

What may go is what a verified manifest lists, in the version that it lists, if it is still due and, where the policy
says so, if PostgreSQL's own mart has it. The trigger on the table checks the manifest again, whoever deletes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dagster_project.lib.archive.crash_points import reach
from dagster_project.lib.archive.engine import only_archiver
from dagster_project.lib.archive.policy import Policy

if TYPE_CHECKING:
    import psycopg

PART = 10_000  # rows of one transaction: application statements wait for its locks no longer than it takes


@dataclass
class Purged:
    """What a purge did. `waiting` rows are past their grace but not in the mart yet; `why` says what holds them."""

    policy: str
    busy: bool = False
    rows: int = 0
    batches: int = 0
    waiting: int = 0
    why: str | None = None
    parts: list[int] = field(default_factory=list)


class NotGuarded(Exception):
    """The table lacks the trigger that refuses unproven deletes; nothing was deleted."""


_PENDING = """
SELECT m.batch, m.rows, m.verified_at::text
FROM ops.archive_manifests AS m
WHERE m.policy = %(policy)s AND m.kind = 'archive' AND m.verdict = 'verified'
    AND m.verified_at >= (SELECT purged_through FROM ops.archive_progress WHERE policy = %(policy)s)
    AND m.verified_at < clock_timestamp() - %(grace)s::interval
    AND NOT EXISTS (
        SELECT FROM ops.archive_purges AS p WHERE p.policy = m.policy AND p.batch = m.batch AND p.is_complete
    )
ORDER BY m.verified_at, m.id
"""
_LISTED = """
SELECT listed.key, listed.version
FROM ops.archive_manifests AS m
CROSS JOIN LATERAL unnest(m.row_keys[%(first)s:%(last)s], m.row_versions[%(first)s:%(last)s]) AS listed (key, version)
WHERE m.policy = %(policy)s AND m.batch = %(batch)s AND m.verdict = 'verified'
"""


def purge(
    policy: Policy, connection: psycopg.Connection, *, marts: str = "analytics", run_id: str | None = None
) -> Purged:
    """Deletes what may go now.

    Args:
        connection: autocommit.
        marts: schema of PostgreSQL that the policy's `fact` is in.

    Raises:
        NotGuarded: the trigger that checks the manifests is missing or switched off.
    """
    purged = Purged(policy.name)
    with only_archiver(connection, policy) as got:
        if not got:
            purged.busy = True
            return purged
        if not policy.purge:
            purged.why = "the policy keeps its rows"
            return purged
        _require_guard(connection, policy)
        if policy.fact and (why := _mart_not_ready(connection, marts, policy.fact[0])):
            purged.why = why
            return purged
        pending = connection.execute(_PENDING, {"policy": policy.name, "grace": policy.grace}).fetchall()
        oldest_left: str | None = None
        for batch, rows, verified_at in pending:
            left = _batch(connection, policy, marts, batch, rows, run_id, purged)
            purged.waiting += left
            if left and oldest_left is None:
                oldest_left = verified_at
        if pending:
            connection.execute(
                "UPDATE ops.archive_progress SET purged_through = %s::timestamptz, moved_at = clock_timestamp()"
                " WHERE policy = %s",
                [oldest_left or pending[-1][2], policy.name],
            )
    if purged.waiting:
        purged.why = f"{purged.waiting} rows wait for {marts}.{policy.fact[0]}" if policy.fact else "rows point at them"
    return purged


def _batch(
    connection: psycopg.Connection,
    policy: Policy,
    marts: str,
    batch: Any,
    rows: int,
    run_id: str | None,
    purged: Purged,
) -> int:
    """Deletes the rows of one manifest that may go; returns how many are left that may not yet."""
    deleted = left = 0
    for first in range(1, rows + 1, PART):
        values = {"policy": policy.name, "batch": batch, "first": first, "last": first + PART - 1}
        reach("before_purge")
        with connection.transaction():
            gone = connection.execute(_delete(policy, marts).encode(), values).rowcount
            reach("mid_purge")
            kept = connection.execute(_kept(policy).encode(), values).fetchone()
            # Marks of rows that are gone or have a newer version by now serve nobody.
            connection.execute(_forget(policy).encode(), values)
            left += kept[0] if kept else 0
            deleted += gone
            is_complete = first + PART > rows and left == 0
            if gone or is_complete:
                connection.execute(
                    "INSERT INTO ops.archive_purges (policy, batch, rows, is_complete, run_id)"
                    " VALUES (%s, %s, %s, %s, %s)",
                    [policy.name, batch, gone, is_complete, run_id],
                )
        reach("after_purge")
        if gone:
            purged.parts.append(gone)
    purged.rows += deleted
    purged.batches += deleted > 0
    return left


def _may_go(policy: Policy, marts: str) -> str:
    parts = [f"({policy.where})"]
    if policy.fact:
        table, key = policy.fact
        parts.append(f'EXISTS (SELECT FROM "{marts}"."{table}" AS f WHERE f."{key}" = t."{policy.key}"::text)')
    parts += [
        f'NOT EXISTS (SELECT FROM public."{table}" AS r WHERE r."{column}" = t."{policy.key}")'
        for table, column in policy.before
    ]
    return " AND ".join(parts)


def _delete(policy: Policy, marts: str) -> str:
    return (
        f"WITH listed AS MATERIALIZED ({_LISTED}) DELETE FROM {policy.source} AS t USING listed"
        f' WHERE t."{policy.key}" = listed.key::{_key_type(policy)} AND t."{policy.version}" = listed.version'
        f" AND {_may_go(policy, marts)}"
    )


def _still_here(policy: Policy) -> str:
    return (
        f"WITH listed AS MATERIALIZED ({_LISTED}) SELECT listed.key, listed.version FROM listed"
        f' INNER JOIN {policy.source} AS t ON t."{policy.key}" = listed.key::{_key_type(policy)}'
        f' AND t."{policy.version}" = listed.version'
    )


def _kept(policy: Policy) -> str:
    return f"SELECT count(*) FROM ({_still_here(policy)}) AS here"


def _forget(policy: Policy) -> str:
    return (
        f"WITH listed AS MATERIALIZED ({_LISTED}) DELETE FROM ops.archive_marks AS m USING listed"
        " WHERE m.policy = %(policy)s AND m.version = listed.version AND m.key = listed.key"
        f' AND NOT EXISTS (SELECT FROM {policy.source} AS t WHERE t."{policy.key}" = listed.key::{_key_type(policy)}'
        f' AND t."{policy.version}" = listed.version)'
    )


def _key_type(policy: Policy) -> str:
    return policy.column(policy.key).postgres


def _mart_not_ready(connection: psycopg.Connection, marts: str, mart: str) -> str | None:
    row = connection.execute(
        "SELECT to_regclass(%s) IS NOT NULL, EXISTS (SELECT FROM ops.lasting_marts WHERE mart = %s)",
        [f"{marts}.{mart}", mart],
    ).fetchone()
    assert row is not None
    built, lasting = row
    if not built:
        return f"{marts}.{mart} is not built yet"
    return (
        None if lasting else f"{marts}.{mart} is not in ops.lasting_marts: rebuilt without the rows, it would lose them"
    )


def _require_guard(connection: psycopg.Connection, policy: Policy) -> None:
    row = connection.execute(
        "SELECT count(*) FROM pg_trigger WHERE tgrelid = %s::regclass AND tgname = 'archive_guards_delete'"
        " AND tgenabled IN ('O', 'A')",
        [policy.source],
    ).fetchone()
    if not row or not row[0]:
        raise NotGuarded(
            f"archive policy {policy.name}: {policy.source} has no trigger archive_guards_delete, so nothing is purged:"
            " enable it, or SELECT ops.guard_archive(...)"
        )
