"""How far a policy has come: where a pass starts, where a killed one goes on."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from dagster_project.lib.archive.policy import Policy
from dagster_project.lib.archive.snapshot import Pass

if TYPE_CHECKING:
    import psycopg

# Between two of them, only rows newer than the last pass are looked at.
FULL_EVERY = timedelta(hours=24)
# psycopg does not read infinities; as text they pass.
_READ = """
SELECT done_version::text, horizon::text, done_time::text, cutoff::text, is_full, cursor,
    horizon > done_version OR cutoff > done_time,
    full_at IS NULL OR full_at < clock_timestamp() - %(every)s::interval OR full_at > clock_timestamp()
FROM ops.archive_progress WHERE policy = %(policy)s
"""
# A transaction that has written may still commit rows older than the settle delay.
_HORIZON = "SELECT ops.archive_horizon(%(settle)s::interval)::text, clock_timestamp() < %(done)s::timestamptz"
_BEGIN = """
UPDATE ops.archive_progress
SET horizon = greatest(done_version, %(horizon)s::timestamptz),
    cutoff = greatest(done_time, clock_timestamp() - coalesce(%(age)s::interval, interval 'infinity')),
    is_full = %(full)s, cursor = NULL, full_at = CASE WHEN %(full)s THEN clock_timestamp() ELSE full_at END,
    moved_at = clock_timestamp()
WHERE policy = %(policy)s
"""
_END = """
UPDATE ops.archive_progress
SET done_version = horizon, done_time = cutoff, cursor = NULL, is_full = false, moved_at = clock_timestamp()
WHERE policy = %(policy)s
"""


class NotMigrated(Exception):
    """The policy has no row in ops.archive_progress."""


def begin(connection: psycopg.Connection, policy: Policy, full: bool = False) -> tuple[Pass | None, bool]:
    """The pass to make now, stored; None when nothing can be due. Second: whether an interrupted one is taken up.

    Args:
        full: compare every due row with the marks, whatever was done before.
    """
    row = connection.execute(_READ, {"policy": policy.name, "every": FULL_EVERY}).fetchone()
    if row is None:
        raise NotMigrated(f"archive policy {policy.name}: no row in ops.archive_progress: `candlehouse migrate`")
    done_version, horizon, done_time, cutoff, is_full, cursor, under_way, full_is_due = row
    if under_way and not (full and not is_full):
        return Pass(done_version, horizon, done_time, cutoff, is_full, cursor), True
    full = full or full_is_due
    new_horizon = _horizon(connection, policy, done_version)
    if new_horizon is None and not full:
        return None, False
    connection.execute(
        _BEGIN,
        {
            "policy": policy.name,
            "horizon": new_horizon or done_version,
            "age": policy.age.age if policy.age else None,
            "full": full,
        },
    )
    row = connection.execute(_READ, {"policy": policy.name, "every": FULL_EVERY}).fetchone()
    assert row is not None
    done_version, horizon, done_time, cutoff, *_ = row
    return Pass(done_version, horizon, done_time, cutoff, full), False


def end(connection: psycopg.Connection, policy: Policy) -> None:
    """Every row of the pass has been dealt with."""
    connection.execute(_END, {"policy": policy.name})


def peek(connection: psycopg.Connection, policy: Policy, full: bool = False) -> Pass:
    """The pass that `begin` would make, without storing anything."""
    row = connection.execute(
        "SELECT done_version::text, ops.archive_horizon(%(settle)s::interval)::text, done_time::text,"
        " (clock_timestamp() - coalesce(%(age)s::interval, interval 'infinity'))::text, cursor, is_full,"
        " horizon > done_version OR cutoff > done_time"
        " FROM ops.archive_progress WHERE policy = %(policy)s",
        {"policy": policy.name, "settle": policy.settle, "age": policy.age.age if policy.age else None},
    ).fetchone()
    if row is None:
        raise NotMigrated(f"archive policy {policy.name}: no row in ops.archive_progress: `candlehouse migrate`")
    done_version, horizon, done_time, cutoff, cursor, is_full, under_way = row
    # An interrupted pass has marks on both sides of its cursor: the marks say what is left.
    return Pass(done_version, horizon, done_time, cutoff, full or is_full or (under_way and cursor is not None))


def _horizon(connection: psycopg.Connection, policy: Policy, done: str) -> str | None:
    row = connection.execute(_HORIZON, {"settle": policy.settle, "done": done}).fetchone()
    assert row is not None
    horizon, clock_went_back = row
    if clock_went_back:
        # Rows written now have versions just past the horizon; their settle delay cannot be told.
        row = connection.execute(
            f'SELECT max("{policy.version}")::text FROM {policy.source}'
            f' WHERE "{policy.version}" > %s::timestamptz'.encode(),
            [done],
        ).fetchone()
        return row[0] if row else None
    newer = connection.execute("SELECT %s::timestamptz > %s::timestamptz", [horizon, done]).fetchone()
    return horizon if newer and newer[0] else None
