"""Latencies of queries on ClickHouse's history and on the marts of both engines, each beside `SELECT 1`.

Fills embedded engines of its own: 100 million candles and 10 million trades, marts of 500 agents over two years. Full
size takes 15 GB and some 20 minutes; `--scale 0.01` takes two minutes.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import clickhouse_connect
import psycopg

from benchmarks.queries.asked import Asked, of_history, of_marts
from benchmarks.queries.fill import DAYS, fill_clickhouse, fill_history, fill_postgres, marts
from dagster_project import migrations
from dagster_project.settings import Settings, load_settings
from dagster_project.stack.embedded import EmbeddedStack

CANDLES, TRADES, AGENTS = 100_000_000, 10_000_000, 500
GIGABYTES = 15.0
HEADER = "| engine | query | rows | SELECT 1 | median | p95 | of SELECT 1 | target | met |\n" + "|---" * 9 + "|"


@dataclass(frozen=True)
class Figure:
    """One query's times in milliseconds. `met` is None without a target."""

    engine: str
    query: str
    calls: int
    rows: int
    select_1: float
    median: float
    p95: float
    target: float | None

    @property
    def met(self) -> bool | None:
        """Whether the median is within its target."""
        return None if self.target is None else self.median <= self.target

    def line(self) -> str:
        """A row of the Markdown table under HEADER."""
        cells = (
            *(self.engine, self.query, f"{self.rows:,}", f"{self.select_1:.2f}", f"{self.median:.2f}"),
            *(f"{self.p95:.2f}", f"{self.median / self.select_1:.1f}x", self.target or ""),
            {True: "yes", False: "**no**", None: ""}[self.met],
        )
        return f"| {' | '.join(map(str, cells))} |"


def run(home: Path, candles: int, trades: int, agents: int, calls: int) -> list[Figure]:
    """Fills both engines and asks."""
    with EmbeddedStack(home, parts=("postgres", "clickhouse")) as stack:
        os.environ.update(stack.environment)
        settings = load_settings()
        migrations.apply(settings)
        make_marts(settings)
        with (
            psycopg.connect(stack.postgres_url, autocommit=True) as connection,
            clickhouse_connect.get_client(dsn=settings.clickhouse_url, autogenerate_session_id=False) as client,
        ):
            fill_history(client, candles, trades, agents, say)
            fill_clickhouse(client, settings.clickhouse_analytics, agents, trades, say)
            fill_postgres(connection, agents, trades, say)
            settle(client)
        return measure(settings, trades, calls)


def settle(client: Any) -> None:
    """Waits until ClickHouse has merged what was filled, as history is that grew over years."""
    start = time.perf_counter()
    while client.query("SELECT count() FROM system.merges").result_rows[0][0]:
        time.sleep(1)
    say(f"merged for {time.perf_counter() - start:,.0f} s more")


def make_marts(settings: Settings) -> None:
    """The tables of the marts as dbt makes them; without rows, because nothing is filled yet."""
    from dagster_project.defs.transform import command
    from dagster_project.defs.transform.parsed import parsed
    from dagster_project.defs.transform.prepare import DBT_PROJECT, ENGINES

    variables = settings.dbt_environment()
    for engine in ENGINES:
        say(f"marts of {engine}")
        target = settings.home / "dbt" / f"{engine}-queries"
        wanted = [f"+{mart}" for mart in marts(engine, 1, 1)]
        arguments = [
            *("run", "--log-level", "none", "--target", engine, "--select", *wanted),
            *("--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT)),
            *("--target-path", str(target), "--log-path", str(target)),
        ]
        list(command.run(arguments, variables, parsed(engine, variables)))


def measure(settings: Settings, trades: int, calls: int) -> list[Figure]:
    """As a reader asks: PostgreSQL as candlehouse_readonly, ClickHouse over HTTP. Each query is asked once before."""
    figures = []
    with (
        psycopg.connect(settings.readonly_url, autocommit=True) as connection,
        clickhouse_connect.get_client(dsn=settings.clickhouse_url, autogenerate_session_id=False) as client,
    ):

        def of_postgres(statement: str) -> Sequence[Any]:
            return connection.execute(statement.encode()).fetchall()

        def of_clickhouse(statement: str) -> Sequence[Any]:
            return client.query(statement).result_rows

        asked = [("clickhouse", of_clickhouse, one) for one in of_history(trades, DAYS)]
        asked += [("postgres", of_postgres, one) for one in of_marts("analytics")]
        asked += [("clickhouse", of_clickhouse, one) for one in of_marts(settings.clickhouse_analytics)]
        for engine, ask, one in asked:
            figures.append(_figure(engine, ask, one, calls))
            say(figures[-1].line())
    return figures


def _figure(engine: str, ask: Callable[[str], Sequence[Any]], asked: Asked, calls: int) -> Figure:
    rows = ask(asked.statement)
    if not rows:
        raise RuntimeError(f"{asked.name}: no rows in {engine}: what was filled is not what is asked")
    alone, taken = [], []
    for _ in range(calls):
        start = time.perf_counter()
        ask("SELECT 1")
        between = time.perf_counter()
        ask(asked.statement)
        end = time.perf_counter()
        alone.append((between - start) * 1000)
        taken.append((end - between) * 1000)
    return Figure(
        engine=engine,
        query=asked.name,
        calls=calls,
        rows=len(rows),
        select_1=round(statistics.median(alone), 3),
        median=round(statistics.median(taken), 2),
        p95=round(statistics.quantiles(taken, n=20)[-1], 2),
        target=asked.target,
    )


def say(text: str) -> None:
    """Progress, beside the result."""
    print(text, file=sys.stderr, flush=True)


def main() -> None:
    """Prints the table; the exit code is 1 when a target is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks queries", description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the full row counts")
    parser.add_argument("--calls", type=int, default=50, metavar="N", help="of each query")
    parser.add_argument("--folder", type=Path, help="where the scratch data goes, instead of the temporary folder")
    arguments = parser.parse_args()
    candles, trades = (max(1000, round(count * arguments.scale)) for count in (CANDLES, TRADES))
    agents = max(20, round(AGENTS * min(1.0, arguments.scale * 10)))
    with ExitStack() as until_end:
        folder = Path(until_end.enter_context(tempfile.TemporaryDirectory(dir=arguments.folder)))
        free, needed = shutil.disk_usage(folder).free / 1e9, 1 + GIGABYTES * arguments.scale
        if free < needed:
            parser.error(f"{folder} has {free:.0f} GB free, this needs {needed:.0f}: use --scale or --folder")
        figures = run(folder / "home", candles, trades, agents, arguments.calls)
    if arguments.json:
        print(json.dumps([asdict(figure) | {"met": figure.met} for figure in figures]))
    else:
        print("\n".join([HEADER, *(figure.line() for figure in figures)]))
    sys.exit(any(figure.met is False for figure in figures))


if __name__ == "__main__":
    main()
