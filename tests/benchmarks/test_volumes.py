"""The benchmark of the designs' hot queries on few rows: everything in it runs, the recall is asserted, no time is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

import psycopg
import pytest

from benchmarks.volumes.load import TABLES, load
from benchmarks.volumes.measure import RECALL_TARGET, Figure, measure
from benchmarks.volumes.sizes import Sizes

SIZES = Sizes(trades=5_000, decisions=2_000, memories=8_000, open_rows=1_000, equity_days=1)
# So few memories are searched exactly; without sorting, only the vector index is left.
WITHOUT_SORTING = urlencode({"options": "-c enable_sort=off"}, quote_via=quote)
SEARCH_PLAN = b"""
EXPLAIN SELECT id FROM hybrid.agent_semantic_memories WHERE agent_id = 'agent-001'
ORDER BY embedding <=> (SELECT embedding FROM hybrid.agent_semantic_memories WHERE agent_id = 'agent-002' LIMIT 1)
LIMIT 10
"""


@pytest.fixture(scope="module")
def filled(warehouse: Any) -> Iterator[Any]:
    """The module's warehouse, loaded."""
    load(warehouse.settings.postgres_url, SIZES, lambda text: None)
    return warehouse


def indexed(filled: Any) -> str:
    """URL of an application's session that searches memories through the vector index only."""
    url = filled.settings.role_url("app")
    return f"{url}{'&' if '?' in url else '?'}{WITHOUT_SORTING}"


@pytest.fixture(scope="module")
def figures(filled: Any) -> dict[str, Figure]:
    """Every figure by the name of its query; 30 searches per kind of agent make 120."""
    measured = measure(indexed(filled), filled.settings.postgres_url, SIZES, 30, lambda text: None)
    return {figure.query: figure for figure in measured}


def test_rows_are_as_the_triggers_would_have_made_them(filled: Any) -> None:
    """Loading goes without triggers. An UPDATE that changes nothing fires them; a row that one of them corrects gets
    another updated_at, see touch_updated_at."""
    with psycopg.connect(filled.settings.postgres_url) as connection:
        for table in TABLES:
            newest = connection.execute(f"SELECT max(updated_at) FROM {table}".encode()).fetchone()
            fired = connection.execute(f"UPDATE {table} SET updated_at = updated_at".encode()).rowcount
            changed = connection.execute(
                f"SELECT count(*) FROM {table} WHERE updated_at > %s".encode(), newest
            ).fetchone()
            assert fired > 0
            assert changed == (0,), table
            connection.rollback()


def test_searches_find_what_exact_search_finds(filled: Any, figures: dict[str, Figure]) -> None:
    with psycopg.connect(indexed(filled)) as connection:
        assert "_hnsw_" in str(connection.execute(SEARCH_PLAN).fetchall())
    searched = {name: figure.recall for name, figure in figures.items() if figure.recall is not None}
    assert len(searched) == 4
    assert {name: recall for name, recall in searched.items() if recall < RECALL_TARGET} == {}


def test_queries_find_rows(figures: dict[str, Figure]) -> None:
    empty = {name for name, figure in figures.items() if not figure.rows}
    # Of so few memories hardly any is nearer than 0.3.
    assert empty <= {"agent state, update", "vector search by any agent, distance < 0.3"}
