"""Fills an empty, migrated database."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.volumes.agents import SQL_OPEN_RANK, SQL_RANK, load_agents
from benchmarks.volumes.bulk import without_indexes, without_triggers
from benchmarks.volumes.memories import MODEL, load_memories
from benchmarks.volumes.sizes import Sizes

DRAWN = 200_000
ROWS = Path(__file__).parent / "rows"
TABLES = ("trades", "decisions", "positions", "account_equity_snapshots", "agent_semantic_memories", "agent_states")


def load(url: str, sizes: Sizes, say: Callable[[str], None]) -> dict[str, float]:
    """Loads everything into the database at `url` as its owner, and gives the seconds of each step.

    Tables get their rows without triggers and secondary indexes, then the indexes as the migrations define them.
    """
    seconds: dict[str, float] = {}
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET maintenance_work_mem = '1GB'")
        connection.execute("SELECT setseed(0.42)")
        load_agents(connection, sizes.agents)
        connection.execute("INSERT INTO embedding_models (name, dimensions) VALUES (%s, %s)", (MODEL, sizes.dimensions))
        connection.execute("SELECT ops.set_default_embedding_model(%s)", (MODEL,))

        def step(table: str, action: Callable[[], object]) -> None:
            start = time.perf_counter()
            with without_indexes(connection, table):
                with without_triggers(connection):
                    action()
                seconds[table] = time.perf_counter() - start
                say(f"{table}: rows in {seconds[table]:,.0f} s, now its indexes")
            seconds[f"{table} indexes"] = time.perf_counter() - start - seconds[table]

        step("agent_semantic_memories", lambda: load_memories(connection, sizes))
        step("trades", lambda: _load_trades(connection, sizes))
        step("decisions", lambda: _batches(connection, "decisions", sizes, sizes.decisions))
        step("positions", lambda: _execute(connection, "positions", sizes, closed=sizes.trades // 20))
        _load_equity(connection, sizes)
        say("VACUUM ANALYZE")
        for table in TABLES:
            connection.execute(f"VACUUM (ANALYZE) {table}".encode())
        connection.execute("CHECKPOINT")
    return seconds


def _load_equity(connection: psycopg.Connection[Any], sizes: Sizes) -> None:
    """One row per day first, so that the product makes the partitions of past months."""
    connection.execute(
        "INSERT INTO account_equity_snapshots (agent_id, exchange, captured_at, equity)"
        " SELECT 'agent-001', 'hyperliquid',"
        " date_trunc('hour', now()) - day * interval '1 day', 10000 FROM generate_series(0, %s) AS day",
        (sizes.equity_days,),
    )
    connection.execute("SELECT ops.ensure_month_partitions(current_date)")
    with without_triggers(connection):
        _execute(connection, "equity", sizes)


def _load_trades(connection: psycopg.Connection[Any], sizes: Sizes) -> None:
    drawn = _batches(connection, "trades", sizes, sizes.trades, open="false")
    _execute(connection, "trades", sizes, drawn=drawn, batch=0, batches=1, open="true")


def _batches(connection: psycopg.Connection[Any], name: str, sizes: Sizes, count: int, **more: str) -> int:
    """Draws DRAWN rows once and stores them over and over, each time at later times: drawing is the slow part."""
    drawn = min(DRAWN, count)
    batches = -(-count // drawn)
    _execute(connection, f"{name}_drawn", sizes, drawn=drawn)
    for batch in range(batches):
        _execute(connection, name, sizes, drawn=drawn, batch=batch, batches=batches, **more)
    return drawn


def _execute(connection: psycopg.Connection[Any], name: str, sizes: Sizes, **more: int | str) -> None:
    known = {**asdict(sizes), **more}
    ranks = {"rank": SQL_RANK.format(**known), "open_rank": SQL_OPEN_RANK.format(**known)}
    connection.execute((ROWS / f"{name}.sql").read_text().format(**known, **ranks).encode())
