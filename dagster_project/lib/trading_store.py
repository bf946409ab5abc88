"""Lands rows in the trading tables of PostgreSQL, or says what landing them would do.

Rows come in batches of bounded size, each a transaction: COPY into a temporary table, refusals, then one upsert that
touches only rows that differ, so that a replay changes nothing and a killed import is simply run again. What is refused
goes to ops.quarantine in the same transaction.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, localcontext
from enum import Enum
from itertools import islice
from typing import TYPE_CHECKING, Any

from dagster_project.lib import exact_json
from dagster_project.lib.trading_rows import (
    EXACT,
    KEPT,
    MADE_UP_ORIGINS,
    REAL_ORIGINS,
    TRADES,
    Difference,
    Reject,
    Row,
    Sums,
    Table,
    Tally,
    Values,
)

if TYPE_CHECKING:
    import psycopg
    from psycopg import sql

BATCH_ROWS = 5_000

Money = Mapping[str, Callable[[Any], Any]]
"""Column -> its value in a raw row of the source: a number, or anything else where there is none."""


class Mode(Enum):
    """What to do with rows. TRY and COMPARE write nothing; they differ in the name of what they find."""

    LAND = "land"
    TRY = "try"
    COMPARE = "compare"


def land_trades(connection: psycopg.Connection, rows: Iterable[Values], source: str) -> Tally:
    """Lands trades given as dicts by column name (see `trading_rows.TRADES`).

    Args:
        source: the writer, as ops.quarantine names it, such as `sandbox/trades`.
    """
    return land(connection, TRADES, (Row(values, values) for values in rows), source)


def land(
    connection: psycopg.Connection,
    table: Table,
    rows: Iterable[Row | Reject],
    source: str,
    *,
    mode: Mode = Mode.LAND,
    money: Money | None = None,
    batch_rows: int = BATCH_ROWS,
    on_batch: Callable[[int], None] = lambda rows: None,
) -> Tally:
    """Lands rows of one table, a transaction per batch; all rows give the same columns.

    Refused, with the reason: rows that break a rule of the table, a second row of the same key that says something
    else, an agent that is not in `agents`, a key that belongs to another agent, a made-up row that turns real, and what
    the database itself refuses.

    Args:
        rows: rows, and rejects that were found before; they are kept and counted too.
        mode: TRY and COMPARE only count: landed is what is not stored, updated what is stored otherwise.
        money: how the source's own figures are found in a raw row, for the sums; without it, sums are of the values
            that were given.
        on_batch: called with the number of rows after each batch.
    """
    lander = _Lander(connection, table, source, mode, money)
    tally = Tally()
    batches = _batches(rows, batch_rows)
    batch = next(batches, [])
    while batch:
        following = next(batches, [])
        done = lander.batch(batch, several=bool(following) or tally.read > 0)
        tally.add(done)
        on_batch(done.read)
        batch = following
    return tally


def quarantine(connection: psycopg.Connection, source: str, rejects: Iterable[Reject]) -> None:
    """Keeps refused rows; one that was refused before is counted again."""
    with connection.cursor() as cursor:
        cursor.executemany(
            """
            INSERT INTO ops.quarantine AS stored (source, row_key, reason, payload)
            VALUES (%s, %s, %s, %s::jsonb)
            ON CONFLICT (source, row_key, reason) DO UPDATE
            SET payload = excluded.payload, last_seen_at = now(), times_seen = stored.times_seen + 1
            """,
            [
                (source, _label(reject.key), _label(reject.reason), exact_json.dumps(reject.raw))
                for reject in sorted(rejects, key=lambda reject: (reject.key, reject.reason))
            ],
        )


@dataclass
class _Batch:
    """One batch on its way. `accepted` holds rows by key; `rejects` all that were refused."""

    accepted: dict[tuple, Row]
    rejects: list[Reject]
    tally: Tally


class _Lander:
    def __init__(
        self, connection: psycopg.Connection, table: Table, source: str, mode: Mode, money: Money | None
    ) -> None:
        self.connection = connection
        self.table = table
        self.source = source
        self.mode = mode
        self.money = money
        self.summed = list(table.money if money is None else money)
        self._seen = False

    def batch(self, rows: list[Row | Reject], several: bool) -> Tally:
        """Lands one batch; one that the database refuses is halved until the bad rows are alone.

        Args:
            several: other batches come before or after, whose keys must be told apart from this one's.
        """
        from psycopg import errors

        batch, seen = self._sift(rows), self._seen
        try:
            with self.connection.transaction():
                self._take(batch, several)
        except (errors.IntegrityError, errors.DataError, errors.RaiseException) as error:
            self._seen = seen
            if len(rows) > 1:
                middle = len(rows) // 2
                tally = self.batch(rows[:middle], several=True)
                tally.add(self.batch(rows[middle:], several=True))
                return tally
            row = rows[0]
            if isinstance(row, Reject):
                raise
            batch = _Batch({}, [Reject(_shown_key(self.table, row.values), _said(error), row.raw)], Tally())
            with self.connection.transaction():
                self._take(batch, several)
        for reject in batch.rejects:
            batch.tally.refuse(reject)
        return batch.tally

    def _sift(self, rows: list[Row | Reject]) -> _Batch:
        """What can be judged without the database."""
        batch = _Batch({}, [], Tally())
        for row in rows:
            if isinstance(row, Reject):
                batch.rejects.append(row)
                continue
            if why := self.table.problem(row.values):
                batch.rejects.append(Reject(_shown_key(self.table, row.values), why, row.raw))
                continue
            key = tuple(row.values[column] for column in self.table.key)
            first = batch.accepted.setdefault(key, row)
            if first is row:
                continue
            newest_by = self.table.newest_by
            if first.values == row.values:
                batch.tally.unchanged += 1
            elif newest_by:
                batch.tally.unchanged += 1
                if row.values[newest_by] >= first.values[newest_by]:
                    batch.accepted[key] = row
            else:
                batch.rejects.append(Reject(_shown_key(self.table, row.values), SAYS_ELSE, row.raw))
        return batch

    def _take(self, batch: _Batch, several: bool) -> None:
        if batch.accepted:
            columns = list(next(iter(batch.accepted.values())).values)
            incoming = _Incoming(self.connection, self.table, columns)
            incoming.copy(batch.accepted.values(), digests=several or self._seen)
            if self._seen:
                self._drop_repeated(incoming, batch)
            for key, why in incoming.refusals(self.mode):
                row = batch.accepted.pop(key)
                batch.rejects.append(Reject(_shown_key(self.table, row.values), why, row.raw))
            if several and not self.table.newest_by:
                incoming.remember(first=not self._seen)
                self._seen = True
            batch.tally.landed, batch.tally.updated, same = incoming.compared()
            batch.tally.unchanged += same
            if self.mode is Mode.LAND:
                incoming.upsert()
            elif self.mode is Mode.COMPARE:
                batch.tally.different = batch.tally.landed + batch.tally.updated
                batch.tally.differences = incoming.differences()
            if self.mode is not Mode.LAND and self.table.name == "agents":
                incoming.pretend()
            stored = incoming.sums(self.summed) if self.mode is not Mode.TRY else {}
            incoming.drop()
        else:
            stored = {}
        self._add_up(batch, stored)
        if self.mode is Mode.LAND:
            quarantine(self.connection, self.source, batch.rejects)

    def _drop_repeated(self, incoming: _Incoming, batch: _Batch) -> None:
        """Rows whose key an earlier batch had: equal ones are counted, others are refused."""
        for key, same in incoming.repeated():
            row = batch.accepted.pop(key)
            if same:
                batch.tally.unchanged += 1
            else:
                batch.rejects.append(Reject(_shown_key(self.table, row.values), SAYS_ELSE, row.raw))

    def _add_up(self, batch: _Batch, stored: Mapping[str, Decimal]) -> None:
        with localcontext(EXACT):
            for column in self.summed:
                batch.tally.sums[column] = Sums(
                    sum((self._figure(column, row) for row in batch.accepted.values()), Decimal(0)),
                    None if self.mode is Mode.TRY else stored.get(column, Decimal(0)),
                    sum((self._figure(column, reject) for reject in batch.rejects), Decimal(0)),
                )

    def _figure(self, column: str, row: Row | Reject) -> Decimal:
        if self.money is not None:
            return _number(self.money[column](row.raw))
        return _number(row.values.get(column)) if isinstance(row, Row) else Decimal(0)


SAYS_ELSE = "another row of the same key says something else; the first was taken"


class _Incoming:
    """The temporary table that one batch goes through."""

    def __init__(self, connection: psycopg.Connection, table: Table, columns: list[str]) -> None:
        from psycopg import sql

        self.table = table
        self.columns = columns
        self.cursor = connection.cursor()
        same_key = sql.SQL(" AND ").join(sql.SQL("stored.{0} = incoming.{0}").format(_id(c)) for c in table.key)
        rest = [column for column in columns if column not in table.key]
        self.parts: dict[str, sql.Composable] = {
            "table": sql.Identifier(table.name),
            "columns": _list(columns),
            "key": _list(table.key),
            "first_key": _id(table.key[0]),
            "incoming_key": sql.SQL(", ").join(sql.SQL("incoming.{}").format(_id(column)) for column in table.key),
            "rest": _list(rest),
            "excluded": sql.SQL(", ").join(sql.SQL("excluded.{}").format(_id(column)) for column in rest),
            "stored_rest": sql.SQL(", ").join(sql.SQL("stored.{}").format(_id(column)) for column in rest),
            "incoming_rest": sql.SQL(", ").join(sql.SQL("incoming.{}").format(_id(column)) for column in rest),
            "real": sql.SQL(", ").join(map(sql.Literal, REAL_ORIGINS)),
            "made_up": sql.SQL(", ").join(map(sql.Literal, MADE_UP_ORIGINS)),
            "same_key": same_key,
            "seen": sql.Identifier("pg_temp", f"seen_{table.name}"),
            "limit": sql.Literal(KEPT),
        }

    def copy(self, rows: Iterable[Row], digests: bool) -> None:
        """Fills the table; `digest` tells rows of equal key in different batches apart, where there are several."""
        self._run("DROP TABLE IF EXISTS pg_temp.incoming")
        self._run("CREATE TEMP TABLE incoming ON COMMIT DROP AS SELECT {columns} FROM {table} WITH NO DATA")
        self._run("ALTER TABLE incoming ADD COLUMN digest bytea")
        with self.cursor.copy(_sql("COPY incoming ({columns}, digest) FROM STDIN").format(**self.parts)) as copy:
            for row in rows:
                digest = _digest(row.values) if digests else None
                copy.write_row([*(_stored(row.values[column]) for column in self.columns), digest])

    def repeated(self) -> list[tuple[tuple, bool]]:
        """Takes rows out whose key an earlier batch had: (key, whether they were equal)."""
        self._run(
            "DELETE FROM incoming USING {seen} AS stored WHERE {same_key}"
            " RETURNING stored.digest = incoming.digest, {incoming_key}"
        )
        return [(tuple(key), same) for same, *key in self.cursor.fetchall()]

    def remember(self, first: bool) -> None:
        """Keeps the keys for later batches, on the server's disk."""
        if first:
            self._run("DROP TABLE IF EXISTS {seen}")
            self._run("CREATE TEMP TABLE {seen} AS SELECT {key}, digest FROM incoming WITH NO DATA")
            self._run("CREATE UNIQUE INDEX ON {seen} ({key})")
        self._run("INSERT INTO {seen} SELECT {key}, digest FROM incoming")

    def refusals(self, mode: Mode) -> Iterator[tuple[tuple, str]]:
        """Takes rows out that cannot go in, with the reason, for what only the database knows."""
        for reason, condition in self._refusals(mode):
            self._run(f"DELETE FROM incoming WHERE ({condition}) RETURNING {reason}, {{key}}")
            for why, *key in self.cursor.fetchall():
                yield tuple(key), why

    def compared(self) -> tuple[int, int, int]:
        """How many rows are new, how many change a stored one, how many leave it as it is."""
        self._run(
            "SELECT count(*) FILTER (WHERE stored.{first_key} IS NULL),"
            f" count(*) FILTER (WHERE stored.{{first_key}} IS NOT NULL AND {self._changes}), count(*)"
            " FROM incoming LEFT JOIN {table} AS stored ON {same_key}"
        )
        new, changed, all_rows = self.cursor.fetchone() or (0, 0, 0)
        return new, changed, all_rows - new - changed

    def upsert(self) -> None:
        """Writes what is new or different, in the order of keys, so that two writers cannot deadlock."""
        action = "NOTHING"
        if not self.table.insert_only:
            newer = (
                f" AND excluded.{self.table.newest_by} >= stored.{self.table.newest_by}" if self.table.newest_by else ""
            )
            action = "UPDATE SET ({rest}) = ROW({excluded}) WHERE ({stored_rest}) IS DISTINCT FROM ({excluded})" + newer
        self._run(
            "INSERT INTO {table} AS stored ({columns}) SELECT {columns} FROM incoming ORDER BY {key}"
            f" ON CONFLICT ({{key}}) DO {action}"
        )

    def differences(self) -> list[Difference]:
        """The first rows that are not stored as they are in the source, cell by cell."""
        self._run(
            "SELECT to_jsonb(incoming)::text, to_jsonb(stored)::text, {incoming_key}"
            " FROM incoming LEFT JOIN {table} AS stored ON {same_key}"
            f" WHERE stored.{{first_key}} IS NULL OR ({self._changes}) ORDER BY {{incoming_key}} LIMIT {{limit}}"
        )
        found = []
        for source_text, stored_text, *key in self.cursor.fetchall():
            shown = "/".join(map(str, key))
            if stored_text is None:
                found.append(Difference(shown, None, None, None))
                continue
            source, stored = (exact_json.loads(text.encode()) for text in (source_text, stored_text))
            found += [
                Difference(shown, column, source[column], stored[column])
                for column in self.columns
                if source[column] != stored[column]
            ]
        return found

    def pretend(self) -> None:
        """Remembers agents that a real import would have landed by now, for this session."""
        self._run("CREATE TEMP TABLE IF NOT EXISTS pretended_agents (id text PRIMARY KEY)")
        self._run("INSERT INTO pretended_agents SELECT id FROM incoming ON CONFLICT DO NOTHING")

    def sums(self, columns: list[str]) -> dict[str, Decimal]:
        """What the database holds of these rows, added up."""
        present = [column for column in columns if column in self.columns]
        if not present:
            return {}
        listed = ", ".join(f"coalesce(sum(stored.{column}), 0)" for column in present)
        self._run(f"SELECT {listed} FROM incoming JOIN {{table}} AS stored ON {{same_key}}")
        return dict(zip(present, self.cursor.fetchone() or (), strict=True))

    def drop(self) -> None:
        """Makes room for the next batch of the same transaction."""
        self._run("DROP TABLE incoming")
        self.cursor.close()

    @property
    def _changes(self) -> str:
        if self.table.insert_only or len(self.columns) == len(self.table.key):
            return "false"
        newer = f" AND incoming.{self.table.newest_by} >= stored.{self.table.newest_by}" if self.table.newest_by else ""
        return "({incoming_rest}) IS DISTINCT FROM ({stored_rest})" + newer

    def _refusals(self, mode: Mode) -> Iterator[tuple[str, str]]:
        if "agent_id" in self.columns:
            known = "NOT EXISTS (SELECT FROM agents WHERE agents.id = incoming.agent_id)"
            if mode is not Mode.LAND:
                self._run("CREATE TEMP TABLE IF NOT EXISTS pretended_agents (id text PRIMARY KEY)")
                known += " AND NOT EXISTS (SELECT FROM pretended_agents AS p WHERE p.id = incoming.agent_id)"
            yield "'agent_id ' || agent_id || ' is not a known agent'", known
        for column in self.table.fixed:
            if column in self.columns:
                yield (
                    "'the key belongs to another agent'"
                    if column == "agent_id"
                    else f"'the key belongs to another row: its {column} differs'",
                    "EXISTS (SELECT FROM {table} AS stored WHERE {same_key}"
                    f" AND stored.{column} IS DISTINCT FROM incoming.{column})",
                )
        if "origin" in self.columns and not self.table.insert_only:
            yield (
                "'stored as made up, which never becomes ' || origin",
                "origin IN ({real}) AND EXISTS (SELECT FROM {table} AS stored WHERE {same_key}"
                " AND stored.origin IN ({made_up}))",
            )

    def _run(self, statement: str) -> None:
        # Not prepared: the temporary table is another one in each batch.
        self.cursor.execute(_sql(statement).format(**self.parts), prepare=False)


def _batches(rows: Iterable[Row | Reject], size: int) -> Iterator[list[Row | Reject]]:
    rows = iter(rows)
    while batch := list(islice(rows, size)):
        yield batch


def _number(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return Decimal(0)
    exact = Decimal(value)
    return exact if exact.is_finite() and abs(exact.adjusted()) < 200 else Decimal(0)


def _digest(values: Values) -> bytes:
    # repr: exact_json.dumps took a third of an import's time.
    return hashlib.blake2b(repr(values).encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _sql(statement: str) -> sql.SQL:
    from psycopg import sql

    return sql.SQL(statement)  # type: ignore[arg-type]


def _id(column: str) -> sql.Identifier:
    from psycopg import sql

    return sql.Identifier(column)


def _list(columns: Iterable[str]) -> sql.Composed:
    from psycopg import sql

    return sql.SQL(", ").join(_id(column) for column in columns)


def _stored(value: object) -> object:
    return exact_json.dumps(value) if isinstance(value, dict | list) else value


def _said(error: psycopg.Error) -> str:
    diagnosis = error.diag
    what = (diagnosis.message_primary or str(error)).splitlines()[0]
    return f"refused by the database: {what}"


def _shown_key(table: Table, values: Values) -> str:
    return "/".join(str(values.get(column, "?")) for column in table.key)


def _label(words: str) -> str:
    return words.encode("utf-8", "backslashreplace").decode().replace("\0", "\\u0000")[:500]
