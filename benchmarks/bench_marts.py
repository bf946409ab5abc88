"""Builds of the marts on a large store: everything anew, and the build of an hour later, per engine.

Fills both embedded engines with the same history. Then, per engine: five marts (facts of trades, days of agents,
leaderboard, winning patterns, days of prompts) beside hand-written SQL of the same rows and sums, which are compared;
all the others, with which every mart is anew; and what an hour adds, twice: agents that decide once a minute, trades
that close, outcomes of the hour before. A last build follows corrections of trades of any age.
Full size is 10 million trades, 2 million decisions, 500 agents and 5,000 prompt versions: 25 GB of disk.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import clickhouse_connect
import psycopg

from benchmarks.marts.by_hand import MARTS, build_clickhouse, build_postgres, totals
from benchmarks.marts.fill import HOUR, Sizes, fill
from benchmarks.marts.memory import Peak
from dagster_project import migrations
from dagster_project.lib.archive.engine import archive
from dagster_project.lib.archive.policies import policy
from dagster_project.lib.mart_builds import plan, succeeded, take_cut
from dagster_project.lib.warehouse_copy import POLICIES, copy
from dagster_project.settings import Settings, load_settings
from dagster_project.stack.embedded import EmbeddedStack

ENGINES = ("postgres", "clickhouse")
HOURS = 2
# Old trades come back corrected, as an import that runs again brings them.
LATE = """
INSERT INTO trades (id, agent_id, exchange, symbol, side, status, currency, decision_id, prompt_version, quantity,
    entry_price, exit_price, gross_pnl, net_pnl, fee, opened_at, closed_at, origin)
SELECT id, agent_id, exchange, symbol, side, 'closed', currency, decision_id, prompt_version, quantity, entry_price,
    exit_price, gross_pnl, net_pnl - 1, fee, opened_at, closed_at, origin
FROM ops.trades_kept
WHERE id IN (SELECT 't' || n * %(apart)s FROM generate_series(1, 100) AS n)
"""


@dataclass(frozen=True)
class Figure:
    """Seconds of one build. `peer` is the hand-written SQL of the same rows in the same run."""

    engine: str
    what: str
    new_trades: int
    new_decisions: int
    seconds: float
    peer: float | None = None

    @property
    def ratio(self) -> float | None:
        """Times as long as the peer."""
        return None if self.peer is None else round(self.seconds / self.peer, 2)


class Bench:
    """Both engines, filled."""

    def __init__(
        self,
        stack: EmbeddedStack,
        settings: Settings,
        connection: psycopg.Connection,
        client: Any,
        say: Callable[[str], None],
    ) -> None:
        self.settings, self.connection, self.client, self.say = settings, connection, client, say
        self.pids = stack.pid("clickhouse"), stack.pid("postgres")
        self.most: dict[str, dict[str, int]] = {}
        self.slowest: list[tuple[float, str]] = []

    def move(self) -> None:
        """Every closed trade travels, and the copies follow."""
        archive(replace(policy("trades"), settle=timedelta(0)), self.connection, self.client)
        for each in POLICIES:
            copy(self.connection, self.client, each)
        take_cut(self.connection, self.client)

    def build(self, engine: str, select: str, *, exclude: str = "", count: bool = True) -> float:
        """Seconds from the first of these models to the last: reading the project is not counted."""
        from dagster_project.defs.transform import command
        from dagster_project.defs.transform.prepare import DBT_PROJECT

        made = plan(self.connection, engine, "benchmark")
        variables = self.settings.dbt_environment() | made.environment
        target = self.settings.home / "dbt" / f"{engine}-benchmark"
        paths = ("--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT), "--target-path", str(target))
        log = ("--log-path", str(target), "--log-level-file", "info")
        arguments = ["run", "--target", engine, "--quiet", "--select", select, *paths, *log]
        if exclude:
            arguments += ["--exclude", exclude]
        with Peak(*self.pids) as peak:
            nodes = [event["data"]["node_info"] for event in command.run([*arguments, *made.arguments], variables)]
        before = self.most.setdefault("anew" if made.why_full else "hourly", {})
        before |= {name: max(size, before.get(name, 0)) for name, size in peak.most.items()}
        if count:
            succeeded(self.connection, engine, "benchmark", made)
        times = [
            (datetime.fromisoformat(node["node_started_at"]), datetime.fromisoformat(node["node_finished_at"]), node)
            for node in nodes
        ]
        self.slowest = sorted(((end - start).total_seconds(), node["node_name"]) for start, end, node in times)[:-6:-1]
        return (max(end for _, end, _ in times) - min(start for start, _, _ in times)).total_seconds()

    def by_hand(self, engine: str) -> float:
        """Seconds of the hand-written SQL."""
        start = time.perf_counter()
        if engine == "postgres":
            build_postgres(self.settings.postgres_url)
        else:
            build_clickhouse(self.client, self.settings.clickhouse_analytics)
        return time.perf_counter() - start

    def compare(self, engine: str) -> None:
        """What was made by hand goes, once it has the rows and sums of the marts.

        Raises:
            SystemExit: it has not.
        """
        analytics = self.settings.clickhouse_analytics if engine == "clickhouse" else "analytics"
        for mart in MARTS:
            queries = totals(analytics, mart), totals(analytics, mart, "by_hand_")
            if engine == "clickhouse":
                ours, peers = (self.client.query(query).result_rows for query in queries)
            else:
                ours, peers = (self.connection.execute(query.encode()).fetchall() for query in queries)
            if ours != peers:
                raise SystemExit(f"{mart} on {engine} is not what was made by hand: {ours} and {peers}")
            drop = f"DROP TABLE {analytics}.by_hand_{mart}"
            self.client.command(drop) if engine == "clickhouse" else self.connection.execute(drop.encode())

    def figure(
        self, engine: str, what: str, trades: int, decisions: int, seconds: float, peer: float | None = None
    ) -> Figure:
        """The figure, said."""
        made = Figure(engine, what, trades, decisions, round(seconds, 1), None if peer is None else round(peer, 1))
        slowest = ", ".join(f"{name} {taken:.1f}" for taken, name in self.slowest)
        self.say(f"{line(made)}   slowest: {slowest}")
        return made


def run(
    home: Path, sizes: Sizes, an_hour: int, engines: Sequence[str], say: Callable[[str], None]
) -> tuple[list[Figure], dict[str, dict[str, int]]]:
    """Fills, builds anew, lets hours pass and builds what changed. The figures, and the peaks of memory in MB."""
    figures = []
    with ExitStack() as until_end:
        stack = until_end.enter_context(EmbeddedStack(home, parts=("postgres", "clickhouse")))
        os.environ.update(stack.environment)
        settings = load_settings()
        migrations.apply(settings)
        connection = until_end.enter_context(
            psycopg.connect(stack.postgres_url, autocommit=True, options="-c timezone=UTC")
        )
        client = until_end.enter_context(
            clickhouse_connect.get_client(
                dsn=stack.clickhouse_url, autogenerate_session_id=False, send_receive_timeout=3600
            )
        )
        start = time.perf_counter()
        fill(connection, client, sizes)
        bench = Bench(stack, settings, connection, client, say)
        minutes = {"live": sizes.live_agents, "trades": an_hour}
        hour(connection, minutes | {"hour": 0})
        bench.move()
        say(f"filled in {time.perf_counter() - start:,.0f} s")
        decided = 60 * sizes.live_agents
        wanted = " ".join(f"+{mart},fqn:*" for mart in MARTS)
        for engine in engines:
            bench.build(engine, "fqn:staging.*", count=False)
            peer = bench.by_hand(engine)
            some = bench.build(engine, wanted, count=False)
            figures.append(bench.figure(engine, "five marts anew", sizes.trades, sizes.decisions, some, peer))
            bench.compare(engine)
            others = bench.build(engine, "fqn:*", exclude=wanted)
            figures.append(bench.figure(engine, "all others anew", sizes.trades, sizes.decisions, others))
        for number in range(1, HOURS + 1):
            hour(connection, minutes | {"hour": number})
            bench.move()
            for engine in engines:
                seconds = bench.build(engine, "fqn:*")
                figures.append(bench.figure(engine, f"all marts, hour {number}", an_hour, decided, seconds))
        connection.execute(LATE.encode(), {"apart": sizes.trades // 100 - 1})
        bench.move()
        for engine in engines:
            seconds = bench.build(engine, "fqn:*")
            figures.append(bench.figure(engine, "all marts, 100 corrections of any age", 100, 0, seconds))
    return figures, bench.most


def hour(connection: psycopg.Connection, values: dict[str, int]) -> None:
    """What agents decide and close in an hour, and the outcomes of the hour before."""
    for statement in HOUR:
        connection.execute(statement.encode(), {key: values[key] for key in values if f"%({key})s" in statement})


HEADER = "| engine | build | new trades | new decisions | seconds | by hand | ratio |\n|---|---|---|---|---|---|---|"


def line(figure: Figure) -> str:
    """A row of the Markdown table under HEADER."""
    cells = (
        *(figure.engine, figure.what, f"{figure.new_trades:,}", f"{figure.new_decisions:,}"),
        *(figure.seconds, figure.peer or "", figure.ratio or ""),
    )
    return f"| {' | '.join(map(str, cells))} |"


def main() -> None:
    """Prints the table."""
    full = Sizes()
    parser = argparse.ArgumentParser(prog="python -m benchmarks marts", description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--trades", type=int, default=full.trades, metavar="N", help="a fifth as many decisions")
    parser.add_argument("--live-agents", type=int, default=full.live_agents, metavar="N", help="decide once a minute")
    parser.add_argument("--hour", type=int, default=5_000, metavar="N", help="trades that are closed in an hour")
    parser.add_argument("--engine", choices=ENGINES, help="build on this one only")
    parser.add_argument("--folder", type=Path, help="where the scratch data goes, instead of the temporary folder")
    arguments = parser.parse_args()
    decisions = max(10, arguments.trades // 5)
    sizes = replace(full, trades=5 * decisions, decisions=decisions, live_agents=arguments.live_agents)
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        figures, memory = run(
            Path(folder) / "home",
            sizes,
            arguments.hour,
            [arguments.engine] if arguments.engine else ENGINES,
            lambda text: print(text, file=sys.stderr, flush=True),
        )
    if arguments.json:
        print(json.dumps({"figures": [asdict(one) | {"ratio": one.ratio} for one in figures], "peak_mb": memory}))
    else:
        print("\n".join([HEADER, *map(line, figures)]))
        for when, peaks in memory.items():
            told = ", ".join(f"{name} {size:,}" for name, size in peaks.items())
            print(f"\nPeak memory in MB, {when}: {told}")


if __name__ == "__main__":
    main()
