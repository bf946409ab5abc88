"""Applications of the five designs trade at once, each by its own names; the one store holds all of it once."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from tests.apps import hybrid_app, learning_app, nof0_app, quantbot_app, tradingagents_app

ROUNDS = 15
Results = dict[str, Any]


@pytest.fixture(scope="module")
def traded(warehouse: Any) -> Results:
    url = warehouse.settings.app_url
    with ThreadPoolExecutor(8) as pool:
        running: dict[str, Future[Any]] = {
            "gpt-5": pool.submit(nof0_app.trade, url, "gpt-5", ROUNDS),
            "qwen3-max": pool.submit(nof0_app.trade, url, "qwen3-max", ROUNDS),
            "v1": pool.submit(learning_app.trade, url, "v1", ROUNDS),
            "bot": pool.submit(hybrid_app.trade, url, "bot", ROUNDS),
            "otter": pool.submit(hybrid_app.trade, url, "otter", ROUNDS),
            "search": pool.submit(quantbot_app.search, url, "search", ROUNDS),
            "analyst": pool.submit(tradingagents_app.analyse, url, "analyst", ROUNDS),
            "critic": pool.submit(tradingagents_app.analyse, url, "critic", ROUNDS),
        }
        return {name: result.result(timeout=120) for name, result in running.items()}


def ask(warehouse: Any, statement: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(warehouse.settings.readonly_url) as connection:
        return connection.execute(statement.encode()).fetchall()


def test_every_trade_is_in_the_store_once_with_the_money_its_application_counted(
    traded: Results, warehouse: Any
) -> None:
    rows = ask(warehouse, "SELECT agent_id, count(*), sum(net_pnl) FROM trades WHERE status = 'closed' GROUP BY 1")
    sums = {agent: (count, earned) for agent, count, earned in rows}
    assert sums["gpt-5"] == (ROUNDS, traded["gpt-5"])
    assert sums["qwen3-max"] == (ROUNDS, traded["qwen3-max"])
    assert sums["learning"] == (ROUNDS, traded["v1"])
    assert sum(earned for _, earned in sums.values()) == sum(
        (traded[name] for name in ("gpt-5", "qwen3-max", "v1", "bot", "otter")), Decimal(0)
    )
    assert sum(count for count, _ in sums.values()) == 5 * ROUNDS


@pytest.mark.parametrize(
    ("facade", "pnl"), [("nof0", "realized_net_pnl"), ("learning", "pnl"), ("hybrid", "pnl")], ids=lambda value: value
)
def test_what_one_design_wrote_all_designs_read(traded: Results, warehouse: Any, facade: str, pnl: str) -> None:
    canonical = ask(warehouse, "SELECT count(*), sum(net_pnl), sum(quantity) FROM trades")
    size = {"nof0": "abs(quantity)", "learning": "quantity", "hybrid": "size"}[facade]
    assert ask(warehouse, f"SELECT count(*), sum({pnl}), sum({size}) FROM {facade}.trades") == canonical
    assert {side for (side,) in ask(warehouse, f"SELECT DISTINCT side FROM {facade}.trades")} == (
        {"LONG", "SHORT"} if facade == "learning" else {"long", "short"}
    )


def test_nothing_stays_open_and_both_clocks_agree(traded: Results, warehouse: Any) -> None:
    assert ask(warehouse, "SELECT count(*) FROM positions WHERE status = 'open'") == [(0,)]
    assert ask(
        warehouse,
        "SELECT count(*) FROM trades WHERE opened_at_ms <> ops.epoch_ms(opened_at) OR closed_at_ms <>"
        " ops.epoch_ms(closed_at)",
    ) == [(0,)]


def test_a_decision_knows_its_trade_and_the_trade_its_decision(traded: Results, warehouse: Any) -> None:
    assert ask(
        warehouse,
        "SELECT count(*) FROM decisions AS d JOIN trades AS t ON t.id = d.trade_id AND t.decision_id = d.id"
        " AND t.prompt_version = d.prompt_version AND d.action = t.side",
    ) == [(ROUNDS,)]


def test_the_arenas_boards_show_the_last_equity(traded: Results, warehouse: Any) -> None:
    shown = dict(ask(warehouse, "SELECT model_id, equity FROM nof0.v_leaderboard"))
    assert {model: shown[model] - 10_000 for model in ("gpt-5", "qwen3-max")} == {
        model: traded[model] for model in ("gpt-5", "qwen3-max")
    }


def test_ticks_of_two_models_are_all_kept_and_the_newest_price_is_one_of_them(traded: Results, warehouse: Any) -> None:
    assert ask(warehouse, "SELECT count(*), count(DISTINCT id) FROM price_ticks") == [(2 * ROUNDS, 2 * ROUNDS)]
    assert ask(
        warehouse, "SELECT count(*) FROM nof0.price_latest JOIN nof0.price_ticks USING (symbol, price, ts_ms)"
    ) == [(1,)]


def test_expired_documents_are_not_served_and_the_best_trial_is_found(traded: Results, warehouse: Any) -> None:
    assert traded["analyst"] == traded["critic"] == ROUNDS - len(range(0, ROUNDS, 3))
    assert ask(warehouse, "SELECT count(*) FROM trading_signals") == [(2 * ROUNDS,)]
    assert ask(warehouse, "SELECT id FROM quantbot.optimization_trials ORDER BY score DESC LIMIT 1") == [
        (traded["search"],)
    ]
