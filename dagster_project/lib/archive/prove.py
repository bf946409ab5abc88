"""Where one row is now, and every step of its way, from what both engines say at this moment."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dagster_project.lib.archive.erased import Erased, erased
from dagster_project.lib.archive.policy import Policy
from dagster_project.lib.archive.rows_check import rows
from dagster_project.lib.archive.shown import shown

if TYPE_CHECKING:
    import psycopg
    from clickhouse_connect.driver.client import Client


@dataclass
class Proof:
    """What is known of a row. `where`: postgres, clickhouse or both; empty when no engine shows it.

    `holds`: PostgreSQL has it, or ClickHouse shows the newest archived version exactly as the manifest says; of a row
    that was `erased` on request: no store has it.
    """

    policy: str
    key: str
    where: list[str] = field(default_factory=list)
    erased: bool = False
    holds: bool = False
    steps: list[dict[str, Any]] = field(default_factory=list)
    trouble: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """For a program."""
        return {name: getattr(self, name) for name in ("policy", "key", "where", "erased", "holds", "steps", "trouble")}


def prove(policy: Policy, connection: psycopg.Connection, client: Client, key: str) -> Proof | None:
    """The way of the row with this key; None when neither engine nor a manifest knows it."""
    proof = Proof(policy.name, key)
    here = _in_postgres(connection, policy, key)
    if here:
        proof.where.append("postgres")
        proof.steps.append({"step": "written to PostgreSQL", **here})
    found = _in_clickhouse(client, policy, key)
    manifests = _manifests(connection, policy, key, _life(here, found))
    if not manifests:
        manifests = _manifests(connection, policy, key, None)
    way = [(manifest["verified_at"], _archived(manifest)) for manifest in manifests]
    way += [
        (step["purged_at"], step) for step in _purges(connection, policy, [manifest["batch"] for manifest in manifests])
    ]
    way += [(step["last_seen_at"], step) for step in _quarantined(connection, policy, key)]
    proof.steps += [step for _, step in sorted(way, key=lambda timed: timed[0])]
    gone = erased(connection, policy, [key]).get(key)
    if gone is not None:
        return _erased(proof, gone, bool(here), bool(found))
    if not (here or found or manifests):
        return None
    proof.holds = bool(here)
    if manifests:
        proof.holds = _compare(client, policy, key, manifests[-1], proof) or bool(here)
    elif found:
        proof.where.append("clickhouse")
        proof.trouble.append("ClickHouse shows it, but no verified manifest lists it")
    return proof


def _erased(proof: Proof, gone: Erased, here: bool, there: bool) -> Proof:
    proof.erased = True
    proof.steps.append(
        {"step": "erased on request", "erased_at": gone.erased_at, "manifest": gone.batch, "erasure": gone.erasure}
    )
    if there:
        proof.where.append("clickhouse")
    proof.trouble += [f"{store} still has it" for store, has in (("PostgreSQL", here), ("ClickHouse", there)) if has]
    if not gone.finished:
        proof.trouble.append("the erasure is not finished: `candlehouse erase apply`")
    proof.holds = not proof.trouble
    return proof


def _in_postgres(connection: psycopg.Connection, policy: Policy, key: str) -> dict[str, Any] | None:
    row = connection.execute(
        f"SELECT to_char(t.\"{policy.version}\", 'YYYY-MM-DD HH24:MI:SS.US'), ({policy.where}) IS TRUE, m.batch::text,"
        " to_char(m.archived_at, 'YYYY-MM-DD HH24:MI:SS.US'),"
        f" to_char(t.created_at, 'YYYY-MM-DD HH24:MI:SS.US') FROM {policy.source} AS t"
        " LEFT JOIN ops.archive_marks AS m"
        f' ON m.policy = %s AND m.version = t."{policy.version}" AND m.key = t."{policy.key}"::text'
        f' WHERE t."{policy.key}"::text = %s'.encode(),
        [policy.name, key],
    ).fetchone()
    return dict(zip(("version", "is_due", "batch", "archived_at", "created_at"), row, strict=True)) if row else None


def _in_clickhouse(client: Client, policy: Policy, key: str) -> tuple[str, str] | None:
    """(created_at, version) of the newest version."""
    kind = "String" if policy.column(policy.key).clickhouse == "String" else "Int64"
    if kind == "Int64" and not key.removeprefix("-").isdecimal():
        return None
    found = client.query(
        f"SELECT toString(created_at), toString(`{policy.version}`) FROM {shown(client, policy)}"
        f" WHERE `{policy.key}` = {{key:{kind}}} ORDER BY `{policy.version}` DESC LIMIT 1",
        parameters={"key": key},
    ).result_rows
    return (str(found[0][0]), str(found[0][1])) if found else None


def _life(here: dict[str, Any] | None, found: tuple[str, str] | None) -> tuple[str, str] | None:
    """First and last time between which every version of the row lies: ClickHouse merges older ones away."""
    lives = [(here["created_at"], here["version"])] if here else []
    lives += [found] if found else []
    return (min(min(life) for life in lives), max(version for _, version in lives)) if lives else None


def _manifests(
    connection: psycopg.Connection, policy: Policy, key: str, life: tuple[str, str] | None
) -> list[dict[str, Any]]:
    """Those that list the key. Of `life`, only those whose versions overlap with it are opened."""
    rows = connection.execute(
        "SELECT m.batch::text, to_char(m.row_versions[at], 'YYYY-MM-DD HH24:MI:SS.US'),"
        " encode(substring(m.row_digests FROM (16 * at - 15) FOR 16), 'hex'), m.rows, m.postgres ->> 'hash',"
        " m.clickhouse ->> 'hash', m.queries, m.software, m.run_id,"
        " to_char(m.snapshot_at, 'YYYY-MM-DD HH24:MI:SS.US'), to_char(m.verified_at, 'YYYY-MM-DD HH24:MI:SS.US')"
        " FROM ops.archive_manifests AS m, LATERAL unnest(array_positions(m.row_keys, %(key)s)) AS at"
        " WHERE m.policy = %(policy)s AND m.verdict = 'verified' AND m.kind = 'archive'"
        " AND m.max_version >= coalesce(%(first)s::timestamptz, '-infinity')"
        " AND m.min_version <= coalesce(%(last)s::timestamptz, 'infinity')"
        " ORDER BY m.row_versions[at], m.id",
        {"key": key, "policy": policy.name, "first": life and life[0], "last": life and life[1]},
    ).fetchall()
    names = (
        *("batch", "version", "digest", "rows", "hash_postgres", "hash_clickhouse", "queries", "software", "run_id"),
        *("snapshot_at", "verified_at"),
    )
    return [dict(zip(names, row, strict=True)) for row in rows]


def _archived(manifest: dict[str, Any]) -> dict[str, Any]:
    return {"step": "archived with proof", **manifest}


def _purges(connection: psycopg.Connection, policy: Policy, batches: list[str]) -> list[dict[str, Any]]:
    rows = connection.execute(
        "SELECT batch::text, to_char(min(purged_at), 'YYYY-MM-DD HH24:MI:SS.US'), sum(rows)::bigint"
        " FROM ops.archive_purges WHERE policy = %s AND batch = ANY (%s::uuid[]) GROUP BY batch",
        [policy.name, batches],
    )
    return [
        {"step": "rows of the batch purged from PostgreSQL", "batch": batch, "purged_at": at, "rows": count}
        for batch, at, count in rows
        if count
    ]


def _quarantined(connection: psycopg.Connection, policy: Policy, key: str) -> list[dict[str, Any]]:
    rows = connection.execute(
        "SELECT reason, to_char(last_seen_at, 'YYYY-MM-DD HH24:MI:SS.US') FROM ops.quarantine"
        " WHERE source = %s AND row_key = %s",
        [f"archive/{policy.name}", key],
    )
    return [{"step": "could not be archived", "reason": reason, "last_seen_at": at} for reason, at in rows]


def _compare(client: Client, policy: Policy, key: str, newest: dict[str, Any], proof: Proof) -> bool:
    stored = rows(client, policy, uuid.UUID(newest["batch"]), [key]).get(key)
    if stored is None:
        proof.trouble.append(f"batch {newest['batch']} lists it, ClickHouse does not show it")
        return False
    proof.where.append("clickhouse")
    same = (stored.version, stored.digest.hex()) == (newest["version"], newest["digest"])
    proof.steps.append(
        {
            "step": "compared with ClickHouse now",
            "version": stored.version,
            "digest": stored.digest.hex(),
            "equal": same,
        }
    )
    if not same:
        proof.trouble.append("the row in ClickHouse is not what the manifest lists")
    return same
