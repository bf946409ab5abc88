"""Compares rows of a batch one by one: the digest that the manifest lists against the row that ClickHouse shows now."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from dagster_project.lib.archive.erased import erased
from dagster_project.lib.archive.policy import BATCH, Policy
from dagster_project.lib.archive.shown import shown
from dagster_project.lib.archive.text import FORMAT_SETTINGS, split

if TYPE_CHECKING:
    import psycopg
    from clickhouse_connect.driver.client import Client

NO_BATCH = str(uuid.UUID(int=0))
PART = 5_000  # keys of one query: about 200 kB of text


@dataclass
class Checked:
    """Rows of a batch: `present` in the listed version, `replaced` by a later one, `erased` on request, or wrong.

    `days` has rows and sums of the present ones per UTC day, `unnamed` those among them that were written again without
    a batch (by the copy of young rows, or an application); `faults` are (key, what is wrong).
    """

    present: int = 0
    replaced: int = 0
    erased: int = 0
    faults: list[tuple[str, str]] = field(default_factory=list)
    days: dict[str, dict[str, Any]] = field(default_factory=dict)
    unnamed: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Stored:
    """A row as ClickHouse shows it now: version as text, digest of its line under the manifest's batch."""

    version: str
    digest: bytes
    batch: str
    day: str
    money: dict[str, str | None]


def check_batch(connection: psycopg.Connection, client: Client, policy: Policy, batch: uuid.UUID) -> Checked:
    """Compares every row that the verified manifest of `batch` lists."""
    checked = Checked()
    proven = _proven_batches(connection, policy)
    for listed in _listed(connection, policy, batch):
        keys = [key for key, _, _ in listed]
        stored, gone = rows(client, policy, batch, keys), erased(connection, policy, keys)
        for key, version, digest in listed:
            if key in gone:
                if key in stored:
                    checked.faults.append((key, "erased on request, but ClickHouse shows it: `candlehouse erase`"))
                else:
                    checked.erased += 1
                continue
            _judge(policy, checked, proven, str(batch), key, version, digest, stored.get(key))
    return checked


def rows(client: Client, policy: Policy, batch: uuid.UUID, keys: list[str]) -> dict[str, Stored]:
    """What ClickHouse shows now for these keys, newest versions; digests as if `batch` had brought the rows."""
    kind = "String" if policy.column(policy.key).clickhouse == "String" else "Int64"
    names = ", ".join(f"`{column.name}`" for column in policy.columns)
    money = "".join(f", toString(`{name}`)" for name in policy.money)
    found = client.query(
        f"SELECT toString(`{policy.key}`), toString(`{policy.version}`), hex(MD5(formatRow('TabSeparated',"
        f" {{batch:UUID}}, {names}))), toString({BATCH}), toString(toDate(`{policy.day}`, 'UTC')){money}"
        f" FROM {shown(client, policy)} WHERE `{policy.key}` IN {{keys:Array({kind})}}",
        parameters={"batch": str(batch), "keys": keys if kind == "String" else [int(key) for key in keys]},
        settings=FORMAT_SETTINGS,
    ).result_rows
    return {
        key: Stored(version, bytes.fromhex(digest), brought_by, day, dict(zip(policy.money, sums, strict=True)))
        for key, version, digest, brought_by, day, *sums in found
    }


def _proven_batches(connection: psycopg.Connection, policy: Policy) -> set[str]:
    rows = connection.execute(
        "SELECT batch::text FROM ops.archive_manifests WHERE policy = %s AND verdict = 'verified' AND kind = 'archive'",
        [policy.name],
    )
    return {batch for (batch,) in rows}


def _listed(connection: psycopg.Connection, policy: Policy, batch: uuid.UUID) -> Iterator[list[tuple[str, str, bytes]]]:
    row = connection.execute(
        "SELECT row_keys, ARRAY(SELECT to_char(v, 'YYYY-MM-DD HH24:MI:SS.US') FROM unnest(row_versions)"
        " WITH ORDINALITY AS u (v, place) ORDER BY place), row_digests FROM ops.archive_manifests"
        " WHERE policy = %s AND batch = %s AND verdict = 'verified' AND kind = 'archive'",
        [policy.name, batch],
    ).fetchone()
    if row is None:
        return
    listed = list(zip(row[0], row[1], split(row[2]), strict=True))
    for first in range(0, len(listed), PART):
        yield listed[first : first + PART]


def _judge(
    policy: Policy,
    checked: Checked,
    proven: set[str],
    batch: str,
    key: str,
    version: str,
    digest: bytes,
    stored: Stored | None,
) -> None:
    if stored is None:
        checked.faults.append((key, "missing in ClickHouse"))
    elif stored.version < version:
        checked.faults.append((key, f"ClickHouse shows the older version {stored.version}"))
    elif stored.version > version:
        # Facades let applications write rows of their own straight into ClickHouse: those name no batch.
        if stored.batch in proven or stored.batch == NO_BATCH:
            checked.replaced += 1
        else:
            checked.faults.append((key, f"replaced by version {stored.version}, which no verified manifest lists"))
    elif stored.digest != digest:
        checked.faults.append((key, "changed in ClickHouse: its digest is not the manifest's"))
    elif stored.batch in proven and stored.batch != batch:
        # Archived twice in one version: the other batch counts it.
        checked.replaced += 1
    else:
        checked.present += 1
        _count(checked.days, stored, policy)
        if stored.batch == NO_BATCH:
            _count(checked.unnamed, stored, policy)


def _count(days: dict[str, dict[str, Any]], stored: Stored, policy: Policy) -> None:
    day = days.setdefault(stored.day, {"rows": 0, "sums": dict.fromkeys(policy.money)})
    day["rows"] += 1
    for name, value in stored.money.items():
        day["sums"][name] = add(day["sums"][name], value)


def add(left: str | None, right: str | None, sign: int = 1) -> str | None:
    """Exact sum (or difference) of decimals as text; None counts as nothing."""
    import decimal

    if right is None:
        return left
    with decimal.localcontext() as context:
        # Sums of Decimal(38, 18) exceed the 28 digits of Python's default context.
        context.prec = 100
        total = Decimal(left or 0) + sign * Decimal(right)
    if total == 0:
        return "0"
    text = f"{total:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
