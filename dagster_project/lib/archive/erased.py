"""Rows that were erased on request: the archive lists them for ever and must not miss them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dagster_project.lib.archive.policy import Policy

if TYPE_CHECKING:
    import psycopg


@dataclass(frozen=True)
class Erased:
    """When (UTC) and by what a row was erased. `finished`: no store holds it any more."""

    erasure: str
    batch: str
    erased_at: str
    finished: bool


def erased(connection: psycopg.Connection, policy: Policy, keys: list[str]) -> dict[str, Erased]:
    """Those of the keys that were erased."""
    rows = connection.execute(
        "SELECT r.key, r.erasure::text, r.batch::text, to_char(r.erased_at, 'YYYY-MM-DD HH24:MI:SS.US'),"
        " e.finished_at IS NOT NULL FROM ops.erased_rows AS r INNER JOIN ops.erasures AS e ON e.id = r.erasure"
        " WHERE r.policy = %s AND r.key = ANY (%s)",
        [policy.name, keys],
    )
    return {key: Erased(*rest) for key, *rest in rows}
