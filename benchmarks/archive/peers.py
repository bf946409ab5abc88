"""What the archive is compared with: ClickHouse pulling the same rows, and the worker that the hybrid design prints."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import psycopg
from clickhouse_connect.driver.client import Client

from dagster_project.lib.archive.policy import Policy

HYBRID_BATCH = 1_000


def seconds(work: Callable[[], object]) -> float:
    """How long `work` takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def pull(client: Client, policy: Policy, url: str, last: str) -> None:
    """ClickHouse's own INSERT ... SELECT ... FROM postgresql() of the closed trades up to `last` (ISO time of closing)
    into a table like the archive's: nothing is compared, nothing written down."""
    where = urlsplit(url)
    columns = ", ".join(column.name for column in policy.columns)
    client.command(f"CREATE OR REPLACE TABLE bench_pulled AS {policy.storage}")
    client.command(
        f"INSERT INTO bench_pulled ({columns}) SELECT {columns} FROM postgresql('127.0.0.1:{where.port}',"
        f" '{where.path.lstrip('/')}', 'trades', '{where.username}', '{where.password}')"
        f" WHERE status = 'closed' AND closed_at <= '{last}'"
    )
    client.command("DROP TABLE bench_pulled")


def hybrid_worker(owner: psycopg.Connection[Any], client: Client, policy: Policy, rows: int) -> float:
    """Seconds that the hybrid design's archiver takes for `rows` trades: 1,000 at a time without an order, converted
    row by row, one INSERT, then DELETE; nothing is compared. On copies of both tables, without triggers."""
    from psycopg.rows import dict_row

    names = [column.name for column in policy.columns]
    client.command(f"CREATE OR REPLACE TABLE bench_hybrid AS {policy.storage}")
    owner.execute("CREATE TABLE bench_hybrid (LIKE trades INCLUDING ALL)")
    owner.execute("INSERT INTO bench_hybrid SELECT * FROM trades WHERE status = 'closed' LIMIT %s", [rows])
    owner.execute("ANALYZE bench_hybrid")

    def work() -> None:
        while True:
            with owner.cursor(row_factory=dict_row) as cursor:
                found = cursor.execute(
                    "SELECT * FROM bench_hybrid WHERE status = 'closed' AND archived_at IS NULL LIMIT %s",
                    [HYBRID_BATCH],
                ).fetchall()
            if not found:
                return
            batch, ids = [], []
            for row in found:
                row["details"] = "{}"
                batch.append([row[name] for name in names])
                ids.append(row["id"])
            client.insert("bench_hybrid", batch, column_names=names)
            owner.execute("DELETE FROM bench_hybrid WHERE id = ANY(%s)", [ids])

    try:
        return seconds(work)
    finally:
        owner.execute("DROP TABLE bench_hybrid")
        client.command("DROP TABLE bench_hybrid")
