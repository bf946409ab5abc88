"""The designs' hot queries, as the designs have them, with the values that they are asked with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.volumes.agents import NAME
from benchmarks.volumes.sizes import Sizes
from benchmarks.volumes.vectors import Space, text

Draw = Callable[[], tuple[Any, ...]]
SYMBOLS = ("BTC", "ETH", "SOL", "BNB", "DOGE", "XRP")

AGENT_STATE = "SELECT * FROM hybrid.agent_states WHERE agent_id = %s"
UPDATE_STATE = """
UPDATE hybrid.agent_states
SET balance = %s, equity = %s, pnl = %s, total_trades = total_trades + 1, updated_at = NOW()
WHERE agent_id = %s AND symbol = %s
"""
ACTIVE_POSITIONS = """
SELECT * FROM nof0.positions WHERE model_id = %s AND status = 'open' ORDER BY entry_ts_ms DESC
"""
OPEN_TRADES = "SELECT * FROM hybrid.trades WHERE agent_id = %s AND status = 'open'"
TRADES_24H = """
SELECT * FROM nof0.trades
WHERE exit_ts_ms >= EXTRACT(EPOCH FROM (NOW() - INTERVAL '24 hours')) * 1000
ORDER BY exit_ts_ms DESC
"""
LATEST_EQUITY = """
SELECT DISTINCT ON (model_id) model_id, ts_ms, equity_usd, realized_pnl, unrealized_pnl
FROM nof0.account_equity_snapshots
ORDER BY model_id, ts_ms DESC
"""
# %s twice the vector: once to order by, once to see the distance, as the hybrid application asks.
SEARCH = """
SELECT id, agent_id, context, action, outcome, lesson, embedding, importance, access_count, last_accessed, created_at,
embedding <=> %s::vector AS distance
FROM hybrid.agent_semantic_memories
WHERE agent_id = %s
ORDER BY distance LIMIT 10
"""
# The application's own version leaves out what is not similar.
SEARCH_NEAR = SEARCH.replace("ORDER BY", "AND (embedding <=> %s::vector) < 0.3 ORDER BY")
EXACT = """
SELECT id FROM public.agent_semantic_memories
WHERE agent_id = %s AND embedding IS NOT NULL ORDER BY embedding <=> %s::vector LIMIT 10
"""


@dataclass(frozen=True)
class Hot:
    """A query with its target (milliseconds, median); `draw` gives the values of one call."""

    name: str
    statement: str
    draw: Draw
    target: float | None = None
    calls: int = 200


def hot_queries(sizes: Sizes, seed: int = 3) -> list[Hot]:
    """Everything but the vector search."""
    draw = np.random.default_rng(seed)

    def agent() -> str:
        return NAME.format(draw.integers(1, sizes.agents + 1))

    def update() -> tuple[Any, ...]:
        amount = round(float(draw.normal(10000, 50)), 2)
        return amount, amount, round(amount - 10000, 2), agent(), SYMBOLS[draw.integers(0, len(SYMBOLS))]

    return [
        Hot("agent state, read", AGENT_STATE, lambda: (agent(),), 2.5),
        Hot("agent state, update", UPDATE_STATE, update, 5),
        Hot("active positions of a model", ACTIVE_POSITIONS, lambda: (agent(),), 2.5),
        Hot("active positions of the largest model", ACTIVE_POSITIONS, lambda: (NAME.format(1),), None, 50),
        Hot("open trades of an agent", OPEN_TRADES, lambda: (agent(),), None),
        Hot("trades of the last 24 hours", TRADES_24H, lambda: (), None, 20),
        Hot("latest equity per model", LATEST_EQUITY, lambda: (), None, 20),
    ]


@dataclass(frozen=True)
class Search:
    """A vector search by agents of one kind; `asked` are pairs of agent id and vector as text."""

    name: str
    asked: list[tuple[str, str]]


def searches(sizes: Sizes, each: int, seed: int = 4) -> list[Search]:
    """`each` searches by agents with very many, some and few memories, and by any agent; one in five off its topics."""
    draw = np.random.default_rng(seed)
    space = Space(sizes.dimensions, sizes.agents, seed=1)
    space.reseed(seed)
    groups = {
        "the five largest agents": (1, 5),
        "agents of rank 6 to 60": (6, 60),
        "agents of rank 61 to 500": (61, sizes.agents),
        "any agent": (1, sizes.agents),
    }
    made = []
    for name, (low, high) in groups.items():
        ranks = draw.integers(low, high + 1, each)
        vectors = space.of_agents(ranks)
        made.append(
            Search(name, [(NAME.format(rank), text(vector)) for rank, vector in zip(ranks, vectors, strict=True)])
        )
    return made
