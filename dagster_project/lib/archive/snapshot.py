"""One batch as PostgreSQL sees it in one snapshot: which rows, their sums, and then their lines."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from dagster_project.lib.archive.policy import Policy
from dagster_project.lib.archive.side import Side
from dagster_project.lib.archive.text import canonical, has_arrays, postgres_text, total
from dagster_project.lib.moved_trades import Coming

if TYPE_CHECKING:
    import psycopg

BLOCK = 1 << 20


@dataclass(frozen=True)
class Pass:
    """What one pass over the due rows takes: versions in (`done_version`, `horizon`]; by age, times before `cutoff`.

    A row by age that was not touched since `done_version` is taken when it came of age after `done_time`. A `full` pass
    takes every due row without a mark. `cursor` holds the order columns of the last row that this pass has archived.
    """

    done_version: datetime | str
    horizon: datetime | str
    done_time: datetime | str
    cutoff: datetime | str
    full: bool
    cursor: list[str] | None = None
    # Rows that are no longer due but whose archived version must be followed, instead of those that are.
    recalled: bool = False

    def after(self, cursor: list[str]) -> Pass:
        """The same pass behind the batch that ends there."""
        return replace(self, cursor=cursor)


@dataclass
class Planned:
    """Keys, versions and figures of a batch. `keys` and `versions` are array literals of PostgreSQL."""

    batch: uuid.UUID
    rows: int
    keys: str
    versions: str
    first_key: str
    last_key: str
    min_version: datetime
    max_version: datetime
    cursor: list[str]
    sums: dict[str, str | None]
    times: dict[str, list[str | None]]
    snapshot_at: datetime
    digests: bytes = b""
    bytes: int = 0

    @property
    def side(self) -> Side:
        """What PostgreSQL says, once the lines went by."""
        return Side(self.rows, total(self.digests), self.sums, self.times)


@contextmanager
def snapshot(connection: psycopg.Connection) -> Iterator[None]:
    """A read-only transaction that sees one moment. The connection must not be inside of one."""
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield


def due(policy: Policy, taken: Pass, unfit: list[tuple[str, str]]) -> str:
    """The condition over `t` that a row of this pass fulfils, with named parameters."""
    if taken.recalled:
        parts = [
            f"NOT ({policy.where})",
            f't."{policy.key}"::text IN (SELECT key FROM ops.archive_recalls WHERE policy = %(policy)s)',
        ]
    else:
        parts = [f"({policy.where})", f't."{policy.version}" <= %(horizon)s::timestamptz']
        if policy.age:
            parts.append(f't."{policy.age.column}" < %(cutoff)s::timestamptz')
        if taken.full:
            parts.append(
                "NOT EXISTS (SELECT FROM ops.archive_marks AS m WHERE m.policy = %(policy)s"
                f' AND m.version = t."{policy.version}" AND m.key = t."{policy.key}"::text)'
            )
        elif policy.age:
            parts.append(
                f'(t."{policy.version}" > %(done_version)s::timestamptz'
                f' OR t."{policy.age.column}" >= %(done_time)s::timestamptz)'
            )
        else:
            parts.append(f't."{policy.version}" > %(done_version)s::timestamptz')
    parts += [f"(({condition}) IS NOT TRUE)" for _, condition in unfit]
    return " AND ".join(parts)


def parameters(policy: Policy, taken: Pass) -> dict[str, object]:
    """The parameters of `due` and of the order."""
    return {
        "policy": policy.name,
        "horizon": taken.horizon,
        "cutoff": taken.cutoff,
        "done_version": taken.done_version,
        "done_time": taken.done_time,
        "limit": policy.batch_rows,
        **{f"after_{place}": value for place, value in enumerate(taken.cursor or ())},
    }


def plan(
    connection: psycopg.Connection, policy: Policy, taken: Pass, unfit: list[tuple[str, str]], types: dict[str, str]
) -> Planned | None:
    """The next batch of a pass inside a `snapshot`; None when nothing is due any more.

    Args:
        types: column -> type of the source.
    """
    names = _order(policy, taken)
    order = ", ".join(f't."{name}"' for name in names)
    where = due(policy, taken, unfit) + _after(policy, taken, types)
    size = " + ".join(["400", *(_size(policy.column(name).postgres, name) for name in policy.wide)])
    columns = [f't."{policy.key}"::text AS key', f't."{policy.version}" AS version']
    columns += [f't."{name}"::text AS last_{place}' for place, name in enumerate(names)]
    columns += [f'{policy.column(name).sql} AS "{name}"' for name in dict.fromkeys([*policy.money, *policy.times])]
    figures = [f'trim_scale(sum("{name}"))::text' for name in policy.money]
    figures += [
        f"to_char({end}(\"{name}\"), 'YYYY-MM-DD HH24:MI:SS.US')" for name in policy.times for end in ("min", "max")
    ]
    last = ", ".join(f"(array_agg(last_{place}))[count(*)]" for place in range(len(names)))
    row = connection.execute(
        (
            f"WITH bounded AS MATERIALIZED (SELECT {', '.join(columns)},"
            f" sum({size}) OVER (ORDER BY {order} ROWS UNBOUNDED PRECEDING) AS size"
            f" FROM {policy.source} AS t WHERE {where} ORDER BY {order} LIMIT %(limit)s)"
            " SELECT count(*), array_agg(key)::text, array_agg(version)::text, (array_agg(key))[1], min(version),"
            f" max(version), clock_timestamp(), ARRAY[{last}]{''.join(', ' + figure for figure in figures)}"
            " FROM bounded WHERE size <= greatest(%(bytes)s, (SELECT min(size) FROM bounded))"
        ).encode(),
        {**parameters(policy, taken), "bytes": policy.batch_bytes},
    ).fetchone()
    assert row is not None
    rows, keys, versions, first_key, oldest, newest, now, cursor, *rest = row
    if not rows:
        return None
    sums = dict(zip(policy.money, rest, strict=False))
    ends = rest[len(policy.money) :]
    times = {name: [ends[2 * place], ends[2 * place + 1]] for place, name in enumerate(policy.times)}
    return Planned(
        batch=_batch_id(policy, keys, versions),
        rows=rows,
        keys=keys,
        versions=versions,
        first_key=first_key,
        last_key=cursor[-1],
        min_version=oldest,
        max_version=newest,
        cursor=cursor,
        sums=sums,
        times=times,
        snapshot_at=now,
    )


def lines(
    connection: psycopg.Connection,
    policy: Policy,
    taken: Pass,
    unfit: list[tuple[str, str]],
    types: dict[str, str],
    planned: Planned,
) -> Generator[bytes, None, None]:
    """The batch's lines in blocks of about 1 MiB, inside the snapshot of `plan`; fills in the digests as they go by."""
    names = ", ".join([f"'{planned.batch}'", *(postgres_text(column) for column in policy.columns)])
    order = ", ".join(f't."{name}"' for name in _order(policy, taken))
    where = due(policy, taken, unfit) + _after(policy, taken, types)
    query = f"COPY (SELECT {names} FROM {policy.source} AS t WHERE {where} ORDER BY {order} LIMIT %(rows)s) TO STDOUT"
    digests: list[bytes] = []
    md5, arrays = hashlib.md5, has_arrays(policy)
    sent = 0
    block = bytearray()
    with (
        connection.cursor() as cursor,
        cursor.copy(query.encode(), {**parameters(policy, taken), "rows": planned.rows}) as stream,
    ):
        for row in stream:
            line = bytes(row)
            if b"'" in line or b"\\v" in line or arrays:
                line = canonical(line, arrays)
            digests.append(md5(line, usedforsecurity=False).digest())
            block += line
            if len(block) >= BLOCK:
                sent += len(block)
                yield bytes(block)
                block.clear()
    planned.digests = b"".join(digests)
    planned.bytes = sent + len(block)
    if block:
        yield bytes(block)


def coming(connection: psycopg.Connection, policy: Policy, planned: Planned) -> tuple[Coming, ...]:
    """Rows of a batch of which PostgreSQL knows a version in another month (UTC), inside the snapshot of `plan`."""
    if policy.former is None:
        return ()
    time = policy.column(policy.day).sql
    rows = connection.execute(
        f'WITH former AS MATERIALIZED (SELECT f.id, f."{policy.day}" AS time FROM {policy.former} AS f'
        " WHERE f.id = ANY (%s::text[]))"
        f' SELECT DISTINCT t.agent_id, t.id, t."{policy.version}", {time}'
        f' FROM former INNER JOIN {policy.source} AS t ON t."{policy.key}" = former.id'
        f" WHERE date_trunc('month', former.time, 'UTC') <> date_trunc('month', {time}, 'UTC')".encode(),
        [planned.keys],
    )
    return tuple(Coming(*row) for row in rows)


def _after(policy: Policy, taken: Pass, types: dict[str, str]) -> str:
    if taken.cursor is None:
        return ""
    names = _order(policy, taken)
    order = ", ".join(f't."{name}"' for name in names)
    values = ", ".join(f"%(after_{place})s::{types[name]}" for place, name in enumerate(names))
    return f" AND ({order}) > ({values})"


def _order(policy: Policy, taken: Pass) -> tuple[str, ...]:
    """A row that is no longer due may have lost the times that the policy orders by."""
    return (policy.key,) if taken.recalled else policy.order


def _size(kind: str, name: str) -> str:
    if kind == "text":
        return f'coalesce(octet_length(t."{name}"), 0)'
    # Stored size: jsonb of more than 2 kB is compressed about threefold.
    return f'3 * coalesce(pg_column_size(t."{name}"), 0)'


def _batch_id(policy: Policy, keys: str, versions: str) -> uuid.UUID:
    what = f"{policy.name}\n{policy.contract}\n{keys}\n{versions}".encode()
    return uuid.UUID(bytes=hashlib.sha256(what).digest()[:16])
