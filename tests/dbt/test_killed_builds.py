"""Builds of marts that are killed (SIGKILL) between models and within them: the next build makes up for it."""

from __future__ import annotations

import os
import random
import signal
from datetime import timedelta

import pytest

from dagster_project.lib.mart_builds import plan, take_cut
from tests import forked
from tests.dbt import victim
from tests.dbt.warehouses import ENGINES, Warehouses, unlike

SELECTED = "+leaderboard +prompt_performance"
MARTS = {"trade_facts", "agent_daily", "leaderboard", "prompt_days", "prompt_performance"}


def change(both: Warehouses, number: int) -> None:
    """Trades are corrected, moved to other days and opened, decisions judged and made, and all of it is cut."""
    run, draw = both.connection.execute, random.Random(number)
    trades = [name for (name,) in run("SELECT id FROM trades WHERE status = 'closed' ORDER BY id")]
    decisions = [name for (name,) in run("SELECT id FROM decisions ORDER BY id")]
    for name in draw.sample(trades, 20):
        run(
            "UPDATE trades SET closed_at = closed_at + %s, net_pnl = -coalesce(net_pnl, 1), decision_id = %s"
            " WHERE id = %s",
            [timedelta(days=draw.randint(0, 40)), draw.choice((None, draw.choice(decisions))), name],
        )
    run("UPDATE trades SET status = 'open' WHERE id = ANY (%s)", [draw.sample(trades, 5)])
    run(
        "UPDATE decisions SET outcome_correct = NOT coalesce(outcome_correct, false), prompt_version = %s,"
        " outcome_recorded_at = decided_at + interval '2 days' WHERE id = ANY (%s)",
        [f"v{number}", draw.sample(decisions, 20)],
    )
    run(
        "INSERT INTO decisions (id, agent_id, exchange, symbol, action, confidence, decided_at, prompt_version)"
        " SELECT id || '-' || %s, agent_id, exchange, 'SOL', 'long', 0.6, decided_at + interval '1 minute', 'v3'"
        " FROM (SELECT * FROM decisions ORDER BY id LIMIT 9) AS nine",
        [str(number)],
    )
    both.move()
    take_cut(both.connection, both.client)


# 231 s beside a running product on two cores.
@pytest.mark.timeout(1700)
def test_a_killed_build_is_made_up_for(both: Warehouses) -> None:
    draw, places = random.Random(1), []

    def kill(*, full: bool = False) -> None:
        """Builds of both engines that end somewhere."""
        for engine in ENGINES:
            made = plan(both.connection, engine, both.project)
            assert (made.why_full is not None) == full
            place = (engine, draw.randint(1, 30), round(draw.uniform(0, 0.4), 3))
            places.append(place)
            os.environ.update(made.environment)
            ended = forked.run(victim.build, engine, SELECTED, made.arguments, *place[1:], seconds=600)
            assert ended == -signal.SIGKILL, place

    def build(*, full: bool) -> None:
        for engine in ENGINES:
            made = both.build(engine, select=SELECTED)
            assert (made.why_full is not None) == full

    change(both, 0)
    kill(full=True)
    build(full=True)  # no earlier one is known
    assert both.differences(MARTS) == []
    change(both, 1)
    kill()
    change(both, 2)  # what the killed one would have built may go back, or on
    kill()
    build(full=False)
    assert both.differences(MARTS) == [], places
    partial = both.marts(MARTS)
    both.cut_and_build(full=True, select=SELECTED)
    assert unlike(partial, both.marts(MARTS)) == [], places
    assert all(partial[engine, mart] for engine in ENGINES for mart in MARTS)
