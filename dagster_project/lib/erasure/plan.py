"""What an erasure would take, table by table, without taking it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from dagster_project.lib.archive.policies import policies
from dagster_project.lib.erasure import marts
from dagster_project.lib.erasure.holdings import UNLINKED, Holding, Unlinking, holdings
from dagster_project.lib.erasure.subject import Subject

if TYPE_CHECKING:
    import psycopg
    from clickhouse_connect.driver.client import Client

PART = 5_000  # keys of one query to ClickHouse: about 200 kB of text
NEVER = datetime(1970, 1, 1, tzinfo=UTC)


class ColdFiles(Protocol):
    """Files that rows of ClickHouse have moved to, by the tables of ClickHouse that held them."""

    def view(self, table: str) -> str | None:
        """A view over the table and its files as one; None when it has no files."""
        ...

    def count(self, table: str, column: str, values: Sequence[str]) -> int:
        """Rows in files whose column has one of these values (as text)."""
        ...

    def erase(self, table: str, column: str, values: Sequence[str]) -> int:
        """Writes these files anew without the rows; returns how many went. A second call finds none."""
        ...


@dataclass(frozen=True)
class Person:
    """Ids under which rows of a person are found.

    `agents` are run by this person alone and go too; `shared` ones have configurations of others, and stay.
    """

    ids: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()


@dataclass
class Found:
    """Rows of one table: key -> newest version in each store for keyed tables; numbers of rows for all."""

    holding: Holding
    postgres: dict[str, datetime] = field(default_factory=dict)
    clickhouse: dict[str, datetime] = field(default_factory=dict)
    rows_postgres: int = 0
    rows_clickhouse: int = 0

    @property
    def keys(self) -> list[str]:
        """Keys in either store."""
        return sorted(self.postgres.keys() | self.clickhouse.keys())

    def version(self, key: str) -> datetime:
        """The newest version of a key in either store (UTC)."""
        return max(self.postgres.get(key, NEVER), self.clickhouse.get(key, NEVER))


@dataclass
class Plan:
    """What would go. `marts` and `unlinked`: (store, relation) -> rows; `cold`: table of ClickHouse -> rows.

    `known` are keys that earlier erasures of the same subject have taken, by table.
    """

    subject: Subject
    person: Person
    found: dict[str, Found]
    known: dict[str, list[str]] = field(default_factory=dict)
    marts: dict[tuple[str, str], int] = field(default_factory=dict)
    unlinked: dict[tuple[str, str], int] = field(default_factory=dict)
    cold: dict[str, int] = field(default_factory=dict)

    def keys(self, table: str) -> list[str]:
        """Keys of a table that go, and those that went."""
        found = self.found[table].keys if table in self.found else []
        return sorted({*found, *self.known.get(table, ())})

    def conditions(self, holding: Holding) -> list[tuple[str, list]]:
        """(column, values) by which rows of a table go; one of them is enough."""
        keys = {link.table: self.keys(link.table) for link in holding.links}
        return typed(holding, conditions(holding, self.subject, self.person, keys))

    def lines(self) -> list[tuple[str, str, int]]:
        """(store, relation, rows) of everything that is there."""
        lines = []
        for found in self.found.values():
            lines.append(("postgres", found.holding.postgres or "", found.rows_postgres))
            lines.append(("clickhouse", found.holding.clickhouse or "", found.rows_clickhouse))
        lines += [(*place, rows) for place, rows in [*self.marts.items(), *self.unlinked.items()]]
        lines += [("cold", table, rows) for table, rows in self.cold.items()]
        return [line for line in lines if line[2]]

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left to erase."""
        return not self.lines()


def person(connection: psycopg.Connection, subject: Subject, agents: tuple[str, ...] = ()) -> Person:
    """Who is behind a subject.

    Args:
        agents: agents that an earlier erasure of the same person found; their configurations are gone by now.
    """
    if subject.user is None:
        return Person()
    number = connection.execute(
        "SELECT u.user_number::text FROM users AS u WHERE u.id = %s"
        " AND NOT EXISTS (SELECT FROM users AS o WHERE o.id = u.user_number::text AND o.id <> u.id)",
        [subject.user],
    ).fetchone()
    rows = connection.execute(
        "SELECT agent_id, bool_and(user_id IS NOT DISTINCT FROM %(user)s) FROM agent_configs"
        " WHERE agent_id IN (SELECT agent_id FROM agent_configs WHERE user_id = %(user)s) GROUP BY agent_id",
        {"user": subject.user},
    ).fetchall()
    # An agent that somebody runs again is not this person's alone.
    taken = {
        name
        for (name,) in connection.execute(
            "SELECT agent_id FROM agent_configs WHERE user_id IS DISTINCT FROM %s AND agent_id = ANY (%s)",
            [subject.user, list(agents)],
        )
    }
    own = {name for name, is_own in rows if is_own} | (set(agents) - taken)
    return Person(
        ids=(subject.user,),
        numbers=(number[0],) if number else (),
        agents=tuple(sorted(own)),
        shared=tuple(sorted(name for name, is_own in rows if not is_own)),
    )


def plan(
    connection: psycopg.Connection,
    client: Client,
    subject: Subject,
    *,
    schema: str,
    database: str,
    agents: tuple[str, ...] = (),
    known: dict[str, list[str]] | None = None,
    cold: ColdFiles | None = None,
) -> Plan:
    """Looks into both stores.

    Args:
        schema: schema of PostgreSQL with the marts.
        database: database of ClickHouse with the marts.
        agents, known: ids of agents, and keys by table, that earlier erasures of the same subject have taken.
    """
    who = person(connection, subject, agents)
    result = Plan(subject, who, {}, known or {})
    for holding in holdings().values():
        found = Found(holding)
        result.found[holding.name] = found
        if holding.postgres:
            _in_postgres(connection, result, found)
        if holding.clickhouse:
            _in_clickhouse(client, result, found, cold)
    gone = result.keys("trades")
    result.marts = {
        **marts.in_postgres(connection, schema, gone, who.agents),
        **marts.in_clickhouse(client, database, gone, who.agents),
    }
    for unlinking in UNLINKED:
        keys = result.keys(unlinking.table)
        result.unlinked |= _unlinked(connection, client, unlinking, keys, result)
    return result


def conditions(holding: Holding, subject: Subject, who: Person, keys: dict[str, list[str]]) -> list[tuple[str, list]]:
    """(column, values) by which rows of a table go; one of them is enough.

    Args:
        keys: keys of erased rows of other tables.
    """
    found: list[tuple[str, list[Any]]] = []
    if subject.policy == holding.postgres:
        found.append(("id", list(subject.keys)))
    if holding.user:
        found.append((holding.user, [*who.ids, *(who.numbers if holding.numbers else ())]))
    found += [(column, list(who.agents)) for column in holding.agents]
    found += [
        (link.column, keys.get(link.table, [])) for link in holding.links if subject.user is not None or link.part
    ]
    return [(column, values) for column, values in found if values]


def postgres_condition(found: list[tuple[str, list]]) -> tuple[str, dict[str, list]]:
    """The condition over `t` with its parameters."""
    parts = [f't."{column}" = ANY (%(value_{place})s::{_type(values)})' for place, (column, values) in enumerate(found)]
    return " OR ".join(parts), {f"value_{place}": values for place, (_, values) in enumerate(found)}


def _type(values: list) -> str:
    return "bigint[]" if values and isinstance(values[0], int) else "text[]"


def _in_postgres(connection: psycopg.Connection, result: Plan, found: Found) -> None:
    holding = found.holding
    asked = [(column, values) for column, values in result.conditions(holding) if values]
    if not asked:
        return
    where, values = postgres_condition(asked)
    if holding.is_keyed:
        rows = connection.execute(
            f'SELECT t.id::text, t.updated_at FROM public."{holding.postgres}" AS t WHERE {where}'.encode(), values
        )
        found.postgres = dict(rows.fetchall())
        found.rows_postgres = len(found.postgres)
        return
    row = connection.execute(
        f'SELECT count(*) FROM public."{holding.postgres}" AS t WHERE {where}'.encode(), values
    ).fetchone()
    found.rows_postgres = row[0] if row else 0


def _in_clickhouse(client: Client, result: Plan, found: Found, cold: ColdFiles | None) -> None:
    holding = found.holding
    if not holding.is_keyed:
        found.rows_clickhouse = clickhouse_count(client, holding.clickhouse or "", result.conditions(holding))
        return
    sources = [holding.clickhouse or ""]
    if cold is not None and (view := cold.view(sources[0])):
        sources.append(view)
    # What PostgreSQL has or had is in ClickHouse under the same key, whatever its other columns say there.
    mine = [*found.postgres, *result.known.get(holding.name, ())]
    for column, part, kind in clickhouse_parts(holding, [*result.conditions(holding), ("id", mine)]):
        for source in sources:
            rows = client.query(
                f"SELECT toString(id), max(updated_at) FROM {source} WHERE `{column}` IN {{part:{kind}}} GROUP BY id",
                parameters={"part": part},
            ).result_rows
            for key, version in rows:
                at = version.replace(tzinfo=UTC) if version.tzinfo is None else version
                found.clickhouse[key] = max(found.clickhouse.get(key, NEVER), at)
    found.rows_clickhouse = clickhouse_count(client, holding.clickhouse or "", [("id", found.keys)], holding)


def clickhouse_count(client: Client, table: str, asked: list[tuple[str, list]], holding: Holding | None = None) -> int:
    """Stored rows, every version counted."""
    total = 0
    for column, part, kind in clickhouse_parts(holding, asked):
        total += int(
            client.query(
                f"SELECT count() FROM {table} WHERE `{column}` IN {{part:{kind}}}", parameters={"part": part}
            ).result_rows[0][0]
        )
    return total


def clickhouse_parts(holding: Holding | None, asked: list[tuple[str, list]]) -> list[tuple[str, list, str]]:
    """(column, values, type of the parameter) in pieces that fit a request."""
    parts = []
    for column, values in typed(holding, asked) if holding else asked:
        kind = "Array(Int64)" if values and isinstance(values[0], int) else "Array(String)"
        parts += [(column, values[first : first + PART], kind) for first in range(0, len(values), PART)]
    return parts


def typed(holding: Holding, asked: list[tuple[str, list]]) -> list[tuple[str, list]]:
    """Values as the columns of an archived table have them: ids that a database gives are numbers."""
    if not holding.is_archived:
        return asked
    policy = policies()[holding.name]
    whole = {column.name for column in policy.columns if column.postgres in ("bigint", "integer")}
    return [
        (column, [int(value) for value in values if str(value).isdecimal()] if column in whole else values)
        for column, values in asked
    ]


def _unlinked(
    connection: psycopg.Connection, client: Client, unlinking: Unlinking, keys: list[str], result: Plan
) -> dict[tuple[str, str], int]:
    if not keys:
        return {}
    holding = holdings()[unlinking.postgres]
    where, values = unlinking_condition(holding, unlinking, keys, result.subject, result.person)
    row = connection.execute(
        f'SELECT count(*) FROM public."{unlinking.postgres}" AS t WHERE {where}'.encode(), values
    ).fetchone()
    return {
        ("postgres", f"{unlinking.postgres}.{unlinking.column}"): row[0] if row else 0,
        **{
            ("clickhouse", f"{table}.{unlinking.column}"): clickhouse_count(client, table, [(unlinking.column, keys)])
            for table in unlinking.clickhouse
        },
    }


def unlinking_condition(
    holding: Holding, unlinking: Unlinking, keys: list[str], subject: Subject, who: Person
) -> tuple[str, dict[str, list]]:
    """The condition over `t` for rows that stay and name an erased row."""
    going, values = postgres_condition(conditions(holding, subject, who, {}))
    where = f't."{unlinking.column}" = ANY (%(erased)s::text[])' + (
        f" AND NOT coalesce({going}, false)" if going else ""
    )
    return where, {**values, "erased": keys}
