"""The tables themselves: PostgreSQL refuses what the contract refuses, and everything is described."""

from __future__ import annotations

from typing import Any

import clickhouse_connect
import psycopg
import pytest

AGENT = "INSERT INTO agents (id, display_name) VALUES ('a', 'A')"
TRADE = (
    "INSERT INTO trades (id, agent_id, exchange, symbol, side, status, quantity, {column})"
    " VALUES ('t', 'a', 'x', 'BTC', 'long', 'open', 1, {value})"
)


@pytest.mark.parametrize("column", ["net_pnl", "fee", "entry_price", "leverage", "confidence", "take_profit"])
@pytest.mark.parametrize("value", ["'NaN'", "'Infinity'", "'-Infinity'", "1e20", "0.1234567890123456789"])
def test_no_decimal_column_takes_what_clickhouse_could_not_hold(
    connection: psycopg.Connection, column: str, value: str
) -> None:
    connection.execute(AGENT)
    with pytest.raises(psycopg.errors.CheckViolation) as refused:
        connection.execute(TRADE.format(column=column, value=value).encode())
    assert column in (refused.value.diag.constraint_name or "")


def test_every_numeric_column_has_the_contract(connection: psycopg.Connection) -> None:
    without = connection.execute(
        """
        SELECT c.table_name, c.column_name FROM information_schema.columns c
        JOIN information_schema.tables AS t ON (t.table_schema, t.table_name) = (c.table_schema, c.table_name)
        WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' AND c.data_type = 'numeric' AND NOT EXISTS (
            SELECT FROM information_schema.constraint_column_usage u
            JOIN information_schema.check_constraints k USING (constraint_schema, constraint_name)
            WHERE u.table_name = c.table_name AND u.column_name = c.column_name AND k.check_clause LIKE '%fits_decimal%'
        )
        """
    ).fetchall()
    assert without == []


def test_every_table_and_column_is_described(connection: psycopg.Connection, warehouse: Any) -> None:
    silent = connection.execute(
        """
        SELECT c.oid::regclass::text, a.attname FROM pg_class c
        JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'
        LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition -- a partition is described where its table is
            AND (obj_description(c.oid) IS NULL OR col_description(c.oid, a.attnum) IS NULL)
        """
    ).fetchall()
    assert silent == []
    with clickhouse_connect.get_client(dsn=warehouse.settings.clickhouse_url) as client:
        rows = client.query(
            "SELECT table, name FROM system.columns WHERE database = currentDatabase() AND comment = ''"
            " AND table LIKE '%\\_versions'"
        ).result_rows
    assert rows == []


def test_a_write_that_changes_nothing_makes_no_version(connection: psycopg.Connection) -> None:
    connection.execute(AGENT)
    [(before,)] = connection.execute("SELECT updated_at FROM agents").fetchall()
    connection.execute("UPDATE agents SET display_name = 'A'")
    assert connection.execute("SELECT updated_at FROM agents").fetchall() == [(before,)]
    connection.execute("UPDATE agents SET display_name = 'B'")
    assert connection.execute("SELECT updated_at > %s FROM agents", [before]).fetchall() == [(True,)]
