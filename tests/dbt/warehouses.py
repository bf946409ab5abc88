"""Both warehouses under the hand of a test: archive, purge, cut, dbt runs without tests, rows of every mart."""

from __future__ import annotations

import math
import os
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import psycopg
from clickhouse_connect.driver.client import Client

from dagster_project.defs.transform.prepare import DBT_PROJECT, ENGINES, Engine
from dagster_project.lib.archive.engine import archive
from dagster_project.lib.archive.policies import policy
from dagster_project.lib.archive.purge import Purged, purge
from dagster_project.lib.mart_builds import Plan, plan, succeeded, take_cut
from dagster_project.lib.warehouse_copy import POLICIES, copy

Rows = list[tuple[Any, ...]]
# Every mart of trades but the widest, whose query ClickHouse analyses for seconds.
CHEAP = "+leaderboard +since_inception +winning_patterns +trade_contradictions"
BUILT = {"trade_facts", "agent_daily", "leaderboard", "since_inception", "winning_patterns", "trade_contradictions"}

# What follows from decisions, and what of trades the cheap ones do not build.
DECIDED = (
    "+prompt_performance +calibration_scores +int_agent_signals +int_agent_trades +int_agent_streaks"
    " +int_agent_exposure"
)
DECIDED_MARTS = ("prompt_days", "prompt_performance", "confidence_calibration", "calibration_scores")
TABLES = (
    *DECIDED_MARTS,
    *("int_prompt_units", "int_agent_signals", "int_agent_trades", "int_agent_streaks"),
    *("int_agent_exposure", "int_confidence_days", "int_confidence_versions", "int_confidence"),
)


@dataclass
class Warehouses:
    """PostgreSQL (autocommit, UTC) and ClickHouse."""

    connection: psycopg.Connection
    client: Client
    settings: Any
    project: str = "test"
    manifests: dict[str, Any] = field(default_factory=dict)

    def move(self) -> None:
        """Copies and archives what PostgreSQL holds now."""
        self.copy()
        self.archive()

    def copy(self) -> None:
        """What is not archived but copied."""
        for each in POLICIES:
            assert copy(self.connection, self.client, each).agree, each.source

    def archive(self) -> None:
        """One pass over closed trades, without delay."""
        archive(replace(policy("trades"), settle=timedelta(0)), self.connection, self.client)

    def purge(self) -> Purged:
        """What may leave PostgreSQL leaves, without grace."""
        return purge(replace(policy("trades"), grace=timedelta(0)), self.connection)

    def build(self, engine: Engine, *, full: bool = False, select: str = CHEAP) -> Plan:
        """dbt run of one engine, of the newest cut; incremental unless `full` or unavoidable."""
        made = plan(self.connection, engine, self.project)
        if full:
            made = replace(made, since=None, why_full="asked for")
        os.environ.update(made.environment)
        self._dbt("run", engine, "--select", select, *made.arguments)
        succeeded(self.connection, engine, self.project, made)
        return made

    def _dbt(self, name: str, engine: Engine, *more: str) -> Any:
        """The result of a dbt command. The parsed project is read once: dbt's commands leave it as it was."""
        from dbt.cli.main import dbtRunner

        from dagster_project.defs.transform.parsed import parsed

        environment = self.settings.dbt_environment()
        os.environ.update(environment)
        if engine not in self.manifests:
            self.manifests[engine] = parsed(engine, environment)
        target = str(self.settings.home / "dbt" / f"{engine}-test")
        folders = ("--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT))
        arguments = [name, "--target", engine, "--target-path", target, "--log-path", target, *folders, *more]
        runner = dbtRunner(self.manifests[engine])
        with ThreadPoolExecutor(1) as thread:  # dbt walks the whole stack several times, and pytest's is deep
            done = thread.submit(runner.invoke, ["--no-use-colors", "--no-write-json", *arguments]).result()
        failed = [one.message for one in getattr(done.result, "results", ()) if one.status == "error"]
        assert done.success, done.exception or failed
        return done.result

    def cut_and_build(self, *, full: bool = False, select: str = CHEAP) -> dict[str, Plan]:
        """A new cut, and both engines built of it."""
        take_cut(self.connection, self.client)
        return {engine: self.build(engine, full=full, select=select) for engine in ENGINES}

    def differences(self, marts: Collection[str] = BUILT) -> list[str]:
        """Cells in which these marts of both warehouses differ."""
        from dagster_project.defs.transform import parity

        found = []
        for mart, key in parity.mart_keys().items():
            if mart not in marts:
                continue
            with self.connection.transaction():
                verdict = parity._compare(self.connection, self.client, mart, key)
            found += [f"{mart} {one.key} {one.column}: {one.postgres} / {one.clickhouse}" for one in verdict.examples]
        return found

    def marts(self, marts: Collection[str] = BUILT) -> dict[tuple[str, str], Rows]:
        """Every row of these marts of both engines, sorted."""
        from dagster_project.defs.transform.parity import mart_keys

        return self.tables(set(marts) & set(mart_keys()))

    def tables(self, tables: Collection[str] = TABLES) -> dict[tuple[str, str], Rows]:
        """Every row of these models of both engines, in an order without floats."""
        found = {}
        for table in tables:
            left = self.connection.execute(f"SELECT * FROM analytics.{table}".encode()).fetchall()
            right = self.client.query(f"SELECT * FROM {self.settings.clickhouse_analytics}.{table}").result_rows
            for engine, read in (("postgres", left), ("clickhouse", right)):
                found[engine, table] = sorted((tuple(row) for row in read), key=_without_floats)
        return found

    def boards(self) -> dict[str, Rows]:
        """The designs' own boards in PostgreSQL, refreshed."""
        self.connection.execute("SELECT nof0.refresh_views_nof0(), learning.refresh_prompt_performance()")
        return {
            board: sorted(self.connection.execute(f"SELECT * FROM {board}".encode()).fetchall(), key=repr)
            for board in ("nof0.v_leaderboard", "learning.prompt_performance")
        }


def unlike(found: dict[tuple[str, str], Rows], expected: dict[tuple[str, str], Rows]) -> list[str]:
    """Rows of `found` that are not those of `expected`. Floats may be summed in another order, all else is exact."""
    told = []
    for place, rows in expected.items():
        told += [f"{place}: {len(found[place])} rows, not {len(rows)}"] if len(found[place]) != len(rows) else []
        for one, other in zip(found[place], rows, strict=False):
            cells = [(a, b) for a, b in zip(one, other, strict=True) if _differ(a, b)]
            told += [f"{place} {one[:5]}: {cells}"] if cells else []
    return told


def _without_floats(row: tuple[Any, ...]) -> list[str]:
    return [str(cell) for cell in row if not isinstance(cell, float)]


def _differ(left: Any, right: Any) -> bool:
    if isinstance(left, float) and isinstance(right, float):
        return not math.isclose(left, right, rel_tol=1e-9, abs_tol=1e-12)
    return left != right
