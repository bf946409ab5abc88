"""Builds of the marts on a large store: everything anew, and the build of an hour later, per engine.

Fills an embedded PostgreSQL and archives it to ClickHouse, with full proof. Then trade_facts beside hand-written SQL
that makes the same rows, and all marts. Full size is 10 million trades, 2 million decisions and 500 agents, tens of
gigabytes of disk; `--scale 0.01` takes minutes.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import clickhouse_connect
import psycopg

from benchmarks.volumes.load import load
from benchmarks.volumes.sizes import Sizes
from dagster_project import migrations
from dagster_project.lib.archive.engine import archive
from dagster_project.lib.archive.policies import policy
from dagster_project.lib.mart_builds import plan, succeeded, take_cut
from dagster_project.lib.warehouse_copy import POLICIES, copy
from dagster_project.settings import Settings, load_settings
from dagster_project.stack.embedded import EmbeddedStack

ENGINES = ("postgres", "clickhouse")
# What somebody writes who knows the engine and needs these columns once. No tests, no versions, no cut.
BY_HAND = {
    "postgres": """
CREATE TABLE analytics.by_hand AS
SELECT id AS trade_id, agent_id, exchange, symbol, side, currency, origin,
    CASE WHEN origin IN ('live', 'recorded', 'repaired') THEN 'real' WHEN origin = 'paper' THEN 'paper' ELSE 'made up'
    END AS origin_group,
    decision_id, prompt_version, quantity, leverage, confidence, entry_price, exit_price, stop_loss, take_profit,
    quantity * entry_price AS notional, gross_pnl, fee, net_pnl, net_pnl > 0 AS is_win, opened_at, closed_at,
    extract(epoch FROM closed_at - opened_at)::float8 / 60 AS holding_minutes, updated_at
FROM trades WHERE status = 'closed';
CREATE INDEX ON analytics.by_hand (agent_id, closed_at);
CREATE UNIQUE INDEX ON analytics.by_hand (trade_id);
CREATE INDEX ON analytics.by_hand (updated_at)
""",
    "clickhouse": """
CREATE TABLE {analytics}.by_hand ENGINE = MergeTree ORDER BY (agent_id, closed_at, trade_id) AS
SELECT id AS trade_id, agent_id, exchange, symbol, side, currency, origin,
    multiIf(origin IN ('live', 'recorded', 'repaired'), 'real', origin = 'paper', 'paper', 'made up') AS origin_group,
    decision_id, prompt_version, quantity, leverage, confidence, entry_price, exit_price, stop_loss, take_profit,
    toDecimal256(quantity, 18) * toDecimal256(entry_price, 18) AS notional, gross_pnl, fee, net_pnl,
    net_pnl > 0 AS is_win, opened_at, closed_at,
    (toUnixTimestamp64Micro(closed_at) - toUnixTimestamp64Micro(opened_at)) / 60000000 AS holding_minutes, updated_at
FROM {database}.trades_history
""",
}
HOUR = """
INSERT INTO trades (id, agent_id, exchange, symbol, side, status, quantity, entry_price, exit_price, gross_pnl, net_pnl,
    fee, opened_at, closed_at, prompt_version)
SELECT 'hour-' || %(hour)s || '-' || n, format('agent-%%s', lpad((1 + n %% %(agents)s)::text, 3, '0')), 'hyperliquid',
    'BTC', 'long', 'closed', 1, 60000, 60001, 1, 0.5, 0.5, now() - interval '50 minutes',
    now() - interval '5 minutes', 'v1'
FROM generate_series(1, %(trades)s) AS n
"""


@dataclass(frozen=True)
class Figure:
    """Seconds of one build. `peer` is the hand-written SQL of the same rows in the same run."""

    engine: str
    what: str
    rows: int
    seconds: float
    peer: float | None = None

    @property
    def ratio(self) -> float | None:
        """Times as long as the peer."""
        return None if self.peer is None else round(self.seconds / self.peer, 2)


class Bench:
    """Both engines, filled."""

    def __init__(self, settings: Settings, connection: psycopg.Connection, client: Any) -> None:
        self.settings, self.connection, self.client = settings, connection, client

    def archive(self) -> None:
        """Every closed trade travels, and the copies follow."""
        archive(replace(policy("trades"), settle=timedelta(0)), self.connection, self.client)
        for each in POLICIES:
            copy(self.connection, self.client, each)
        take_cut(self.connection)

    def build(self, engine: str, select: str, *, count: bool = True) -> float:
        """Seconds from the first of these models to the last: reading the project is not counted."""
        from dagster_project.defs.transform import command
        from dagster_project.defs.transform.prepare import DBT_PROJECT

        made = plan(self.connection, engine, "benchmark")
        variables = {k: v for k, v in self.settings.process_environment().items() if k.startswith("DBT_")}
        variables |= {"DBT_AS_OF": made.as_of, "DBT_SINCE": made.since or ""}
        target = self.settings.home / "dbt" / f"{engine}-benchmark"
        paths = ("--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT), "--target-path", str(target))
        arguments = ["run", "--target", engine, "--quiet", "--select", select, *paths, "--log-path", str(target)]
        nodes = [
            event["data"]["node_info"]
            for event in command.run([*arguments, *(["--full-refresh"] if made.why_full else [])], variables)
        ]
        if count:
            succeeded(self.connection, engine, "benchmark", made)
        began = min(datetime.fromisoformat(node["node_started_at"]) for node in nodes)
        return (max(datetime.fromisoformat(node["node_finished_at"]) for node in nodes) - began).total_seconds()

    def by_hand(self, engine: str) -> float:
        """Seconds of the hand-written SQL."""
        start = time.perf_counter()
        if engine == "postgres":
            with psycopg.connect(self.settings.role_url("transform"), autocommit=True) as connection:
                connection.execute("DROP TABLE IF EXISTS analytics.by_hand")
                connection.execute(BY_HAND[engine].encode())
        else:
            names = {"analytics": self.settings.clickhouse_analytics, "database": self.client.database}
            self.client.command("DROP TABLE IF EXISTS {analytics}.by_hand".format(**names))
            self.client.command(BY_HAND[engine].format(**names))
        return time.perf_counter() - start

    def hour(self, number: int, agents: int, trades: int) -> None:
        """What agents close in an hour."""
        self.connection.execute(HOUR.encode(), {"hour": number, "agents": agents, "trades": trades})
        self.archive()


def run(home: Path, sizes: Sizes, an_hour: int, say: Callable[[str], None]) -> list[Figure]:
    """Fills, builds anew, lets an hour pass twice, and builds what changed."""
    figures = []
    with ExitStack() as until_end:
        stack = until_end.enter_context(EmbeddedStack(home, parts=("postgres", "clickhouse")))
        os.environ.update(stack.environment)
        settings = load_settings()
        migrations.apply(settings)
        load(stack.postgres_url, sizes, say)
        connection = until_end.enter_context(
            psycopg.connect(stack.postgres_url, autocommit=True, options="-c timezone=UTC")
        )
        client = until_end.enter_context(
            clickhouse_connect.get_client(dsn=stack.clickhouse_url, autogenerate_session_id=False)
        )
        bench = Bench(settings, connection, client)
        bench.archive()
        say("archived")
        for engine in ENGINES:
            bench.build(engine, "fqn:staging.*", count=False)
            full = bench.build(engine, "trade_facts", count=False)
            figures.append(
                Figure(engine, "trade_facts anew", sizes.trades, round(full, 2), round(bench.by_hand(engine), 2))
            )
            say(line(figures[-1]))
            everything = bench.build(engine, "fqn:*")
            figures.append(Figure(engine, "all marts anew", sizes.trades, round(everything, 2)))
            say(line(figures[-1]))
        for number in (1, 2):
            bench.hour(number, sizes.agents, an_hour)
            for engine in ENGINES:
                bench.build(engine, "fqn:staging.*", count=False)
                part = bench.build(engine, "trade_facts", count=False)
                figures.append(Figure(engine, f"trade_facts, hour {number}", an_hour, round(part, 2)))
                say(line(figures[-1]))
                rest = bench.build(engine, "fqn:*")
                figures.append(Figure(engine, f"all marts, hour {number}", an_hour, round(rest, 2)))
                say(line(figures[-1]))
    return figures


HEADER = "| engine | build | new trades | seconds | by hand | ratio |\n|---|---|---|---|---|---|"


def line(figure: Figure) -> str:
    """A row of the Markdown table under HEADER."""
    cells = (figure.engine, figure.what, f"{figure.rows:,}", figure.seconds, figure.peer or "", figure.ratio or "")
    return f"| {' | '.join(map(str, cells))} |"


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks marts", description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the full row counts")
    parser.add_argument("--hour", type=int, default=5_000, metavar="N", help="trades that are closed in an hour")
    parser.add_argument("--folder", type=Path, help="where the scratch data goes, instead of the temporary folder")
    arguments = parser.parse_args()
    sizes = replace(Sizes().scaled(arguments.scale), memories=1000)
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        figures = run(
            Path(folder) / "home", sizes, arguments.hour, lambda text: print(text, file=sys.stderr, flush=True)
        )
    if arguments.json:
        print(json.dumps([asdict(figure) | {"ratio": figure.ratio} for figure in figures]))
    else:
        print("\n".join([HEADER, *map(line, figures)]))


if __name__ == "__main__":
    main()
