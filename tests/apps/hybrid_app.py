"""A trading bot written for the hybrid design: plain psycopg, agent state, memories found by vector search."""

from __future__ import annotations

import random
from decimal import Decimal
from uuid import uuid4

import psycopg

DIMENSIONS = 1536


def _embedding(chance: random.Random) -> str:
    return "[" + ",".join(f"{chance.uniform(-1, 1):.4f}" for _ in range(DIMENSIONS)) + "]"


def trade(url: str, name: str, rounds: int) -> Decimal:
    """Trades for some rounds on a connection of its own; returns the PnL (USD) that it believes it made."""
    chance, balance = random.Random(name), Decimal(1000)
    agent, user = str(uuid4()), str(uuid4())
    with psycopg.connect(url, autocommit=True, options="-c search_path=hybrid,public") as db:
        db.execute("INSERT INTO users (id, telegram_id) VALUES (%s, %s)", (user, chance.randrange(1, 2**40)))
        db.execute(
            "INSERT INTO agent_configs (id, user_id, name, personality, specialization, strategy, decision_interval)"
            " VALUES (%s, %s, %s, 'conservative', '{}', '{}', 300000000000)",
            (agent, user, name),
        )
        db.execute(
            "INSERT INTO agent_states (agent_id, symbol, balance, initial_balance, equity)"
            " VALUES (%s, 'BTC/USDT', %s, %s, %s)",
            (agent, balance, balance, balance),
        )
        for turn in range(rounds):
            lesson = _embedding(chance)
            key, pnl = str(uuid4()), Decimal(chance.randrange(-900, 1000)) / 100
            db.execute(
                "INSERT INTO trades (id, agent_id, user_id, symbol, side, entry_price, size, leverage, status,"
                " opened_at)"
                " VALUES (%s, %s, %s, 'BTC/USDT', 'long', 50000, 0.01, 3, 'open', now() - interval '5 minutes')",
                (key, agent, user),
            )
            with db.transaction():
                db.execute(
                    "UPDATE trades SET status = 'closed', exit_price = 50010, pnl = %s, fee = 0.5, closed_at = now(),"
                    " exit_reason = 'take profit' WHERE id = %s",
                    (pnl, key),
                )
                db.execute(
                    "INSERT INTO agent_states (agent_id, symbol, balance, initial_balance, equity) VALUES (%s,"
                    " 'BTC/USDT',"
                    " 0, 0, 0) ON CONFLICT (agent_id, symbol) DO UPDATE SET balance = agent_states.balance + %s,"
                    " equity = agent_states.equity + %s, pnl = agent_states.pnl + %s,"
                    " total_trades = agent_states.total_trades + 1",
                    (agent, pnl, pnl, pnl),
                )
            db.execute(
                "INSERT INTO agent_semantic_memories (agent_id, context, action, outcome, lesson, embedding)"
                " VALUES (%s, 'BTC dropped', 'bought', %s, %s, %s)",
                (agent, str(pnl), f"lesson {turn}", lesson),
            )
            nearest = db.execute(
                "SELECT lesson FROM agent_semantic_memories WHERE agent_id = %s ORDER BY embedding <=> %s::vector"
                " LIMIT 1",
                (agent, lesson),
            ).fetchone()
            assert nearest == (f"lesson {turn}",)
            balance += pnl
        state = db.execute("SELECT balance, total_trades FROM agent_states WHERE agent_id = %s", (agent,)).fetchone()
        assert state == (balance, rounds)
    return balance - 1000
