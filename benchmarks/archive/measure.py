"""One run of every measurement on one pair of engines."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Any

import psycopg
from clickhouse_connect.driver.client import Client

from benchmarks.archive import child, fill, latency, micro, peers, processor
from dagster_project.lib.archive.engine import archive
from dagster_project.lib.archive.engines import both
from dagster_project.lib.archive.policies import policy
from dagster_project.lib.archive.policy import Policy
from dagster_project.lib.archive.prove import prove
from dagster_project.lib.archive.purge import purge
from dagster_project.settings import Settings

Say = Callable[[str], None]


@dataclass(frozen=True)
class Sizes:
    """Row counts: `rows` are archived at once, `felt_rows` while the application works, `closes` one by one."""

    rows: int = 1_000_000
    felt_rows: int = 300_000
    hybrid_rows: int = 20_000
    closes: int = 300
    repeats: int = 15
    proofs: int = 20
    quiet_seconds: float = 8.0
    purge: bool = True


@dataclass(frozen=True)
class Figure:
    """A measured value. `target` is a bound: at least where `at_least`, else at most. `met` is None without one."""

    name: str
    value: float
    unit: str
    target: float | None = None
    at_least: bool = False

    @property
    def met(self) -> bool | None:
        """Whether the bound holds."""
        if self.target is None:
            return None
        return self.value >= self.target if self.at_least else self.value <= self.target

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**asdict(self), "met": self.met}

    def line(self) -> str:
        """For a person."""
        verdict = {None: "", True: "met", False: "MISSED"}[self.met]
        bound = f"{'>=' if self.at_least else '<='} {self.target:g} {verdict}" if self.target is not None else ""
        return f"{self.name:52} {self.value:>12,.6g} {self.unit:8} {bound}"


def measure(settings: Settings, sizes: Sizes, say: Say) -> list[Figure]:
    """Fills the trades of an empty database and measures; every figure is said as it comes."""
    # Rows of the benchmark are written just before: they need no time to settle.
    trades = replace(policy("trades"), settle=timedelta(0), grace=timedelta(0), fact=None)
    figures: list[Figure] = []

    def tell(found: list[Figure]) -> None:
        figures.extend(found)
        for figure in found:
            say(figure.line())

    with psycopg.connect(settings.postgres_url, autocommit=True) as owner, both(settings) as (connection, client):
        fill.agents(owner)
        say(f"filling {sizes.rows:,} closed trades")
        following = fill.trades(owner, sizes.rows, 1)
        tell(_throughput(settings, owner, client, trades, sizes))
        found, following = _fixed_cost(settings, owner, trades, sizes, following)
        tell(found)
        tell(_micro(settings, connection, client, trades, sizes))
        tell(_proofs(connection, client, trades, sizes))
        say(f"filling {sizes.felt_rows:,} more")
        fill.trades(owner, sizes.felt_rows, following)
        tell(_felt(settings, sizes))
        if sizes.purge:
            tell(_purge(trades, connection))
    return figures


def _throughput(
    settings: Settings, owner: psycopg.Connection[Any], client: Client, trades: Policy, sizes: Sizes
) -> list[Figure]:
    last = owner.execute("SELECT to_char(max(closed_at), 'YYYY-MM-DD HH24:MI:SS') FROM trades").fetchone()
    assert last is not None

    def pull() -> float:
        return peers.seconds(lambda: peers.pull(client, trades, settings.postgres_url, last[0]))

    # Before and after: others may use the machine.
    before, pulling = processor.measured(pull)
    ran, archiving = processor.measured(lambda: child.finish(child.start()))
    bare = (before + pull()) / 2
    hybrid = peers.hybrid_worker(owner, client, trades, sizes.hybrid_rows) / sizes.hybrid_rows
    speed = ran.rows / ran.seconds
    steps = [
        Figure(f"of that {step}", 1e6 * spent / ran.rows, "us/row")
        for step, spent in sorted(ran.steps.items(), key=lambda item: -item[1])
    ]
    return [
        Figure("archived", ran.rows, "rows"),
        Figure("archive with full proof", speed, "rows/s", 100_000, at_least=True),
        *steps,
        Figure("ClickHouse's own postgresql() pull, unproven", sizes.rows / bare, "rows/s"),
        Figure("archive : pull", speed * bare / sizes.rows, "x", 0.6, at_least=True),
        Figure("processor time of the archive, engines included", 1e6 * archiving / ran.rows, "us/row"),
        Figure("processor time of the pull", 1e6 * pulling / sizes.rows, "us/row"),
        Figure("the hybrid design's worker, unproven", 1 / hybrid, "rows/s"),
        Figure("archive : hybrid worker", speed * hybrid, "x", 5, at_least=True),
        Figure("peak memory of the archive's process", ran.peak_mb, "MB", 300),
    ]


def _fixed_cost(
    settings: Settings, owner: psycopg.Connection[Any], trades: Policy, sizes: Sizes, following: int
) -> tuple[list[Figure], int]:
    """With connecting to both engines, archive and purge, as one call of `candlehouse archive apply` does."""
    held = replace(trades, grace=timedelta(days=1))

    def once() -> None:
        with both(settings) as (connection, client):
            archive(held, connection, client)
            purge(held, connection)

    idle, few = [], []
    for _ in range(sizes.repeats):
        idle.append(1000 * peers.seconds(once))
        following = fill.trades(owner, 100, following)
        few.append(1000 * peers.seconds(once))
    return [
        Figure("nothing to do, median", statistics.median(idle), "ms", 150),
        Figure("100 new trades, median", statistics.median(few), "ms", 150),
        Figure("100 new trades, p95", p95(few), "ms"),
    ], following


def _micro(
    settings: Settings, connection: psycopg.Connection[Any], client: Client, trades: Policy, sizes: Sizes
) -> list[Figure]:
    usual = replace(trades, settle=policy("trades").settle)
    waits = [1000 * wait for wait in micro.close_to_visible(settings.app_url, connection, client, usual, sizes.closes)]
    return [
        Figure("close to visible in ClickHouse, median", statistics.median(waits), "ms"),
        Figure("close to visible in ClickHouse, p95", p95(waits), "ms"),
    ]


def _proofs(connection: psycopg.Connection[Any], client: Client, trades: Policy, sizes: Sizes) -> list[Figure]:
    """All rows were written at once, so that a row's life overlaps with every manifest: the most that `prove` reads."""
    keys = connection.execute("SELECT id FROM trades WHERE status = 'closed' ORDER BY md5(id) LIMIT %s", [sizes.proofs])
    taken = []
    for (key,) in keys.fetchall():
        start = time.perf_counter()
        proof = prove(trades, connection, client, key)
        taken.append(1000 * (time.perf_counter() - start))
        if proof is None or not proof.holds:
            raise RuntimeError(f"trade {key} is not proven")
    return [
        Figure("prove one trade, median", statistics.median(taken), "ms"),
        Figure("prove one trade, p95", p95(taken), "ms"),
    ]


def _felt(settings: Settings, sizes: Sizes) -> list[Figure]:
    """The archive starts in the middle of quiet time; what was felt around it is compared with what was felt beside."""

    def work() -> child.Ran:
        time.sleep(sizes.quiet_seconds)
        ran = child.finish(child.start())
        time.sleep(sizes.quiet_seconds)
        return ran

    start = time.time()
    felt, ran = latency.feel(settings.app_url, work)
    before, after = felt.between(start + 1, start + sizes.quiet_seconds), felt.between(ran.ended, time.time())
    busy = felt.between(ran.began, ran.ended)
    figures = [Figure("archived beside the application", ran.rows / ran.seconds, "rows/s")]
    for name, taken in busy.items():
        quiet = before[name] + after[name]
        for word, of in (("median", statistics.median), ("p95", p95)):
            figures += [
                Figure(f"{name}, {word}, quiet", of(quiet), "ms"),
                Figure(f"{name}, {word}, while archiving", of(taken), "ms"),
                Figure(f"{name}, {word}, rise", 100 * (of(taken) / of(quiet) - 1), "%", 50),
            ]
    return figures


def _purge(trades: Policy, connection: psycopg.Connection[Any]) -> list[Figure]:
    start = time.perf_counter()
    done = purge(trades, connection)
    return [Figure("purge", done.rows / (time.perf_counter() - start), "rows/s")]


def p95(values: list[float]) -> float:
    """The value that 95 of 100 do not exceed."""
    return sorted(values)[max(0, -(-95 * len(values) // 100) - 1)]
