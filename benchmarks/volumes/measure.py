"""Medians of the hot queries, each beside the round trip of SELECT 1 in the same run, and the recall of the search."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import psycopg

from benchmarks.volumes.queries import EXACT, SEARCH, SEARCH_NEAR, hot_queries, searches
from benchmarks.volumes.sizes import Sizes

SEARCH_TARGET = 25.0
RECALL_TARGET = 0.95


@dataclass(frozen=True)
class Figure:
    """One query's times in milliseconds. `met` is None without a target; `rows` is the median number of rows."""

    query: str
    calls: int
    rows: int
    select_1: float
    median: float
    p95: float
    target: float | None = None
    recall: float | None = None

    @property
    def met(self) -> bool | None:
        """Whether median and recall are within their targets."""
        if self.target is None:
            return None
        return self.median <= self.target and (self.recall is None or self.recall >= RECALL_TARGET)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**asdict(self), "met": self.met}


def measure(app_url: str, owner_url: str, sizes: Sizes, searched: int, say: Callable[[str], None]) -> list[Figure]:
    """Asks everything as `candlehouse_app`, as a pool's connection would; exact neighbours come from the owner.

    What is timed has been asked once before: hot data is what these queries are about.
    """
    figures = []
    with psycopg.connect(app_url, autocommit=True) as app, psycopg.connect(owner_url, autocommit=True) as owner:
        for hot in hot_queries(sizes):
            calls = [hot.draw() for _ in range(hot.calls)]
            _time(app, hot.statement, calls)
            figures.append(_figure(hot.name, _time(app, hot.statement, calls), hot.target))
            say(line(figures[-1]))
        owner.execute("SET enable_indexscan = off")
        for search in searches(sizes, searched):
            wanted = [{row[0] for row in owner.execute(EXACT, asked).fetchall()} for asked in search.asked]
            vectors = [(vector, agent) for agent, vector in search.asked]
            _time(app, SEARCH, vectors)
            taken = _time(app, SEARCH, vectors)
            found = [{row[0] for row in rows} for rows in taken.results]
            recall = sum(len(got & want) for got, want in zip(found, wanted, strict=True)) / sum(map(len, wanted))
            figures.append(_figure(f"vector search by {search.name}", taken, SEARCH_TARGET, recall))
            say(line(figures[-1]))
        near = [(vector, agent, vector) for agent, vector in search.asked]
        figures.append(_figure("vector search by any agent, distance < 0.3", _time(app, SEARCH_NEAR, near), None))
        say(line(figures[-1]))
    return figures


@dataclass
class _Taken:
    select_1: list[float]
    query: list[float]
    results: list[list[tuple[Any, ...]]]


def _time(connection: psycopg.Connection[Any], statement: str, calls: list[tuple[Any, ...]]) -> _Taken:
    """Milliseconds of each call until its last row is here, SELECT 1 and the query in turns."""
    taken = _Taken([], [], [])
    for values in calls:
        start = time.perf_counter()
        connection.execute("SELECT 1").fetchall()
        between = time.perf_counter()
        cursor = connection.execute(statement.encode(), values)
        rows = cursor.fetchall() if cursor.description else []
        end = time.perf_counter()
        taken.select_1.append((between - start) * 1000)
        taken.query.append((end - between) * 1000)
        taken.results.append(rows)
    return taken


def _figure(name: str, taken: _Taken, target: float | None, recall: float | None = None) -> Figure:
    return Figure(
        query=name,
        calls=len(taken.query),
        rows=int(statistics.median(map(len, taken.results))),
        select_1=round(statistics.median(taken.select_1), 3),
        median=round(statistics.median(taken.query), 2),
        p95=round(statistics.quantiles(taken.query, n=20)[-1], 2),
        target=target,
        recall=None if recall is None else round(recall, 4),
    )


HEADER = "| query | rows | SELECT 1 | median | p95 | target | recall | met |\n|---|---|---|---|---|---|---|---|"


def line(figure: Figure) -> str:
    """A row of the Markdown table under HEADER, times in milliseconds."""
    met = {True: "yes", False: "**no**", None: ""}[figure.met]
    cells = (
        figure.query, f"{figure.rows:,}", f"{figure.select_1:.2f}", f"{figure.median:.2f}", f"{figure.p95:.2f}",
        figure.target or "", "" if figure.recall is None else f"{figure.recall:.3f}", met,
    )  # fmt: skip
    return f"| {' | '.join(map(str, cells))} |"
