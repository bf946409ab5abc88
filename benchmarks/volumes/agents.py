"""Agents of very different sizes: the r-th busiest writes 1/r as much as the first."""

from __future__ import annotations

from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray

NAME = "agent-{:03d}"
# The same distribution in SQL.
SQL_RANK = "least({agents}, floor(exp(random() * ln({agents} + 1)))::int)"
# Open rows are bounded by what an agent can hold: shares fall with the square root of the rank, 4.5% for the first.
SQL_OPEN_RANK = "ceil({agents} * (1 - random()) ^ 2)::int"


def draw_ranks(count: int, agents: int, draw: np.random.Generator) -> NDArray[np.int64]:
    """Ranks of the writers of `count` rows: P(rank = r) = ln(1 + 1/r) / ln(agents + 1), 11% for the first of 500."""
    return np.minimum(agents, np.exp(draw.random(count) * np.log(agents + 1))).astype(np.int64)


def load_agents(connection: psycopg.Connection[Any], agents: int) -> None:
    """The agents, each with an account, a configuration and a state per symbol, written through the triggers."""
    for statement in (
        "INSERT INTO agents (id, display_name) SELECT format('agent-%%s', lpad(rank::text, 3, '0')),"
        " format('Agent %%s', rank) FROM generate_series(1, %(agents)s) AS rank",
        "INSERT INTO accounts (agent_id, initial_equity, inception_at) SELECT id, 10000, now() - interval '2 years'"
        " FROM agents",
        "INSERT INTO agent_configs (id, agent_id, name, personality) SELECT id, id, display_name,"
        " (ARRAY['conservative', 'aggressive', 'balanced', 'news', 'whale'])[1 + abs(hashtext(id)) %% 5] FROM agents",
        "INSERT INTO agent_states (agent_id, symbol, balance, initial_balance, equity, is_trading)"
        " SELECT id, symbol, 10000, 10000, 10000, true FROM agents,"
        " unnest(ARRAY['BTC', 'ETH', 'SOL', 'BNB', 'DOGE', 'XRP']) AS symbol",
    ):
        connection.execute(statement, {"agents": agents})
