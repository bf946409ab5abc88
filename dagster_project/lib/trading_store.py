"""Lands rows in the trading tables of PostgreSQL.

COPY into a temporary table, then one upsert that touches only rows that differ: a replay changes nothing. What is
refused goes to ops.quarantine in the same transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from dagster_project.lib import exact_json
from dagster_project.lib.trading_rows import MADE_UP_ORIGINS, REAL_ORIGINS, TRADES, Reject, Row, Table, Tally, Values

if TYPE_CHECKING:
    import psycopg
    from psycopg import sql


def land_trades(connection: psycopg.Connection, rows: Iterable[Values], source: str) -> Tally:
    """Lands trades given as dicts by column name (see `trading_rows.TRADES`).

    Args:
        source: the writer, as ops.quarantine names it, such as `sandbox/trades`.
    """
    return land(connection, TRADES, (Row(values, values) for values in rows), source)


def land(connection: psycopg.Connection, table: Table, rows: Iterable[Row | Reject], source: str) -> Tally:
    """Lands rows of one table in one transaction; all rows give the same columns.

    Refused, with the reason: rows that break a rule of the table, a second row of the same key that says something
    else, an agent that is not in `agents`, a key that belongs to another agent, and a made-up row that turns real.

    Args:
        rows: rows, and rejects that were found before; they are kept and counted too.
    """
    tally = Tally()
    accepted: dict[tuple, Row] = {}
    for row in rows:
        if isinstance(row, Reject):
            tally.rejects.append(row)
        elif why := table.problem(row.values):
            tally.rejects.append(Reject(_shown_key(table, row.values), why, row.raw))
        else:
            key = tuple(row.values[column] for column in table.key)
            first = accepted.setdefault(key, row)
            if first is not row and first.values == row.values:
                tally.unchanged += 1
            elif first is not row:
                why = "another row of the same key says something else; the first was taken"
                tally.rejects.append(Reject(_shown_key(table, row.values), why, row.raw))
    with connection.transaction():
        if accepted:
            _upsert(connection, table, accepted, tally)
        quarantine(connection, source, tally.rejects)
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


def _upsert(connection: psycopg.Connection, table: Table, rows: dict[tuple, Row], tally: Tally) -> None:
    from psycopg import sql

    columns = list(next(iter(rows.values())).values)
    parts = {
        "table": sql.Identifier(table.name),
        "columns": _list(columns),
        "key": _list(table.key),
        "real": sql.SQL(", ").join(map(sql.Literal, REAL_ORIGINS)),
        "made_up": sql.SQL(", ").join(map(sql.Literal, MADE_UP_ORIGINS)),
        "same_key": sql.SQL(" AND ").join(sql.SQL("stored.{0} = incoming.{0}").format(_id(c)) for c in table.key),
    }
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS pg_temp.incoming")
        cursor.execute(
            sql.SQL("CREATE TEMP TABLE incoming ON COMMIT DROP AS SELECT {columns} FROM {table} WITH NO DATA").format(
                **parts
            )
        )
        with cursor.copy(sql.SQL("COPY incoming ({columns}) FROM STDIN").format(**parts)) as copy:
            for row in rows.values():
                copy.write_row([_stored(row.values[column]) for column in columns])
        for reason, condition in _refusals(table, columns):
            cursor.execute(
                sql.SQL("DELETE FROM incoming WHERE ({condition}) RETURNING {key}, {reason}").format(
                    condition=condition.format(**parts), reason=reason, key=parts["key"]
                )
            )
            for *key, why in cursor.fetchall():
                row = rows.pop(tuple(key))
                tally.rejects.append(Reject(_shown_key(table, row.values), why, row.raw))
        cursor.execute(_upsert_statement(table, columns, parts))
        outcomes = [inserted for (inserted,) in cursor.fetchall()]
        cursor.execute("DROP TABLE incoming")
    tally.landed += sum(outcomes)
    tally.updated += len(outcomes) - sum(outcomes)
    tally.unchanged += len(rows) - len(outcomes)


def _upsert_statement(table: Table, columns: list[str], parts: dict[str, sql.Composable]) -> sql.Composed:
    from psycopg import sql

    rest = [column for column in columns if column not in table.key]
    if table.insert_only:
        action = sql.SQL("DO NOTHING")
    else:
        stored = sql.SQL(", ").join(sql.SQL("stored.{}").format(_id(column)) for column in rest)
        excluded = sql.SQL(", ").join(sql.SQL("excluded.{}").format(_id(column)) for column in rest)
        action = sql.SQL(
            "DO UPDATE SET ({rest}) = ROW({excluded}) WHERE ({stored}) IS DISTINCT FROM ({excluded}) AND {newer}"
        ).format(
            rest=_list(rest),
            stored=stored,
            excluded=excluded,
            newer=sql.SQL("excluded.{0} >= stored.{0}").format(_id(table.newest_by))
            if table.newest_by
            else sql.SQL("true"),
        )
    # xmax = 0 holds for rows that this statement inserted. Ordered by key, so that two writers cannot deadlock.
    return sql.SQL(
        "INSERT INTO {table} AS stored ({columns}) SELECT {columns} FROM incoming ORDER BY {key}"
        " ON CONFLICT ({key}) {action} RETURNING (xmax = 0)"
    ).format(**parts, action=action)


def _refusals(table: Table, columns: list[str]) -> Iterator[tuple[sql.SQL, sql.SQL]]:
    """(reason, condition) pairs over `incoming`, for what only the database knows."""
    from psycopg import sql

    if "agent_id" in columns:
        yield (
            sql.SQL("'agent_id ' || agent_id || ' is not a known agent'"),
            sql.SQL("NOT EXISTS (SELECT FROM agents WHERE agents.id = incoming.agent_id)"),
        )
    if table.agent_fixed:
        yield (
            sql.SQL("'the key belongs to another agent'"),
            sql.SQL("EXISTS (SELECT FROM {table} AS stored WHERE {same_key} AND stored.agent_id <> incoming.agent_id)"),
        )
    if "origin" in columns and not table.insert_only:
        yield (
            sql.SQL("'stored as made up, which never becomes ' || origin"),
            sql.SQL(
                "origin IN ({real}) AND EXISTS (SELECT FROM {table} AS stored WHERE {same_key}"
                " AND stored.origin IN ({made_up}))"
            ),
        )


def _id(column: str) -> sql.Identifier:
    from psycopg import sql

    return sql.Identifier(column)


def _list(columns: Iterable[str]) -> sql.Composed:
    from psycopg import sql

    return sql.SQL(", ").join(_id(column) for column in columns)


def _stored(value: object) -> object:
    return exact_json.dumps(value) if isinstance(value, dict) else value


def _shown_key(table: Table, values: Values) -> str:
    return "/".join(str(values.get(column, "?")) for column in table.key)


def _label(words: str) -> str:
    return words.encode("utf-8", "backslashreplace").decode().replace("\0", "\\u0000")[:500]
