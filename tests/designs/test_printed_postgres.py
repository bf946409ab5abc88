"""Every statement that the designs print for PostgreSQL runs under the design's search path, or has a listed reason.

Results are compared with the same question asked of the canonical tables.
"""

from __future__ import annotations

import re
from typing import Any

import psycopg
import pytest
from psycopg import errors

from tests.designs.conftest import printed
from tests.designs.definitions import families, postgres_columns
from tests.designs.statements import Statement

# The learning design prints these twice: INTEGER in SQL, real in its Drizzle schema. The facade holds both.
REAL_IN_DRIZZLE = ("hold_duration_minutes", "analysis_duration_ms")

# Printed statements that cannot run as printed, each with its reason.
REASONS = {
    ("learning", "{"): "the shape of a JSON document, not SQL",
    ("learning", "CREATE TABLE trades"): "refers to decisions, which is made later and refers back: no order of the two"
    " runs; compared without its foreign keys",
    ("nof0", "CREATE INDEX"): "a facade is a view: the index is on the canonical table below it",
    ("learning", "CREATE INDEX"): "a facade is a view: the index is on the canonical table below it",
    ("nof0", "INSERT INTO price_ticks"): "printed without values",
}

# The printed query, by its first words, and the same question asked of the canonical tables.
CANONICAL = {
    ("nof0", "SELECT DISTINCT ON (model_id)"): """
        SELECT s.agent_id, ops.epoch_ms(s.captured_at), s.equity, s.realized_pnl, s.unrealized_pnl
        FROM public.account_equity_snapshots AS s
        WHERE s.captured_at = (
            SELECT max(n.captured_at) FROM public.account_equity_snapshots AS n WHERE n.agent_id = s.agent_id
        )
        ORDER BY s.agent_id""",
    ("nof0", "SELECT * FROM positions"): """
        SELECT id FROM public.positions
        WHERE agent_id = 'gpt-5' AND status = 'open' AND exchange <> 'sandbox' ORDER BY opened_at DESC""",
    ("nof0", "SELECT * FROM trades WHERE exit_ts_ms"): """
        SELECT id FROM public.trades
        WHERE closed_at >= now() - interval '24 hours' AND exchange <> 'sandbox' ORDER BY closed_at DESC, id""",
    ("hybrid", "SELECT * FROM trades WHERE status = 'closed'"): """
        SELECT id FROM public.trades
        WHERE status = 'closed' AND archived_at IS NULL AND exchange <> 'sandbox' ORDER BY id""",
    ("learning", "SELECT * FROM prompt_performance"): """
        SELECT d.prompt_version, count(*), count(*) FILTER (WHERE d.executed),
            count(*) FILTER (WHERE d.outcome_correct), round(avg(d.confidence), 3), round(avg(t.pnl_percent), 2),
            (count(*) FILTER (WHERE t.net_pnl > 0))::float / nullif(count(t.id), 0), sum(t.net_pnl)
        FROM public.decisions AS d LEFT JOIN public.trades AS t ON t.id = d.trade_id
        GROUP BY d.prompt_version ORDER BY 7 DESC""",
    ("learning", "SELECT FLOOR(confidence * 10)"): """
        SELECT floor(confidence * 10) / 10, count(*), avg(outcome_correct::int)
        FROM public.decisions WHERE executed GROUP BY 1 ORDER BY 1""",
}
PARAMETERS = {("nof0", "SELECT * FROM positions"): ("gpt-5",)}


def entry(table: dict[tuple[str, str], Any], statement: Statement) -> Any:
    """What a table of this module says about a statement; None where it says nothing."""
    text = " ".join(re.sub(r"--[^\n]*", "", statement.text).split())
    return next(
        (
            value
            for (design, start), value in table.items()
            if (design, start) == (statement.design, text[: len(start)])
        ),
        None,
    )


def as_printed(connection: psycopg.Connection[Any], statement: Statement) -> Any:
    cursor = psycopg.RawCursor(connection)
    connection.execute(f"SET search_path = {statement.design}, public".encode())
    try:
        return cursor.execute(statement.text.encode(), entry(PARAMETERS, statement)).fetchall(), cursor.description
    finally:
        connection.execute("SET search_path = public")


@pytest.mark.parametrize("statement", [*printed("table", design="nof0"), *printed("table", design="learning")])
def test_a_printed_table_is_a_facade_with_the_same_columns(filled: Any, statement: Statement) -> None:
    table = statement.name
    text = f"CREATE TABLE {table} ({statement.text})" if statement.table else statement.text
    with filled.transaction(force_rollback=True):
        filled.execute("CREATE SCHEMA printed; SET LOCAL search_path = printed")
        filled.execute(re.sub(r"REFERENCES \w+\(\w+\)", "", text).encode())
        wanted = postgres_columns(filled, "printed", table)
        drizzle = {name: "number" for name in REAL_IN_DRIZZLE if name in wanted and statement.design == "learning"}
    assert families(postgres_columns(filled, statement.design, table)) == families(wanted) | drizzle
    assert list(postgres_columns(filled, statement.design, table)) == list(wanted)


@pytest.mark.parametrize("statement", [*printed("index", design="nof0"), *printed("index", design="learning")])
def test_what_a_printed_index_is_for_uses_an_index(filled: Any, statement: Statement) -> None:
    table, keys = re.search(r"ON (\w+)\((.*)\)", statement.text).groups()  # type: ignore[union-attr]
    columns = [key.split() for key in keys.split(",")]
    where = f"WHERE {columns[0][0]} = $1" if len(columns) > 1 or len(columns[0]) == 1 else ""
    order = ", ".join(" ".join(key) for key in (columns[1:] if where else columns))
    with filled.transaction(force_rollback=True):
        filled.execute(f"SET LOCAL search_path = {statement.design}, public; SET LOCAL enable_seqscan = off".encode())
        filled.execute("SET LOCAL enable_sort = off; SET LOCAL enable_incremental_sort = off")
        query = f"SELECT * FROM {table} {where} {'ORDER BY ' + order if order else ''}"
        plan = "\n".join(row[0] for row in filled.execute(f"EXPLAIN (GENERIC_PLAN) {query}".encode()).fetchall())
    assert "Index" in plan, plan
    assert "Seq Scan" not in plan, plan
    if not statement.text.startswith("CREATE UNIQUE INDEX ON prompt_performance"):
        with pytest.raises(errors.WrongObjectType):
            as_printed(filled, statement)


@pytest.mark.parametrize("statement", printed("view", design="learning"))
def test_a_printed_view_gives_what_the_facades_view_gives(filled: Any, statement: Statement) -> None:
    name = statement.name
    with filled.transaction(force_rollback=True):
        filled.execute("CREATE SCHEMA printed; SET LOCAL search_path = printed, learning, public")
        filled.execute(statement.text.encode())
        wanted = filled.execute(f"SELECT * FROM printed.{name} ORDER BY 1".encode()).fetchall()
        columns = postgres_columns(filled, "printed", name)
    filled.execute(f"REFRESH MATERIALIZED VIEW CONCURRENTLY learning.{name}".encode())
    assert filled.execute(f"SELECT * FROM learning.{name} ORDER BY 1".encode()).fetchall() == wanted
    assert postgres_columns(filled, "learning", name) == columns
    assert len(wanted) == 2


@pytest.mark.parametrize(
    "statement", [p for p in printed("query") if p.values[0] is None or entry(CANONICAL, p.values[0])]
)
def test_a_printed_query_equals_the_same_question_asked_of_the_canonical_tables(
    filled: Any, statement: Statement
) -> None:
    if "prompt_performance" in statement.text:
        filled.execute("REFRESH MATERIALIZED VIEW CONCURRENTLY learning.prompt_performance")
    rows, columns = as_printed(filled, statement)
    wanted = filled.execute(entry(CANONICAL, statement).encode()).fetchall()
    assert wanted
    if len(wanted[0]) == 1:
        place = [column.name for column in columns].index("id")
        rows = [(row[place],) for row in rows]
        wanted, rows = sorted(wanted), sorted(rows)
    assert rows == wanted


@pytest.mark.parametrize(
    "statement", [p for p in printed("query", "other") if p.values[0] is None or "refresh" in p.values[0].text.lower()]
)
def test_the_arenas_views_are_refreshed_as_printed(filled: Any, statement: Statement) -> None:
    filled.execute("UPDATE public.price_latest SET price = price + 1")
    as_printed(filled, statement) if statement.kind == "query" else filled.execute(
        f"SET search_path = nof0; {statement.text}".encode()
    )
    filled.execute("SET search_path = public")
    shown = filled.execute("SELECT symbol, price FROM nof0.v_crypto_prices_latest ORDER BY 1").fetchall()
    assert shown == filled.execute("SELECT symbol, price FROM public.price_latest ORDER BY 1").fetchall() != []


def test_the_archivers_delete_is_refused_without_proof_and_runs_as_printed_otherwise(filled: Any) -> None:
    delete = b"DELETE FROM trades WHERE id = ANY($1)"
    with filled.transaction(force_rollback=True):
        filled.execute("SET LOCAL search_path = hybrid, public")
        with (
            pytest.raises(errors.IntegrityConstraintViolation, match="no verified archive manifest"),
            filled.transaction(),
        ):
            psycopg.RawCursor(filled).execute(delete, (["recent"],))
        filled.execute("SET LOCAL session_replication_role = replica")
        assert psycopg.RawCursor(filled).execute(delete, (["recent"],)).rowcount == 1


def test_no_printed_statement_is_forgotten(statements: list[Statement]) -> None:
    open_ = [
        str(statement)
        for statement in statements
        if statement.design in ("nof0", "learning")
        and statement.kind not in ("table", "index", "view")
        and not entry(CANONICAL, statement)
        and not entry(REASONS, statement)
        and "refresh" not in statement.text.lower()
    ]
    assert open_ == []
    assert len(statements) > 45
