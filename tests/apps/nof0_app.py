"""An arena participant written for the nof0 design: plain psycopg, the design's names, epoch milliseconds."""

from __future__ import annotations

import random
from decimal import Decimal

import psycopg


def trade(url: str, model: str, rounds: int) -> Decimal:
    """Trades for some rounds on a connection of its own; returns the net PnL (USD) that it believes it made."""
    chance, earned = random.Random(model), Decimal(0)
    with psycopg.connect(url, autocommit=True, options="-c search_path=nof0,public") as db:
        db.execute("INSERT INTO models (id, display_name) VALUES (%s, %s)", (model, model.title()))
        db.execute("INSERT INTO symbols (symbol) VALUES ('BTC') ON CONFLICT (symbol) DO NOTHING")
        db.execute("INSERT INTO accounts (model_id) VALUES (%s) ON CONFLICT (model_id) DO NOTHING", (model,))
        opened = db.execute("INSERT INTO conversations (model_id) VALUES (%s) RETURNING id", (model,)).fetchone()
        assert opened
        for turn in range(rounds):
            at, price = 1761452335744 + turn * 60_000, Decimal(chance.randrange(10_000_000, 12_000_000)) / 100
            key, side, quantity = f"{model}-{turn}", chance.choice(("long", "short")), Decimal("0.13")
            with db.transaction():
                db.execute("INSERT INTO price_ticks (symbol, price, ts_ms) VALUES ('BTC', %s, %s)", (price, at))
                db.execute(
                    "INSERT INTO price_latest (symbol, price, ts_ms) VALUES ('BTC', %s, %s) ON CONFLICT (symbol)"
                    " DO UPDATE SET price = EXCLUDED.price, ts_ms = EXCLUDED.ts_ms, updated_at = NOW()",
                    (price, at),
                )
            db.execute(
                "INSERT INTO conversation_messages (conversation_id, role, content, ts_ms) VALUES (%s, 'assistant',"
                " %s, %s)",
                (opened[0], f"I go {side} 🕯", at),
            )
            db.execute(
                "INSERT INTO positions (id, model_id, symbol, side, entry_price, quantity, leverage, entry_ts_ms)"
                " VALUES (%s, %s, 'BTC', %s, %s, %s, 10, %s) ON CONFLICT (id) DO NOTHING",
                (key, model, side, price, quantity, at),
            )
            move = Decimal(chance.randrange(-50_000, 50_000)) / 100
            gross = move * quantity * (1 if side == "long" else -1)
            net = gross - Decimal("1.25")
            for _ in range(2):  # the fill event is delivered twice
                with db.transaction():
                    db.execute(
                        "INSERT INTO trades (id, model_id, symbol, side, quantity, entry_price, entry_ts_ms,"
                        " exit_price,"
                        " exit_ts_ms, realized_gross_pnl, realized_net_pnl, total_commission_dollars, entry_oid,"
                        " exit_oid)"
                        " VALUES (%s, %s, 'BTC', %s, %s, %s, %s, %s, %s, %s, %s, 1.25, %s, %s)"
                        " ON CONFLICT (id) DO UPDATE SET realized_net_pnl = EXCLUDED.realized_net_pnl",
                        (key, model, side, quantity, price, at, price + move, at + 30_000, gross, net, at, at + 1),
                    )
                    db.execute(
                        "UPDATE positions SET status = 'closed', exit_price = %s, exit_ts_ms = %s WHERE id = %s",
                        (price + move, at + 30_000, key),
                    )
            earned += net
            db.execute(
                "INSERT INTO account_equity_snapshots (model_id, ts_ms, equity_usd, realized_pnl) VALUES (%s, %s, %s,"
                " %s)",
                (model, at + 30_000, 10_000 + earned, earned),
            )
            db.execute(
                "INSERT INTO decision_cycles (model_id, cycle_number, decisions, success) VALUES (%s, %s, %s::jsonb,"
                " TRUE)",
                (model, turn, f'{{"BTC": "{side}"}}'),
            )
        db.execute("SELECT refresh_views_nof0()")
    return earned
