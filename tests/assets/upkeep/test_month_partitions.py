"""Monthly partitions on a real PostgreSQL: ahead of time, nothing lost on the move, writers let through."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import dagster as dg
import psycopg
import pytest

from dagster_project.defs.upkeep.assets import MONTHS_AHEAD, month_partitions
from dagster_project.resources.postgres import PostgresResource

TABLES = {"price_ticks": "priced_at", "account_equity_snapshots": "captured_at"}
TICK = "INSERT INTO price_ticks (symbol, priced_at, price) VALUES ('BTC', %s, 1)"


@pytest.fixture
def connection(warehouse: Any) -> Iterator[psycopg.Connection]:
    """An autocommit connection to a database whose partitioned tables are empty. Each test has months of its own."""
    with psycopg.connect(warehouse.settings.postgres_url, autocommit=True) as opened:
        # Without triggers: rows that no archive manifest covers are not truncated otherwise.
        opened.execute("SET session_replication_role = replica")
        opened.execute("TRUNCATE price_ticks, account_equity_snapshots")
        opened.execute("RESET session_replication_role")
        yield opened


def run() -> dict[str, Any]:
    done = dg.materialize([month_partitions], resources={"postgres": PostgresResource()})
    [event] = done.get_asset_materialization_events()
    return {name: value.value for name, value in event.materialization.metadata.items()}


def months_from_now(count: int) -> list[str]:
    now = datetime.now(UTC)
    numbers = range(now.year * 12 + now.month - 1, now.year * 12 + now.month + count)
    return [f"{number // 12}{number % 12 + 1:02}" for number in numbers]


def partitions(connection: psycopg.Connection, table: str) -> list[str]:
    found = connection.execute(
        "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass ORDER BY 1", [table]
    ).fetchall()
    return [name.removeprefix(f"{table}_") for (name,) in found]


def test_months_ahead_exist_and_a_second_run_makes_none(connection: psycopg.Connection) -> None:
    run()
    for table in TABLES:
        assert {*months_from_now(MONTHS_AHEAD), "default"} <= {*partitions(connection, table)}
    assert run() == {"partitions_made": 0, "rows_moved": 0, "partitions": "none"}


def test_rows_of_the_default_partition_move_to_their_month_as_they_are(connection: psycopg.Connection) -> None:
    run()
    connection.execute(
        "INSERT INTO price_ticks (symbol, priced_at, price, origin) VALUES"
        " ('BTC', '2023-02-28 23:59:59.999999+00', 1, 'paper'),"
        " ('BTC', '2023-03-01 00:00:00+00', 2, 'recorded'), ('ETH', '2023-03-31 23:30:00+00', 3, 'live')"
    )
    connection.execute(
        "INSERT INTO account_equity_snapshots (agent_id, captured_at, equity) VALUES ('a', '2024-12-31 23:59:59+00', 5)"
    )
    before = {table: connection.execute(f"SELECT * FROM {table} ORDER BY id".encode()).fetchall() for table in TABLES}
    assert connection.execute("SELECT count(*) FROM price_ticks_default").fetchone() == (3,)
    connection.execute("SET timezone = 'Asia/Tokyo'")  # months are those of UTC whatever the session says
    made = connection.execute("SELECT * FROM ops.ensure_month_partitions(current_date)").fetchall()
    connection.execute("SET timezone = 'UTC'")
    assert made == [("account_equity_snapshots_202412", 1), ("price_ticks_202302", 1), ("price_ticks_202303", 2)]
    assert connection.execute("SELECT count(*) FROM price_ticks_default").fetchone() == (0,)
    for table, rows in before.items():
        assert connection.execute(f"SELECT * FROM {table} ORDER BY id".encode()).fetchall() == rows
    assert run()["partitions_made"] == 0


def test_rows_too_old_or_too_far_ahead_wait_where_they_are(connection: psycopg.Connection) -> None:
    for moment in ("1970-01-01 00:00:00+00", "2299-12-31 23:59:59.999999+00"):
        connection.execute(TICK, [moment])
    assert run()["rows_moved"] == 0
    assert connection.execute("SELECT count(*) FROM price_ticks_default").fetchone() == (2,)


def test_moved_partitions_keep_rules_triggers_and_comments(connection: psycopg.Connection) -> None:
    connection.execute(TICK, ["2024-05-05 00:00:00+00"])
    run()
    with pytest.raises(psycopg.errors.UniqueViolation):
        connection.execute(TICK, ["2024-05-05 00:00:00+00"])
    with pytest.raises(psycopg.errors.CheckViolation, match="price_ticks_price_fits"):
        connection.execute("UPDATE price_ticks SET price = 'NaN'")
    [(before,)] = connection.execute("SELECT updated_at FROM price_ticks").fetchall()
    connection.execute("UPDATE price_ticks SET origin = 'paper'")
    assert connection.execute("SELECT updated_at > %s FROM price_ticks", [before]).fetchone() == (True,)
    silent = connection.execute(
        "SELECT c.relname, a.attname FROM pg_inherits JOIN pg_class AS c ON c.oid = inhrelid"
        " JOIN pg_partitioned_table AS p ON p.partrelid = inhparent AND p.partstrat = 'r'"
        " JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 WHERE c.relkind = 'r'"
        " AND (obj_description(c.oid) IS NULL OR col_description(c.oid, a.attnum) IS NULL)"
    ).fetchall()
    assert silent == []


def test_writers_beside_it_all_get_through(connection: psycopg.Connection, warehouse: Any) -> None:
    months = [f"20{year:02}-{month:02}-15 00:00:00+00" for year in range(15, 20) for month in range(1, 13)]
    failures: list[BaseException] = []

    def write(price: int) -> None:
        try:
            with psycopg.connect(warehouse.settings.postgres_url, autocommit=True) as own:
                for moment in months:
                    own.execute(
                        "INSERT INTO price_ticks (symbol, priced_at, price) VALUES ('BTC', %s, %s)", [moment, price]
                    )
        except BaseException as failure:
            failures.append(failure)

    writers = [threading.Thread(target=write, args=[price]) for price in (1, 2, 3)]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        connection.execute("SELECT * FROM ops.ensure_month_partitions(current_date)")
    for writer in writers:
        writer.join()
    connection.execute("SELECT * FROM ops.ensure_month_partitions(current_date)")
    assert failures == []
    found = connection.execute(
        "SELECT count(*), count(DISTINCT tableoid), count(DISTINCT id) FROM price_ticks"
    ).fetchone()
    assert found == (len(months) * len(writers), len(months), len(months) * len(writers))
    assert connection.execute("SELECT count(*) FROM price_ticks_default").fetchone() == (0,)
