"""The benchmark of the archive on few rows: everything in it runs and counts; no time is asserted."""

from __future__ import annotations

from typing import Any

import clickhouse_connect
import psycopg
import pytest

from benchmarks.archive.latency import OPERATIONS
from benchmarks.archive.measure import Figure, Sizes, measure, p95

SIZES = Sizes(rows=3_000, felt_rows=2_000, hybrid_rows=1_500, closes=5, repeats=2, quiet_seconds=1.5)


@pytest.fixture(scope="module")
def figures(warehouse: Any) -> dict[str, Figure]:
    """Every figure by its name."""
    found = measure(warehouse.settings, SIZES, lambda text: None)
    assert len({figure.name for figure in found}) == len(found)
    return {figure.name: figure for figure in found}


def test_every_figure_is_a_number_of_its_unit(figures: dict[str, Figure]) -> None:
    assert figures["archived"].value == SIZES.rows
    assert {name for name, figure in figures.items() if figure.unit != "%" and not figure.value > 0} == set()
    assert {name for name, figure in figures.items() if figure.target is not None} >= {
        *("archive with full proof", "archive : pull", "archive : hybrid worker", "nothing to do, median"),
        *("peak memory of the archive's process", "100 new trades, median"),
        *(f"{name}, {word}, rise" for name in OPERATIONS for word in ("median", "p95")),
    }


def test_everything_closed_was_archived_and_purged(figures: dict[str, Figure], warehouse: Any) -> None:
    with (
        psycopg.connect(warehouse.settings.postgres_url) as connection,
        clickhouse_connect.get_client(dsn=warehouse.settings.clickhouse_url) as client,
    ):
        left = connection.execute("SELECT count(*) FROM trades WHERE id NOT LIKE 'felt-%'").fetchone()
        purged = connection.execute("SELECT sum(rows) FROM ops.archive_purges").fetchone()
        assert left == (0,)
        assert purged == (client.command("SELECT count() FROM trades_history"),)
        tables = connection.execute("SELECT count(*) FROM pg_class WHERE relname LIKE 'bench%'").fetchone()
        assert tables == (0,)
        assert client.command("SELECT count() FROM system.tables WHERE name LIKE 'bench%'") == 0


def test_a_bound_is_met_or_missed() -> None:
    assert [Figure("f", value, "x", 5, at_least=True).met for value in (4, 5, 6)] == [False, True, True]
    assert [Figure("f", value, "x", 5).met for value in (4, 5, 6)] == [True, True, False]
    assert Figure("f", 4, "x").met is None
    assert "MISSED" in Figure("f", 6, "x", 5).line()


def test_95_of_100_values_do_not_exceed_the_p95() -> None:
    assert (p95(list(map(float, range(1, 101)))), p95([7.0]), p95([1.0, 2.0])) == (95.0, 7.0, 2.0)
