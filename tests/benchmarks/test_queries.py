"""The benchmark of reads on few rows: what is filled is what is asked, on both engines; no time is asserted."""

from __future__ import annotations

from typing import Any

import clickhouse_connect
import psycopg
import pytest

from benchmarks.bench_queries import Figure, make_marts, measure
from benchmarks.queries.asked import of_history, of_marts
from benchmarks.queries.fill import DAYS, fill_clickhouse, fill_history, fill_postgres

TRADES, AGENTS = 2_000, 8


@pytest.fixture(scope="module")
def figures(warehouse: Any) -> list[Figure]:
    settings = warehouse.settings
    make_marts(settings)
    with (
        psycopg.connect(settings.postgres_url, autocommit=True) as connection,
        clickhouse_connect.get_client(dsn=settings.clickhouse_url, autogenerate_session_id=False) as client,
    ):
        fill_history(client, 40_000, TRADES, AGENTS, lambda text: None)
        fill_clickhouse(client, settings.clickhouse_analytics, AGENTS, TRADES, lambda text: None)
        fill_postgres(connection, AGENTS, TRADES, lambda text: None)
    return measure(settings, TRADES, 2)


def test_every_query_is_asked_and_answers(figures: list[Figure]) -> None:
    asked = [one.name for one in of_history(TRADES, DAYS)] + 2 * [one.name for one in of_marts("m")]
    assert [figure.query for figure in figures] == asked
    found = {(figure.engine, figure.query): figure.rows for figure in figures}
    assert found["clickhouse", "1,000 candles of a market"] == 1000
    assert found["clickhouse", "one million trades by agent"] == AGENTS
    for engine in ("postgres", "clickhouse"):
        assert found[engine, "leaderboard"] == AGENTS
        assert found[engine, "equity curve of an agent"] == DAYS


def test_both_engines_hold_the_same_marts(figures: list[Figure]) -> None:
    rows = {engine: [f.rows for f in figures[5:] if f.engine == engine] for engine in ("postgres", "clickhouse")}
    assert rows["postgres"] == rows["clickhouse"]


def test_a_missed_target_is_told() -> None:
    figure = Figure("clickhouse", "q", 2, 1, 1.0, 7.0, 9.0, 5)
    assert figure.met is False
    assert figure.line() == "| clickhouse | q | 1 | 1.00 | 7.00 | 9.00 | 7.0x | 5 | **no** |"
