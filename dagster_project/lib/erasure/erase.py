"""The erasure itself: what a request names leaves PostgreSQL, then ClickHouse, then the cold files, and stays away.

1. Every archive policy's lock is taken: no batch that was read before may arrive in ClickHouse afterwards.
2. One transaction of PostgreSQL deletes the rows there, with their marks, their copies in the quarantine and in marts,
   and writes the request, an erasure manifest per archived table and the keys (ops.erased_rows). The guard of the
   archive lets unproven rows go in this transaction only.
3. ClickHouse: parts are written anew without the rows, every version of them, and the files of the old parts go.
4. Cold files: files are written anew without the rows.
5. Both databases are asked again. Only when nothing is left is the request finished, and its subject forgotten.

A kill before the commit of step 2 leaves everything as it was; after it, the next `erase` of the same subject, or of
those that `unfinished` lists, goes on: every later step may be done twice. Crash points as in archive/crash_points.py.
"""

from __future__ import annotations

import hashlib
import json
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dagster_project.lib.archive.crash_points import reach
from dagster_project.lib.archive.engine import only_archiver, software
from dagster_project.lib.archive.policies import policies
from dagster_project.lib.erasure import marts, mutations, plan
from dagster_project.lib.erasure.holdings import UNLINKED, Holding, holdings
from dagster_project.lib.erasure.plan import ColdFiles, Found, Plan
from dagster_project.lib.erasure.subject import Subject

if TYPE_CHECKING:
    import psycopg
    from clickhouse_connect.driver.client import Client

CRASH_POINTS = {
    "before_erasure": "what goes is known, nothing is written",
    "mid_erasure_postgres": "manifests and deletions are written in PostgreSQL, not committed",
    "after_erasure_postgres": "the rows have left PostgreSQL only",
    "mid_erasure_clickhouse": "ClickHouse was told to delete from one table, and not waited for",
    "after_erasure_clickhouse": "the rows have left both databases, not the cold files",
    "before_erasure_end": "no store holds the rows, the request is not finished",
}
PATIENCE = 600.0  # seconds that an archiver at work is waited for
TRIES = 3


class NotErased(Exception):
    """Rows are left, or somebody else holds them; the message is one line. The same call again goes on."""


@dataclass
class Erasure:
    """What an erasure did. `id` is None when there was nothing to do; `rows`: (store, relation) -> rows."""

    subject: Subject
    id: uuid.UUID | None = None
    resumed: bool = False
    rows: dict[tuple[str, str], int] = field(default_factory=dict)


@dataclass(frozen=True)
class Stores:
    """Where rows are. `connection`: autocommit, as the owner of the database, who alone may erase.

    Attributes:
        schema, database: where dbt builds the marts in PostgreSQL and in ClickHouse.
        wait: until ClickHouse has deleted the files of old parts; it does so by itself after eight minutes.
    """

    connection: psycopg.Connection
    client: Client
    schema: str
    database: str
    cold: ColdFiles | None = None
    wait: bool = True


def look(stores: Stores, subject: Subject) -> Plan:
    """What an erasure of this subject would take now, ids that earlier ones took included."""
    return _plan(stores, subject, _known(stores.connection, subject))


def unfinished(connection: psycopg.Connection) -> list[Subject]:
    """Subjects of requests that were interrupted, oldest first."""
    rows = connection.execute("SELECT subject FROM ops.erasures WHERE finished_at IS NULL ORDER BY begun_at")
    return [Subject.from_json(subject) for (subject,) in rows]


def erase(
    stores: Stores,
    subject: Subject,
    *,
    reason: str | None = None,
    say: Callable[[str], None] = lambda line: None,
) -> Erasure:
    """Erases, or goes on with what a kill has interrupted; does nothing when nothing is there.

    Raises:
        NotErased: an archiver does not let go, or rows are left.
        NotDeleted: ClickHouse does not carry a deletion out.
    """
    connection = stores.connection
    done = Erasure(subject)
    with _no_archiver(connection, say):
        row = connection.execute(
            "SELECT id FROM ops.erasures WHERE digest = %s AND finished_at IS NULL", [subject.digest]
        ).fetchone()
        done.id, done.resumed = (row[0], True) if row else (None, False)
        for _ in range(TRIES):
            known = _known(connection, subject)
            planned = _plan(stores, subject, known)
            if planned.is_empty:
                break
            reach("before_erasure")
            done.id = done.id or uuid.uuid4()
            _from_postgres(stores, planned, known, done, reason, say)
            reach("after_erasure_postgres")
            _from_clickhouse(stores, planned, done, say)
            reach("after_erasure_clickhouse")
            _from_cold_files(stores, planned, done, say)
        else:
            left = _plan(stores, subject, _known(connection, subject)).lines()
            if left:
                shown = "; ".join(f"{rows} rows of {relation} in {store}" for store, relation, rows in left[:3])
                raise NotErased(f"{shown}: they came back {TRIES} times: stop whoever writes them, then run it again")
        if done.id is None:
            return done
        say("vacuum and facades")
        _tidy(connection, done)
        reach("before_erasure_end")
        connection.execute(
            "UPDATE ops.erasures SET finished_at = clock_timestamp(), subject = NULL"
            " WHERE id = %s AND finished_at IS NULL",
            [done.id],
        )
    return done


@contextmanager
def _no_archiver(connection: psycopg.Connection, say: Callable[[str], None]) -> Iterator[None]:
    deadline = time.monotonic() + PATIENCE
    with ExitStack() as held:
        for policy in policies().values():
            said = False
            while not held.enter_context(only_archiver(connection, policy)):
                if not said:
                    say(f"waiting for the archiver of {policy.name}")
                    said = True
                if time.monotonic() > deadline:
                    raise NotErased(
                        f"another process has archived {policy.name} for {PATIENCE:.0f} s: run it again later"
                    )
                time.sleep(0.2)
        yield


@dataclass(frozen=True)
class _Known:
    """What earlier erasures of the same subject have taken: keys by policy, agents."""

    keys: dict[str, list[str]]
    agents: tuple[str, ...]


def _known(connection: psycopg.Connection, subject: Subject) -> _Known:
    keys: dict[str, list[str]] = {}
    for policy, key in connection.execute(
        "SELECT r.policy, r.key FROM ops.erased_rows AS r JOIN ops.erasures AS e ON e.id = r.erasure"
        " WHERE e.digest = %s",
        [subject.digest],
    ):
        keys.setdefault(policy, []).append(key)
    rows = connection.execute(
        "SELECT DISTINCT unnest(agents) FROM ops.erasures WHERE digest = %s", [subject.digest]
    ).fetchall()
    return _Known(keys, tuple(name for (name,) in rows))


def _plan(stores: Stores, subject: Subject, known: _Known) -> Plan:
    planned = plan.plan(
        stores.connection,
        stores.client,
        subject,
        schema=stores.schema,
        database=stores.database,
        agents=known.agents,
        known=known.keys,
        cold=stores.cold,
    )
    if stores.cold is not None:
        for holding in holdings().values():
            if holding.clickhouse:
                planned.cold[holding.clickhouse] = sum(
                    stores.cold.count(holding.clickhouse, column, values)
                    for column, values in _as_text(planned, holding)
                )
    return planned


def _as_text(planned: Plan, holding: Holding) -> list[tuple[str, list[str]]]:
    """(column, values) by which rows of a table of ClickHouse go, from wherever they lie, in pieces."""
    asked = planned.conditions(holding)
    if holding.is_keyed:
        asked = [("id", planned.keys(holding.name)), *asked]
    return [
        (column, [str(value) for value in values[first : first + plan.PART]])
        for column, values in asked
        for first in range(0, len(values), plan.PART)
    ]


def _from_postgres(
    stores: Stores,
    planned: Plan,
    known: _Known,
    done: Erasure,
    reason: str | None,
    say: Callable[[str], None],
) -> None:
    connection = stores.connection
    made_by = software(connection, stores.client)
    who = planned.person
    say("PostgreSQL")
    with connection.transaction():
        connection.execute(
            "INSERT INTO ops.erasures AS e (id, subject, digest, agents, reason, software)"
            " VALUES (%s, %s::jsonb, %s, %s, %s, %s)"
            " ON CONFLICT (id) DO UPDATE SET agents = ARRAY("
            "SELECT DISTINCT unnest(e.agents || excluded.agents) ORDER BY 1)",
            [done.id, json.dumps(planned.subject.as_json()), planned.subject.digest, list(who.agents), reason, made_by],
        )
        for found in planned.found.values():
            if found.holding.is_keyed:
                _write_down(connection, found, set(known.keys.get(found.holding.name, ())), done, made_by)
        for holding in reversed(holdings().values()):
            if holding.postgres:
                _delete(connection, planned, holding, done)
        for unlinking in UNLINKED:
            gone = connection.execute(
                f'UPDATE public."{unlinking.postgres}" SET "{unlinking.column}" = NULL'
                f' WHERE "{unlinking.column}" = ANY (%s)'.encode(),
                [planned.keys(unlinking.table)],
            ).rowcount
            _step(connection, done, "postgres", f"{unlinking.postgres}.{unlinking.column}", gone)
        for relation, rows in marts.delete_from_postgres(
            connection, stores.schema, planned.keys("trades"), who.agents
        ).items():
            _step(connection, done, "postgres", relation, rows)
        _forget_copies(connection, planned, done)
        reach("mid_erasure_postgres")


def _write_down(connection: psycopg.Connection, found: Found, known: set[str], done: Erasure, made_by: str) -> None:
    """The manifest of a table and the keys of its rows; keys that an interrupted call wrote down are there already."""
    name = found.holding.name
    archived = policies().get(name)
    keys = [key for key in found.keys if key in found.postgres or (key in found.clickhouse and key not in known)]
    if not keys:
        return
    versions = [found.version(key) for key in keys]
    text = "\n".join([str(done.id), name, *(f"{key} {at}" for key, at in zip(keys, versions, strict=True))])
    batch = uuid.UUID(bytes=hashlib.sha256(text.encode()).digest()[:16])
    connection.execute(
        "INSERT INTO ops.archive_manifests (kind, policy, batch, verdict, source, target, contract, rows, bytes,"
        " first_key, last_key, min_version, max_version, row_keys, row_versions, row_digests, postgres, clickhouse,"
        " software, snapshot_at) VALUES ('erasure', %(policy)s, %(batch)s, 'verified', %(source)s, %(target)s,"
        " %(contract)s, %(rows)s, 0, %(first)s, %(last)s, %(oldest)s, %(newest)s, %(keys)s::text[],"
        " %(versions)s::timestamptz[], '', jsonb_build_object('rows', %(here)s::bigint),"
        " jsonb_build_object('rows', %(there)s::bigint), %(software)s,"
        " clock_timestamp())",
        {
            "policy": name,
            "batch": batch,
            "source": f"public.{found.holding.postgres}",
            "target": found.holding.clickhouse or "",
            "contract": archived.contract if archived else "",
            "rows": len(keys),
            "first": keys[0],
            "last": keys[-1],
            "oldest": min(versions),
            "newest": max(versions),
            "keys": keys,
            "versions": versions,
            "here": found.rows_postgres,
            "there": found.rows_clickhouse,
            "software": made_by,
        },
    )
    connection.execute(
        "INSERT INTO ops.erased_rows (policy, key, version, erasure, batch)"
        " SELECT %s, listed.key, listed.version, %s, %s"
        " FROM unnest(%s::text[], %s::timestamptz[]) AS listed (key, version)"
        " ON CONFLICT (policy, key) DO UPDATE SET version = greatest(erased_rows.version, excluded.version),"
        " erasure = excluded.erasure, batch = excluded.batch, transaction_id = excluded.transaction_id,"
        " erased_at = excluded.erased_at",
        [name, done.id, batch, keys, versions],
    )


def _delete(connection: psycopg.Connection, planned: Plan, holding: Holding, done: Erasure) -> None:
    if holding.is_keyed:
        # Exactly what the manifest lists: a row that came meanwhile is the next look's.
        asked = plan.typed(holding, [("id", list(planned.found[holding.name].postgres))])
    else:
        asked = planned.conditions(holding)
    asked = [(column, values) for column, values in asked if values]
    if not asked:
        return
    where, values = plan.postgres_condition(asked)
    gone = connection.execute(f'DELETE FROM public."{holding.postgres}" AS t WHERE {where}'.encode(), values).rowcount
    _step(connection, done, "postgres", holding.postgres or "", gone)


def _forget_copies(connection: psycopg.Connection, planned: Plan, done: Erasure) -> None:
    """Marks and recalls of rows that are gone, and copies of refused rows."""
    who = planned.person
    gone = connection.execute(
        "DELETE FROM ops.quarantine WHERE payload ->> 'user_id' = ANY (%s) OR payload ->> 'agent_id' = ANY (%s)",
        [list(who.ids), list(who.agents)],
    ).rowcount
    # Its triggers keep a row whose writer's clock was ahead of ours.
    connection.execute("DELETE FROM ops.trades_kept WHERE id = ANY (%s)", [planned.keys("trades")])
    # What decisions that stay said of them before they were unlinked.
    connection.execute("DELETE FROM ops.former_rows WHERE row ->> 'trade_id' = ANY (%s)", [planned.keys("trades")])
    for found in planned.found.values():
        if not found.holding.is_keyed or not found.keys:
            continue
        name = found.holding.name
        gone += connection.execute(
            "DELETE FROM ops.quarantine WHERE row_key = ANY (%s) AND source = %s", [found.keys, f"archive/{name}"]
        ).rowcount
        connection.execute("DELETE FROM ops.archive_recalls WHERE policy = %s AND key = ANY (%s)", [name, found.keys])
        connection.execute("DELETE FROM ops.archive_marks WHERE policy = %s AND key = ANY (%s)", [name, found.keys])
    _step(connection, done, "postgres", "ops.quarantine", gone)


def _from_clickhouse(stores: Stores, planned: Plan, done: Erasure, say: Callable[[str], None]) -> None:
    client = stores.client
    changed: list[str] = []

    def carry_out(table: str, relation: str, command: str, parts: list[tuple[str, list, str]]) -> None:
        rows = sum(
            int(
                client.query(
                    f"SELECT count() FROM {table} WHERE `{column}` IN {{part:{kind}}}", parameters={"part": part}
                ).result_rows[0][0]
            )
            for column, part, kind in parts
        )
        if not rows:
            return
        say(f"ClickHouse: {relation}, {rows} rows")
        if stores.wait:
            mutations.hurry(client, table)
        for column, part, kind in parts:
            mutations.submit(client, table, command, column, part, kind)
        reach("mid_erasure_clickhouse")
        mutations.wait(client, table)
        changed.append(table)
        _step(stores.connection, done, "clickhouse", relation, rows)

    # What links to a table is found through it: it goes last, as in PostgreSQL.
    for holding in reversed(holdings().values()):
        if holding.clickhouse:
            asked = [("id", planned.keys(holding.name))] if holding.is_keyed else planned.conditions(holding)
            parts = plan.clickhouse_parts(holding, asked)
            carry_out(holding.clickhouse, holding.clickhouse, "DELETE", parts)
    for unlinking in UNLINKED:
        parts = plan.clickhouse_parts(None, [(unlinking.column, planned.keys(unlinking.table))])
        for table in unlinking.clickhouse:
            carry_out(table, f"{table}.{unlinking.column}", f"UPDATE `{unlinking.column}` = NULL", parts)
    for table, column in marts.clickhouse_tables(client, stores.database):
        values = planned.keys("trades") if column == marts.TRADE else list(planned.person.agents)
        relation = f"{stores.database}.{table}"
        parts = plan.clickhouse_parts(None, [(column, values)])
        carry_out(f"`{stores.database}`.`{table}`", relation, "DELETE", parts)
    if stores.wait:
        for table in dict.fromkeys(changed):
            mutations.wait_for_files(client, table)


def _from_cold_files(stores: Stores, planned: Plan, done: Erasure, say: Callable[[str], None]) -> None:
    if stores.cold is None:
        return
    for holding in holdings().values():
        if holding.clickhouse and planned.cold.get(holding.clickhouse):
            say(f"cold files: {holding.clickhouse}")
            gone = sum(
                stores.cold.erase(holding.clickhouse, column, values) for column, values in _as_text(planned, holding)
            )
            _step(stores.connection, done, "cold", holding.clickhouse, gone)


def _step(connection: psycopg.Connection, done: Erasure, store: str, relation: str, rows: int) -> None:
    if not rows:
        return
    done.rows[(store, relation)] = done.rows.get((store, relation), 0) + rows
    connection.execute(
        "INSERT INTO ops.erasure_steps AS s (erasure, store, relation, rows) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (erasure, store, relation) DO UPDATE SET rows = s.rows + excluded.rows,"
        " done_at = clock_timestamp()",
        [done.id, store, relation, rows],
    )


def _tidy(connection: psycopg.Connection, done: Erasure) -> None:
    """Dead rows are vacuumed away, and facades that keep a copy read their tables again."""
    for (table,) in connection.execute(
        "SELECT relation FROM ops.erasure_steps WHERE erasure = %s AND store = 'postgres'"
        " AND to_regclass(format('public.%%I', relation)) IS NOT NULL",
        [done.id],
    ).fetchall():
        connection.execute(f'VACUUM public."{table}"'.encode())
    for schema, view in connection.execute(
        "SELECT schemaname, matviewname FROM pg_matviews WHERE ispopulated ORDER BY 1, 2"
    ).fetchall():
        connection.execute(f'REFRESH MATERIALIZED VIEW "{schema}"."{view}"'.encode())
