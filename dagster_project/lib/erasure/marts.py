"""Rows of marts that name an erased trade or agent. Whatever dbt has built there by now; no mart is named here."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psycopg
    from clickhouse_connect.driver.client import Client

# Column of a mart -> what it names.
TRADE, AGENT = "trade_id", "agent_id"
PART = 5_000


def postgres_tables(connection: psycopg.Connection, schema: str) -> list[tuple[str, str]]:
    """(table, column) of every mart that names trades or agents."""
    return connection.execute(
        "SELECT c.relname, a.attname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace"
        " JOIN pg_attribute AS a ON a.attrelid = c.oid AND NOT a.attisdropped"
        " WHERE n.nspname = %s AND c.relkind IN ('r', 'p') AND a.attname = ANY (%s) ORDER BY 1, 2",
        [schema, [TRADE, AGENT]],
    ).fetchall()


def clickhouse_tables(client: Client, database: str) -> list[tuple[str, str]]:
    """(table, column) of every mart that names trades or agents."""
    return [
        (str(table), str(column))
        for table, column in client.query(
            "SELECT c.table, c.name FROM system.columns AS c INNER JOIN system.tables AS t"
            " ON t.database = c.database AND t.name = c.table"
            " WHERE c.database = {database:String} AND t.engine LIKE '%MergeTree' AND c.name IN {names:Array(String)}"
            " ORDER BY 1, 2",
            parameters={"database": database, "names": [TRADE, AGENT]},
        ).result_rows
    ]


def in_postgres(
    connection: psycopg.Connection, schema: str, trades: list[str], agents: tuple[str, ...]
) -> dict[tuple[str, str], int]:
    """("postgres", schema.table) -> rows."""
    counts: dict[tuple[str, str], int] = {}
    for table, column in postgres_tables(connection, schema):
        row = connection.execute(
            f'SELECT count(*) FROM "{schema}"."{table}" WHERE "{column}" = ANY (%s)'.encode(),
            [trades if column == TRADE else list(agents)],
        ).fetchone()
        place = ("postgres", f"{schema}.{table}")
        counts[place] = max(counts.get(place, 0), row[0] if row else 0)
    return counts


def delete_from_postgres(
    connection: psycopg.Connection, schema: str, trades: list[str], agents: tuple[str, ...]
) -> dict[str, int]:
    """schema.table -> rows deleted."""
    counts: dict[str, int] = {}
    for table, column in postgres_tables(connection, schema):
        gone = connection.execute(
            f'DELETE FROM "{schema}"."{table}" WHERE "{column}" = ANY (%s)'.encode(),
            [trades if column == TRADE else list(agents)],
        ).rowcount
        counts[f"{schema}.{table}"] = counts.get(f"{schema}.{table}", 0) + gone
    return {table: rows for table, rows in counts.items() if rows}


def in_clickhouse(
    client: Client, database: str, trades: list[str], agents: tuple[str, ...]
) -> dict[tuple[str, str], int]:
    """("clickhouse", database.table) -> rows."""
    counts: dict[tuple[str, str], int] = {}
    for table, column in clickhouse_tables(client, database):
        place = ("clickhouse", f"{database}.{table}")
        found = 0
        values = trades if column == TRADE else list(agents)
        for first in range(0, len(values), PART):
            found += int(
                client.query(
                    f"SELECT count() FROM `{database}`.`{table}` WHERE `{column}` IN {{part:Array(String)}}",
                    parameters={"part": values[first : first + PART]},
                ).result_rows[0][0]
            )
        counts[place] = max(counts.get(place, 0), found)
    return counts
