"""Prompts, confidences and volatility through both dbt targets and the statistics, against others' formulas."""

from __future__ import annotations

import itertools
import json
import math
import statistics
from collections.abc import Callable
from datetime import UTC, date, timedelta
from decimal import Decimal
from typing import Any

import dagster as dg
import numpy as np
import psycopg
import pytest
from click.testing import CliRunner

from dagster_project.lib import trading_rows as rows
from dagster_project.lib.trading_store import land
from tests.dbt import prompt_desk as desk

ENGINES = ("postgres", "clickhouse")
DECISIONS, TRADES = desk.rows()
FUNDED = ("tuner", "gambler", "quiet")
Read = Callable[[str, str], list[dict[str, Any]]]


def run_boards(*only: list[str]) -> dg.ExecuteInProcessResult:
    """Everything that follows from what applications wrote, as a run of the whole asset graph makes it.

    Where asset keys are given, only those are made.
    """
    from dagster import AssetSelection, DagsterInstance

    from dagster_project.commands.pipeline import INPUTS
    from dagster_project.definitions import defs
    from dagster_project.defs.transform.hours import HOURS

    loaded = defs()
    graph = loaded.resolve_asset_graph()
    written = AssetSelection.assets(*(["postgres", "public", table] for table in INPUTS))
    derived = AssetSelection.assets(*HOURS).downstream() | written.downstream() | AssetSelection.kind("dbt")
    hot = AssetSelection.assets(["postgres", "public", "trades"]).required_multi_asset_neighbors()
    # The outcomes of this file are given, not scored from candles.
    given = AssetSelection.assets(
        ["postgres", "public", "decision_outcomes"], ["clickhouse", "candlehouse", "agent_performance"]
    )
    history = AssetSelection.key_prefixes(["clickhouse", "candlehouse"])
    boards = derived & (AssetSelection.groups("transform") | AssetSelection.kind("dbt") | history)
    keys = (boards - hot - given).resolve(graph)
    if only:
        keys &= AssetSelection.assets(*only).resolve(graph)
        assert len(keys) == len(only)
    with DagsterInstance.ephemeral() as instance:
        return loaded.resolve_implicit_global_asset_job_def().execute_in_process(
            instance=instance,
            asset_selection=sorted(keys & graph.materializable_asset_keys),
            raise_on_error=False,
        )


@pytest.fixture(scope="module")
def built(warehouse: Any, tests_said_once: None) -> dg.ExecuteInProcessResult:
    import clickhouse_connect
    from dbt.adapters.clickhouse import dbclient

    dbclient._ensured_databases.clear()
    with clickhouse_connect.get_client(dsn=warehouse.settings.clickhouse_url) as client:
        names = ["exchange", "symbol", "timeframe", "timestamp", "open", "high", "low", "close", "volume"]
        client.insert("market_ohlcv", desk.candles(), column_names=names)
    with psycopg.connect(warehouse.settings.postgres_url, autocommit=True) as connection:
        for table, values in (
            (rows.AGENTS, [{"id": agent, "display_name": agent.title(), "origin": "live"} for agent in desk.AGENTS]),
            (rows.ACCOUNTS, [{"agent_id": one, "exchange": desk.EXCHANGE, "initial_equity": 10_000} for one in FUNDED]),
            (rows.DECISIONS, DECISIONS),
            (rows.TRADES, TRADES),
        ):
            landed = land(connection, table, (rows.Row(value, value) for value in values), "test")
            assert landed.refused == 0, landed.rejects[:3]
    return run_boards()


@pytest.fixture(scope="module")
def read(built: dg.ExecuteInProcessResult, warehouse: Any) -> Read:
    import clickhouse_connect
    from psycopg.rows import dict_row

    assert built.success

    def of(engine: str, mart: str) -> list[dict[str, Any]]:
        if engine == "postgres":
            with (
                psycopg.connect(warehouse.url("readonly")) as connection,
                connection.cursor(row_factory=dict_row) as cursor,
            ):
                return cursor.execute(f"SELECT * FROM analytics.{mart}".encode()).fetchall()
        with clickhouse_connect.get_client(dsn=warehouse.settings.clickhouse_url) as client:
            return list(client.query(f"SELECT * FROM {warehouse.settings.clickhouse_analytics}.{mart}").named_results())

    return of


def results() -> list[dict[str, Any]]:
    """A row per decision and per trade without one, worked out in plain Python."""
    by_trade = {row["trade_id"]: row["id"] for row in DECISIONS if row["trade_id"]}
    known = {row["id"]: row for row in DECISIONS}
    fills: dict[str, list[dict[str, Any]]] = {}
    for trade in TRADES:
        decision = trade["decision_id"] or by_trade.get(trade["id"])
        fills.setdefault(f"d {decision}" if decision else f"t {trade['id']}", []).append(trade)
    found = []
    for unit in {*(f"d {name}" for name in known), *fills}:
        decision, own = known.get(unit[2:]) if unit[0] == "d" else None, fills.get(unit, [])
        first = decision or own[0]
        nets, sizes = [trade["net_pnl"] for trade in own], [notional(trade) for trade in own]
        net, size = whole(nets), whole(sizes)
        cost = decision["cost"] if decision else None
        paid = cost or 0 if own and own[0]["currency"] == "USD" else 0
        moment = first["decided_at"] if decision else first["opened_at"] or first["closed_at"]
        versions = [first["prompt_version"], *(trade["prompt_version"] for trade in own)]
        found.append(
            {
                "agent": first["agent_id"],
                "version": next((version for version in versions if version), "not known"),
                "symbol": first["symbol"],
                "day": moment.date(),
                "decision": decision,
                "traded": decision is not None and (decision["executed"] or bool(own)),
                "trades": len(own),
                "net": net,
                "cost": cost,
                "return": None if net is None or size is None else float((net - paid) / size),
            }
        )
    return found


def whole(amounts: list[Decimal | None]) -> Decimal | None:
    """The sum; None where there is nothing or one is not known."""
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if known and len(known) == len(amounts) else None


def notional(trade: dict[str, Any]) -> Decimal | None:
    if trade["quantity"] is None or trade["entry_price"] is None:
        return None
    return trade["quantity"] * trade["entry_price"]


RESULTS = results()


def judged(chosen: str, agent: str | None = None, version: str | None = None) -> list[tuple[float, bool]]:
    """Confidence and outcome of the decisions of a population."""
    return [
        (float(row["confidence"]), row["outcome_correct"])
        for row in DECISIONS
        if row["confidence"] is not None
        and row["outcome_correct"] is not None
        and (chosen == "all" or row["executed"] == (chosen == "traded"))
        and agent in (None, row["agent_id"])
        and version in (None, row["prompt_version"] or "not known")
    ]


def test_both_warehouses_agree_and_every_check_passed(built: dg.ExecuteInProcessResult, warehouse: Any) -> None:
    checks = built.get_asset_check_evaluations()
    assert [f"{c.asset_key.to_user_string()} {c.check_name}: {c.description}" for c in checks if not c.passed] == []
    assert built.success
    assert {c.asset_key.path[-1] for c in checks if c.check_name == "holds_together"} == {
        *("prompt_pairs", "agent_pairs", "calibrated_confidence", "sharpe_ratios")
    }
    with psycopg.connect(warehouse.settings.postgres_url) as connection:
        stored = connection.execute("SELECT mart, rows_postgres, differences, examples FROM ops.mart_parity").fetchall()
    assert [(mart, examples) for mart, _, differences, examples in stored if differences] == []
    counts = {mart: count for mart, count, _, _ in stored}
    for mart in ("prompt_days", "prompt_performance", "prompt_comparison", "agent_comparison", "market_volatility"):
        assert counts[mart] > 0, mart
    for mart in ("confidence_calibration", "calibration_scores", "confidence_recalibration", "sharpe_confidence"):
        assert counts[mart] > 0, mart


@pytest.mark.parametrize("engine", ENGINES)
def test_prompt_performance_is_what_plain_python_counts(read: Read, engine: str) -> None:
    found = {
        (row["agent_id"], row["prompt_version"]): row
        for row in read(engine, "prompt_performance")
        if row["scope"] == "agent"
    }
    assert set(found) == {(row["agent"], row["version"]) for row in RESULTS}
    for (agent, version), row in found.items():
        own = [one for one in RESULTS if (one["agent"], one["version"]) == (agent, version)]
        decisions = [one["decision"] for one in own if one["decision"]]
        outcomes = [one["outcome_correct"] for one in decisions if one["outcome_correct"] is not None]
        nets = [one["net"] for one in own if one["net"] is not None]
        costs = [one["cost"] for one in own if one["cost"] is not None]
        returns = [one["return"] for one in own if one["return"] is not None]
        confidence = [float(one["confidence"]) for one in decisions if one["confidence"] is not None]
        assert (row["decisions"], row["traded"]) == (len(decisions), sum(one["traded"] for one in own))
        assert row["trades_without_decision"] == len(own) - len(decisions)
        assert (row["judged"], row["correct"]) == (len(outcomes), sum(outcomes))
        assert (row["trades"], row["scored"]) == (sum(one["trades"] for one in own), len(nets))
        assert row["wins"] == sum(net > 0 for net in nets)
        assert (row["costed"], row["cost"]) == (len(costs), sum(costs) if costs else None)
        assert row["avg_confidence"] == (pytest.approx(statistics.fmean(confidence)) if confidence else None)
        assert row["returns"] == len(returns)
        mean = pytest.approx(statistics.fmean(returns), rel=1e-9, abs=1e-11) if returns else None
        assert row["avg_net_return"] == mean
        in_dollars = agent != "blind"
        has_trades = any(one["trades"] for one in own)
        assert row["net_pnl"] == (sum(nets) if nets and has_trades else None)
        after = sum(nets) - sum(costs, Decimal(0)) if nets and in_dollars else None
        assert row["net_pnl_after_cost"] == after
        check_interval(row, "win_rate", row["wins"], row["scored"])
        check_interval(row, "accuracy", row["correct"], row["judged"])


def check_interval(row: dict[str, Any], name: str, wins: int, count: int) -> None:
    from scipy.stats import binomtest

    if count == 0:
        assert [row[name], row[f"{name}_low"], row[f"{name}_high"]] == [None] * 3
        return
    interval = binomtest(wins, count).proportion_ci(method="wilson")
    assert row[name] == pytest.approx(wins / count, rel=1e-12)
    assert row[f"{name}_low"] == pytest.approx(interval.low, rel=1e-9, abs=1e-12)
    assert row[f"{name}_high"] == pytest.approx(interval.high, rel=1e-9)


@pytest.mark.parametrize("engine", ENGINES)
def test_scopes_add_up_and_a_regime_was_known_before_the_day(read: Read, engine: str) -> None:
    found = read(engine, "prompt_performance")
    for name in ("decisions", "trades", "wins", "judged"):
        sums = {
            scope: sum(row[name] for row in found if row["scope"] == scope) for scope in ("version", "agent", "regime")
        }
        assert len(set(sums.values())) == 1, (name, sums)
    assert {row["regime"] for row in found if row["scope"] == "regime"} == {
        *("rising", "falling", "sideways", "not known")
    }
    for row in read(engine, "prompt_days"):
        assert row["regime"] == regime(row["symbol"], row["day"]), (row["symbol"], row["day"])


def regime(symbol: str, day: date) -> str:
    def close(of: date) -> float | None:
        number = (of - desk.START.date()).days
        if not 0 <= number < desk.DAYS or (symbol, number) == ("ETH", 5):
            return None
        return desk.market(f"{symbol}/USDT", number * 24 + 23)[3]

    newest, week_before = close(day - timedelta(days=1)), close(day - timedelta(days=8))
    if newest is None or week_before is None:
        return "not known"
    return "rising" if newest > 1.05 * week_before else "falling" if newest < 0.95 * week_before else "sideways"


@pytest.mark.parametrize("engine", ENGINES)
def test_prompt_comparison_is_a_jackknife_done_by_hand(read: Read, engine: str) -> None:
    from scipy import stats

    found = {(row["agent_id"], row["version_a"], row["version_b"]): row for row in read(engine, "prompt_comparison")}
    assert {agent for agent, _, _ in found} == {"tuner", "gambler", "steady"}
    same = found["steady", "new", "old"]
    assert (same["difference"], same["days"], same["std_error"], same["verdict"]) == (0, 10, None, "undecided")
    named = {"tuner": ("trade only", "v1", "v2", "v3"), "gambler": ("a", "b", "trade only")}
    p_values: dict[str, dict[tuple[str, str], float]] = {"tuner": {}, "gambler": {}}
    for agent, versions in named.items():
        for a, b in itertools.combinations(versions, 2):
            cells = shared_cells(agent, a, b)
            row = found.get((agent, a, b))
            if not cells:
                assert row is None
                continue
            assert row is not None
            days = sorted({day for _, day in cells})
            whole = weighted(cells)
            assert (row["days"], row["cells"]) == (len(days), len(cells))
            assert row["difference"] == pytest.approx(whole, rel=1e-8)
            assert row["mean_b"] - row["mean_a"] == pytest.approx(whole, rel=1e-8)
            if len(days) < 2:
                assert (row["std_error"], row["verdict"]) == (None, "undecided")
                continue
            without = [weighted({cell: v for cell, v in cells.items() if cell[1] != day}) for day in days]
            error = math.sqrt((len(days) - 1) / len(days) * sum((one - whole) ** 2 for one in without))
            assert row["std_error"] == pytest.approx(error, rel=1e-7)
            interval = stats.t.interval(0.95, len(days) - 1, loc=whole, scale=error)
            assert (row["low"], row["high"]) == pytest.approx(interval, rel=1e-7)
            assert row["probability_b_better"] == pytest.approx(stats.t.cdf(whole / error, len(days) - 1), rel=1e-6)
            p_values[agent][a, b] = row["p_value"]
    for agent, family in p_values.items():
        adjusted = by_holm(family)
        for pair, value in adjusted.items():
            assert found[(agent, *pair)]["p_adjusted"] == pytest.approx(value, rel=1e-12)
            assert (found[(agent, *pair)]["verdict"] == "undecided") == (value >= 0.05)
    assert found["tuner", "v1", "v3"]["verdict"] == "better"
    assert found["tuner", "v1", "v3"]["decisions_needed"] == 0
    assert found["gambler", "a", "b"]["verdict"] == "undecided"
    assert found["gambler", "a", "b"]["decisions_needed"] is None or found["gambler", "a", "b"]["decisions_needed"] > 0


def shared_cells(agent: str, a: str, b: str) -> dict[tuple[str, date], tuple[list[float], list[float]]]:
    cells: dict[tuple[str, date], tuple[list[float], list[float]]] = {}
    for one in RESULTS:
        if one["agent"] == agent and one["return"] is not None and one["version"] in (a, b):
            cells.setdefault((one["symbol"], one["day"]), ([], []))[one["version"] == b].append(one["return"])
    return {cell: both for cell, both in cells.items() if both[0] and both[1]}


def weighted(cells: dict[tuple[str, date], tuple[list[float], list[float]]]) -> float:
    parts = [
        (len(a) * len(b) / (len(a) + len(b)), statistics.fmean(b) - statistics.fmean(a)) for a, b in cells.values()
    ]
    return sum(weight * difference for weight, difference in parts) / sum(weight for weight, _ in parts)


def by_holm(family: dict[tuple[str, str], float]) -> dict[tuple[str, str], float]:
    adjusted, worst = {}, 0.0
    for place, (pair, value) in enumerate(sorted(family.items(), key=lambda item: item[1])):
        worst = max(worst, min(1.0, value * (len(family) - place)))
        adjusted[pair] = worst
    return adjusted


@pytest.mark.parametrize("engine", ENGINES)
def test_agents_that_cannot_be_told_apart_are_undecided(read: Read, engine: str) -> None:
    pairs = {
        (row["agent_a"], row["agent_b"]): row
        for row in read(engine, "agent_comparison")
        if row["basis"] == "all trades"
    }
    agents = sorted({one["agent"] for one in RESULTS if one["return"] is not None})
    assert set(pairs) == set(itertools.combinations(agents, 2))
    # One day of one trade says nothing about its own error.
    single = pairs["gambler", "single"]
    assert (single["std_error"], single["low"], single["p_value"], single["verdict"]) == (None, None, None, "undecided")
    assert all(row["verdict"] == "undecided" for pair, row in pairs.items() if "single" in pair)
    for row in pairs.values():
        if row["low"] is not None:
            assert row["low"] <= row["difference"] <= row["high"]


@pytest.mark.parametrize("engine", ENGINES)
def test_calibration_equals_scikit_learns(read: Read, engine: str) -> None:
    from sklearn.calibration import calibration_curve
    from sklearn.metrics import brier_score_loss, log_loss

    bins = read(engine, "confidence_calibration")
    scores = read(engine, "calibration_scores")
    assert {row["agent_id"] for row in scores} == {"tuner", "gambler", "certain", "single"}
    assert {(row["scope"], row["chosen"]) for row in scores} == set(
        itertools.product(("agent", "version"), ("all", "traded", "skipped"))
    )
    for row in scores:
        version = row["prompt_version"] if row["scope"] == "version" else None
        population = judged(row["chosen"], row["agent_id"], version)
        said, was = np.array([c for c, _ in population]), np.array([o for _, o in population], float)
        key = ("scope", "agent_id", "prompt_version", "chosen")
        own = [one for one in bins if all(one[name] == row[name] for name in key)]
        assert row["decisions"] == len(population)
        assert row["brier"] == pytest.approx(brier_score_loss(was, said), rel=1e-9, abs=1e-15)
        assert row["log_loss"] == pytest.approx(log_loss(was, said, labels=[0, 1]), rel=1e-9, abs=1e-14)
        # scikit-learn's bins hold their upper ends, ours their lower ones; a hair moves its confidences over.
        place = np.minimum(np.floor(said * 10 + 1e-9), 9)
        share, mean = calibration_curve(was, np.minimum((place + 0.5) / 10, 1), n_bins=10)
        width = sorted((one for one in own if one["binning"] == "equal width"), key=lambda one: one["bin"])
        assert [one["accuracy"] for one in width] == pytest.approx(list(share), rel=1e-12)
        assert [one["bin"] / 10 - 0.05 for one in width] == pytest.approx(list(mean))
        counts = np.array([one["decisions"] for one in width])
        gaps = np.array([one["avg_confidence"] - one["accuracy"] for one in width])
        assert row["reliability"] == pytest.approx((counts * gaps**2).sum() / counts.sum(), rel=1e-9, abs=1e-15)
        assert row["ece_equal_width"] == pytest.approx((counts * abs(gaps)).sum() / counts.sum(), rel=1e-9, abs=1e-15)
        lift = np.array([one["accuracy"] for one in width]) - was.mean()
        assert row["resolution"] == pytest.approx((counts * lift**2).sum() / counts.sum(), rel=1e-9, abs=1e-15)
        assert row["uncertainty"] == pytest.approx(was.mean() * (1 - was.mean()), abs=1e-15)
        # Murphy's identity, with what varies inside the bins: within = mean (c - c_bin)^2 - 2 (c - c_bin)(o - o_bin).
        by_bin = {one["bin"] - 1: one for one in width}
        apart = said - np.array([by_bin[int(at)]["avg_confidence"] for at in place])
        other = was - np.array([by_bin[int(at)]["accuracy"] for at in place])
        within = float(np.mean(apart**2 + 2 * apart * -other))
        assert row["brier"] == pytest.approx(
            row["reliability"] - row["resolution"] + row["uncertainty"] + within, abs=1e-12
        )
        mass = [one for one in own if one["binning"] == "equal mass"]
        assert sum(one["decisions"] for one in mass) == len(population)
        gap = sum(one["decisions"] * abs(one["avg_confidence"] - one["accuracy"]) for one in mass) / len(population)
        assert row["ece_equal_mass"] == pytest.approx(gap, rel=1e-9, abs=1e-15)
        for one in own:
            check_interval(one, "accuracy", one["correct"], one["decisions"])
    tuner = [one for one in bins if one["agent_id"] == "tuner" and one["scope"] == "agent" and one["chosen"] == "all"]
    sizes = [one["decisions"] for one in tuner if one["binning"] == "equal mass"]
    assert len(sizes) == 10
    assert max(sizes) < 2.5 * min(sizes)


@pytest.mark.parametrize("engine", ENGINES)
def test_recalibration_knows_only_what_was_recorded_before_the_day(read: Read, engine: str) -> None:
    from sklearn.isotonic import IsotonicRegression

    found = read(engine, "confidence_recalibration")
    assert {row["agent_id"] for row in found} >= {"tuner", "gambler", "certain", "single"}
    checked = 0
    for agent in ("tuner", "gambler", "certain"):
        own = [row for row in DECISIONS if row["agent_id"] == agent and row["confidence"] is not None]
        for row in (row for row in found if row["agent_id"] == agent):
            known = [
                (float(one["confidence"]), one["outcome_correct"])
                for one in own
                if one["outcome_recorded_at"] is not None and one["outcome_recorded_at"].date() < row["day"]
            ]
            assert row["trained_on"] == len(known)
            if len(known) < 30:
                assert row["calibrated"] is None
                continue
            model = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip")
            model.fit([c for c, _ in known], [float(o) for _, o in known])
            assert row["calibrated"] == pytest.approx(float(model.predict([float(row["confidence"])])[0]), abs=1e-9)
            checked += 1
    assert checked > 300


@pytest.mark.parametrize("engine", ENGINES)
def test_volatility_is_what_numpy_says(read: Read, engine: str) -> None:
    found = sorted(
        (row for row in read(engine, "market_volatility") if row["symbol"] == "ETH/USDT"), key=lambda row: row["hour"]
    )
    assert len(found) == (desk.DAYS - 1) * 24
    hours = [round((row["hour"].replace(tzinfo=UTC) - desk.START) / timedelta(hours=1)) for row in found]
    closes = np.array([desk.market("ETH/USDT", hour)[3] for hour in hours])
    moves = np.diff(np.log(closes))
    for place, row in enumerate(found):
        assert row["price_range"] == row["high"] - row["low"]
        assert row["parkinson_volatility"] == pytest.approx(
            math.log(row["high"] / row["low"]) / math.sqrt(4 * math.log(2))
        )
        if place == 0 or hours[place] != hours[place - 1] + 1:
            assert row["log_return"] is None
        else:
            assert row["log_return"] == pytest.approx(moves[place - 1], rel=1e-9, abs=1e-15)
        if place >= 24 and hours[place] - hours[place - 24] == 24:
            expected = math.sqrt((moves[place - 24 : place] ** 2).sum())
            assert row["realized_volatility_24h"] == pytest.approx(expected, rel=1e-9)
        else:
            assert row["realized_volatility_24h"] is None


def test_the_designs_queries_answer_the_same_on_both(built: dg.ExecuteInProcessResult, warehouse: Any) -> None:
    from dagster_project.defs.transform import command
    from dagster_project.defs.transform.parsed import parsed
    from dagster_project.defs.transform.prepare import DBT_PROJECT
    from dagster_project.lib.parity import same

    environment = warehouse.settings.dbt_environment()
    answers: dict[str, dict[str, list[Any]]] = {}
    for engine in ENGINES:
        folders = ["--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT), "--target", engine]
        target = warehouse.settings.home / "dbt" / engine
        paths = ["--target-path", str(target), "--log-path", str(target)]
        compiled = ["compile", "--quiet", "--select", "resource_type:analysis", *folders, *paths]
        list(command.run(compiled, environment, parsed(engine, environment)))
        for file in sorted((target / "compiled" / "candlehouse" / "analyses").glob("*.sql")):
            answers.setdefault(file.stem, {})[engine] = ask(warehouse, engine, file.read_text())
    assert len(answers) == len(list((DBT_PROJECT / "analyses").glob("*.sql"))) > 0
    for name, both in answers.items():
        assert both["postgres"], name
        assert len(both["postgres"]) == len(both["clickhouse"]), name
        for left, right in zip(both["postgres"], both["clickhouse"], strict=True):
            assert all(same(one, other) for one, other in zip(left, right, strict=True)), (name, left, right)


@pytest.mark.parametrize("engine", ENGINES)
def test_sharpe_ratios_are_as_sure_as_the_days_of_both_warehouses_say(read: Read, engine: str) -> None:
    from dagster_project.lib.statistics.sharpe import board

    returns: dict[str, list[float]] = {}
    for row in sorted(read(engine, "agent_daily"), key=lambda row: row["day"]):
        if row["daily_return"] is not None:
            returns.setdefault(row["agent_id"], []).append(row["daily_return"])
    found = {row["agent_id"]: row for row in read(engine, "sharpe_confidence")}
    figures = {row["agent_id"]: row["sharpe"] for row in read(engine, "agent_analytics")}
    for one in board(returns):
        row = found.pop(one.agent)
        assert (row["days"], row["agents"], row["verdict"]) == (one.days, 2, one.verdict)
        assert row["sharpe"] == pytest.approx(figures[one.agent], rel=1e-9)
        for name in ("low", "high", "luck", "probability_positive", "probability_above_luck"):
            assert row[name] == pytest.approx(getattr(one, name), rel=1e-9, abs=1e-12), name
    assert found == {}


def ask(warehouse: Any, engine: str, query: str) -> list[Any]:
    import clickhouse_connect

    if engine == "postgres":
        with psycopg.connect(warehouse.url("readonly"), options="-c timezone=UTC") as connection:
            return connection.execute(query.encode()).fetchall()
    settings = {"join_use_nulls": 1}
    with clickhouse_connect.get_client(dsn=warehouse.settings.clickhouse_url) as client:
        return list(client.query(query, settings=settings).result_rows)


def test_boards_print_what_is_undecided(built: dg.ExecuteInProcessResult) -> None:
    from dagster_project.commands.board import board

    done = CliRunner().invoke(board, env={"COLUMNS": "160"})
    assert done.exit_code == 0, done.output
    assert "undecided" in done.output
    assert "Prompt versions" in done.output
    assert "Skill or luck: desk, real" in done.output
    answer = json.loads(CliRunner().invoke(board, ["--json"]).output)
    assert {row["prompt_version"] for row in answer["prompts"] if row["agent_id"] == "tuner"} >= {"v1", "v2", "v3"}
    decided = [row for row in answer["prompt_comparison"] if row["verdict"] != "undecided"]
    assert ("v1", "v3", "better") in [(row["version_a"], row["version_b"], row["verdict"]) for row in decided]
    assert all(row["verdict"] in ("better", "worse", "undecided", None) for row in answer["leaderboard"])
    assert {row["agent_id"] for row in answer["sharpe"]} == {"tuner", "gambler"}


def test_people_see_tables_and_plots(built: dg.ExecuteInProcessResult) -> None:
    metadata = {
        event.asset_key.path[-1]: event.materialization.metadata
        for event in built.get_asset_materialization_events()
        if event.asset_key and event.asset_key.path[:2] == ["postgres", "public"]
    }
    assert "undecided" in str(metadata["agent_pairs"]["leaderboard"].value)
    for asset, names in {
        "agent_pairs": ("comparison",),
        "prompt_pairs": ("comparison",),
        "calibrated_confidence": ("calibration",),
        "sharpe_ratios": ("intervals",),
    }.items():
        for name in names:
            assert "data:image/png;base64," in str(metadata[asset][name].value)
    assert int(str(metadata["calibrated_confidence"]["recalibrated_decisions"].value)) > 100


def test_a_second_run_writes_the_same_rows(built: dg.ExecuteInProcessResult, read: Read) -> None:
    """Also: hours that nobody wrote to are not copied again."""

    def rows_of_both() -> dict[tuple[str, str], list[str]]:
        statistics = ("prompt_comparison", "agent_comparison", "confidence_recalibration", "sharpe_confidence")
        names = (*statistics, "prompt_days")
        return {(engine, name): sorted(map(repr, read(engine, name))) for engine in ENGINES for name in names}

    before = rows_of_both()
    statistics = ("prompt_pairs", "agent_pairs", "calibrated_confidence", "sharpe_ratios")
    tables = ("hourly_candles", "instrument_markets", *statistics)
    again = run_boards(
        *(["postgres", "public", table] for table in tables),
        *(["clickhouse", "candlehouse", table] for table in tables),
        *([engine, "analytics", "prompt_days"] for engine in ENGINES),
    )
    assert again.success
    assert rows_of_both() == before
    (hours,) = [
        event.materialization.metadata
        for event in again.get_asset_materialization_events()
        if event.asset_key and event.asset_key.path == ["postgres", "public", "hourly_candles"]
    ]
    assert hours["rows_written"].value == 0
