"""A back-tester written for the quantbot design: plain psycopg, calls, runs and ranked trials."""

from __future__ import annotations

import json
import random

import psycopg


def search(url: str, name: str, trials: int) -> int:
    """Runs an optimization of so many trials on a connection of its own; returns the id of the best one."""
    chance, scores = random.Random(name), {}
    with psycopg.connect(url, autocommit=True, options="-c search_path=quantbot,public") as db:

        def insert(statement: str, *values: object) -> int:
            row = db.execute(f"{statement} RETURNING id".encode(), values).fetchone()
            assert row
            return row[0]

        token = insert(
            "INSERT INTO tokens (chain, address, symbol) VALUES ('solana', %s, 'WIF') ON CONFLICT (chain, address)"
            " DO UPDATE SET symbol = EXCLUDED.symbol",
            f"So1{name}",
        )
        caller = insert("INSERT INTO callers (source, handle) VALUES ('telegram', %s)", name)
        alert = insert(
            "INSERT INTO alerts (token_id, caller_id, side, alert_price, alert_timestamp) VALUES (%s, %s, 'buy',"
            " 0.0012, now())",
            token,
            caller,
        )
        insert(
            "INSERT INTO calls (alert_id, token_id, caller_id, side, signal_type, signal_timestamp)"
            " VALUES (%s, %s, %s, 'buy', 'entry', now())",
            alert,
            token,
            caller,
        )
        strategy = insert("INSERT INTO strategies (name, config_json) VALUES (%s, '{}')", name)
        job = insert(
            "INSERT INTO optimization_jobs (strategy_template_id, name, search_space_json, objective)"
            " VALUES (%s, %s, '{}', 'sharpe')",
            strategy,
            name,
        )
        for trial in range(trials):
            params = json.dumps({"stop": chance.random()})
            run = insert(
                "INSERT INTO simulation_runs (strategy_id, token_id, run_type, engine_version, config_hash,"
                " config_json,"
                " data_selection_json) VALUES (%s, %s, 'optimization', '2', %s, %s, '{}')",
                strategy,
                token,
                f"{name}-{trial}",
                params,
            )
            score = chance.randrange(-300, 300) / 100
            db.execute(
                "INSERT INTO simulation_results_summary (simulation_run_id, final_pnl, trade_count) VALUES (%s, %s,"
                " 12)",
                (run, score * 10),
            )
            db.execute("UPDATE simulation_runs SET status = 'completed', completed_at = now() WHERE id = %s", (run,))
            made = insert(
                "INSERT INTO optimization_trials (job_id, trial_index, trial_params_json, simulation_run_id,"
                " metrics_json,"
                " score) VALUES (%s, %s, %s, %s, '{}', %s)",
                job,
                trial,
                params,
                run,
                score,
            )
            scores[made] = score
        best = db.execute(
            "SELECT id FROM optimization_trials WHERE job_id = %s ORDER BY score DESC LIMIT 1", (job,)
        ).fetchone()
        assert best
        assert scores[best[0]] == max(scores.values())
    return best[0]
