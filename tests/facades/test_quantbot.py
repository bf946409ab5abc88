"""The quantbot facade as its applications use it: alerts, strategies, simulations, searches, models."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from tests.conftest import Warehouse

Db = psycopg.Connection[dict[str, Any]]


@pytest.fixture
def db(warehouse: Warehouse) -> Iterator[Db]:
    """A research application's connection; what a test writes is rolled back."""
    with Db.connect(warehouse.settings.postgres_url, row_factory=dict_row) as connection:
        connection.execute("SET ROLE candlehouse_app; SET search_path = quantbot, public")
        yield connection
        connection.rollback()


def one(db: Db, query: str, *parameters: object) -> dict[str, Any]:
    row = db.execute(query.encode(), parameters).fetchone()
    assert row is not None, query
    return row


def token(db: Db, address: str = "So11111111111111111111111111111111111111112") -> int:
    row = one(
        db,
        "INSERT INTO tokens (chain, address, symbol, metadata_json) VALUES ('solana', %s, 'SOL', '{\"a\": 1}')"
        " ON CONFLICT (chain, address) DO UPDATE SET symbol = EXCLUDED.symbol, updated_at = NOW() RETURNING id",
        address,
    )
    assert isinstance(row["id"], int)
    return row["id"]


def strategy(db: Db) -> int:
    row = one(
        db,
        "INSERT INTO strategies (name, config_json) VALUES ('ladder', '{\"legs\": [1, 2]}')"
        " ON CONFLICT (name, version) DO UPDATE SET config_json = EXCLUDED.config_json"
        " RETURNING id, version, is_active",
    )
    assert (row["version"], row["is_active"]) == ("1", True)
    assert isinstance(row["id"], int)
    return row["id"]


def run(db: Db, strategy_id: int, token_id: int) -> int:
    row = one(
        db,
        "INSERT INTO simulation_runs (strategy_id, token_id, run_type, engine_version, config_hash, config_json,"
        " data_selection_json) VALUES (%s, %s, 'backtest', '1.0', 'abc', '{}', '{}') RETURNING id, status",
        strategy_id,
        token_id,
    )
    assert row["status"] == "pending"
    assert isinstance(row["id"], int)
    return row["id"]


def test_tokens_and_callers_are_upserted_by_their_own_keys(db: Db) -> None:
    assert token(db) == token(db)
    upsert = (
        "INSERT INTO callers (source, handle, display_name) VALUES ('brook', 'b1', %s)"
        " ON CONFLICT (source, handle) DO UPDATE SET display_name = EXCLUDED.display_name RETURNING id, display_name"
    )
    first, second = one(db, upsert, "Brook"), one(db, upsert, "Brook 2")
    assert (second["id"], second["display_name"]) == (first["id"], "Brook 2")


def test_an_alert_becomes_a_call(db: Db) -> None:
    token_id = token(db)
    exact = Decimal("0.000000000000000001")
    alert = one(
        db,
        "INSERT INTO alerts (token_id, strategy_id, side, confidence, alert_price, alert_timestamp, raw_payload_json)"
        " VALUES (%s, 99, 'buy', 0.85, %s, '2026-01-02T03:04:05Z', '{\"text\": \"🚀\"}') RETURNING id, alert_price",
        token_id,
        exact,
    )
    assert alert["alert_price"] == exact
    db.execute(
        "INSERT INTO calls (alert_id, token_id, side, signal_type, signal_strength, signal_timestamp)"
        " VALUES (%s, %s, 'buy', 'entry', 3.5, '2026-01-02T03:05:00Z')",
        [alert["id"], token_id],
    )
    joined = one(
        db,
        "SELECT t.symbol, a.raw_payload_json ->> 'text' AS said, c.signal_type FROM calls AS c"
        " JOIN alerts AS a ON a.id = c.alert_id JOIN tokens AS t ON t.id = c.token_id"
        " WHERE c.token_id = %s AND c.signal_timestamp > '2026-01-01'",
        token_id,
    )
    assert joined == {"symbol": "SOL", "said": "🚀", "signal_type": "entry"}
    assert one(db, "SELECT count(*) AS n FROM public.calls")["n"] == 1


@pytest.mark.parametrize(
    ("column", "value", "constraint"),
    [
        ("confidence", "85", "alerts_confidence_fits"),
        ("alert_price", "-1", "alerts_alert_price_fits"),
        ("alert_price", "'NaN'", "alerts_alert_price_fits"),
        ("alert_price", "1e30", "alerts_alert_price_fits"),
        ("side", "'hold'", "alerts_side_known"),
    ],
)
def test_an_alert_that_cannot_be_true_is_refused_by_the_columns_name(
    db: Db, column: str, value: str, constraint: str
) -> None:
    values = {"side": "'buy'", column: value}
    insert = (
        f"INSERT INTO alerts (token_id, alert_timestamp, {', '.join(values)})"
        f" VALUES (%s, now(), {', '.join(values.values())})"
    )
    token_id = token(db)
    with pytest.raises(psycopg.errors.CheckViolation, match=constraint):
        db.execute(insert.encode(), [token_id])


def test_rows_name_what_exists(db: Db) -> None:
    with pytest.raises(psycopg.errors.ForeignKeyViolation, match="token_id"), db.transaction():
        db.execute("INSERT INTO alerts (token_id, side, alert_timestamp) VALUES (-1, 'buy', now())")
    with pytest.raises(psycopg.errors.ForeignKeyViolation, match="strategy_id"):
        run(db, -1, token(db))


def test_a_simulation_ends_in_a_summary_that_goes_with_it(db: Db) -> None:
    run_id = run(db, strategy(db), token(db))
    db.execute("UPDATE simulation_runs SET status = 'running', started_at = now() WHERE id = %s", [run_id])
    summarize = (
        "INSERT INTO simulation_results_summary (simulation_run_id, final_pnl, win_rate, sharpe_ratio, trade_count)"
        " VALUES (%s, %s, 0.55, 1.25, 20) ON CONFLICT (simulation_run_id) DO UPDATE SET final_pnl = EXCLUDED.final_pnl"
        " RETURNING final_pnl"
    )
    one(db, summarize, run_id, Decimal("1.5"))
    assert one(db, summarize, run_id, Decimal("2.5"))["final_pnl"] == Decimal("2.5")
    with pytest.raises(psycopg.errors.CheckViolation, match="simulation_runs_status_known"), db.transaction():
        db.execute("UPDATE simulation_runs SET status = 'done'")
    with (
        pytest.raises(psycopg.errors.CheckViolation, match="simulation_results_summary_win_rate_fits"),
        db.transaction(),
    ):
        db.execute("UPDATE simulation_results_summary SET win_rate = 55")
    db.execute("DELETE FROM simulation_runs WHERE id = %s", [run_id])
    assert one(db, "SELECT count(*) AS n FROM simulation_results_summary")["n"] == 0


def test_trials_are_ranked_by_score_and_go_with_their_job(db: Db) -> None:
    strategy_id = strategy(db)
    run_id = run(db, strategy_id, token(db))
    job = one(
        db,
        "INSERT INTO optimization_jobs (strategy_template_id, name, search_space_json, objective)"
        " VALUES (%s, 'search', '{}', 'sharpe') RETURNING id, status",
        strategy_id,
    )
    insert = (
        "INSERT INTO optimization_trials (job_id, trial_index, trial_params_json, simulation_run_id, metrics_json,"
        " score) VALUES (%s, %s, '{}', %s, '{}', %s) ON CONFLICT (job_id, trial_index)"
        " DO UPDATE SET score = EXCLUDED.score"
    )
    for index, score in [(0, 1), (1, 3), (2, 2), (0, 5)]:
        db.execute(insert.encode(), [job["id"], index, run_id, score])
    ranked = "SELECT trial_index, score FROM optimization_trials WHERE job_id = %s ORDER BY score DESC LIMIT 2"
    assert [row["trial_index"] for row in db.execute(ranked.encode(), [job["id"]])] == [0, 1]
    db.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
    plan = "\n".join(str(row["QUERY PLAN"]) for row in db.execute(b"EXPLAIN " + ranked.encode(), [job["id"]]))
    assert "optimization_trials_job_score" in plan
    assert "Sort" not in plan
    db.execute("DELETE FROM optimization_jobs WHERE id = %s", [job["id"]])
    assert one(db, "SELECT count(*) AS n FROM optimization_trials")["n"] == 0


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (
            "SELECT * FROM alerts WHERE token_id = 1 AND alert_timestamp > now() ORDER BY alert_timestamp",
            "alerts_token_time",
        ),
        ("SELECT * FROM calls WHERE token_id = 1 ORDER BY signal_timestamp DESC LIMIT 5", "calls_token_time"),
        (
            "SELECT * FROM simulation_runs WHERE strategy_id = 1 ORDER BY created_at DESC",
            "simulation_runs_strategy_time",
        ),
    ],
)
def test_the_designs_query_patterns_have_their_index(db: Db, query: str, index: str) -> None:
    db.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
    plan = "\n".join(str(row["QUERY PLAN"]) for row in db.execute(f"EXPLAIN {query}".encode()))
    assert index in plan
    assert "Sort" not in plan


def test_models_are_registered(db: Db) -> None:
    insert = (
        "INSERT INTO ml_models (name, model_type, input_features_json, label_definition, storage_uri)"
        " VALUES ('m', 'classifier', '[]', '{}', 's3://models/m') RETURNING id, status, updated_at"
    )
    made = one(db, insert)
    ready = one(db, "UPDATE ml_models SET status = 'ready' WHERE id = %s RETURNING updated_at", made["id"])
    assert made["status"] == "training"
    assert ready["updated_at"] > made["updated_at"]
    with pytest.raises(psycopg.errors.CheckViolation, match="ml_models_status_known"):
        db.execute("UPDATE ml_models SET status = 'great'")
