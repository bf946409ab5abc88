"""A single trader written for the learning design: SQLAlchemy, LONG and SHORT, decisions with outcomes."""

from __future__ import annotations

import random
from decimal import Decimal

from sqlalchemy import create_engine, text


def trade(url: str, prompt_version: str, rounds: int) -> Decimal:
    """Trades for some rounds on connections of its own; returns the PnL (USD) that it believes it made."""
    chance, earned = random.Random(prompt_version), Decimal(0)
    engine = create_engine(
        url.replace("postgresql://", "postgresql+psycopg://", 1),
        connect_args={"options": "-c search_path=learning,public"},
    )
    with engine.begin() as db:
        db.execute(
            text("INSERT INTO prompt_versions (version, prompt_text, is_active) VALUES (:v, 'Trade well.', TRUE)"),
            {"v": prompt_version},
        )
    for turn in range(rounds):
        side = chance.choice(("LONG", "SHORT"))
        price = Decimal(chance.randrange(4_000_000, 4_500_000)) / 100
        pnl = Decimal(chance.randrange(-9_000, 10_000)) / 100
        with engine.begin() as db:
            decision = db.execute(
                text(
                    "INSERT INTO decisions (symbol, timeframe, recommendation, confidence, entry_price, prompt_version,"
                    " market_snapshot) VALUES ('BTCUSDT', '4h', :side, :confidence, :price, :version,"
                    " jsonb_build_object('rsi_14', 58.5)) RETURNING id"
                ),
                {"side": side, "confidence": Decimal("0.7"), "price": price, "version": prompt_version},
            ).scalar_one()
            trade_id = db.execute(
                text(
                    "INSERT INTO trades (symbol, side, entry_price, quantity, decision_id, prompt_version,"
                    " bybit_order_id)"
                    " VALUES ('BTCUSDT', :side, :price, 0.5, :decision, :version, :order) RETURNING id"
                ),
                {"side": side, "price": price, "decision": decision, "version": prompt_version, "order": f"o{turn}"},
            ).scalar_one()
            db.execute(
                text("UPDATE decisions SET traded = TRUE, trade_id = :trade WHERE id = :decision"),
                {"trade": trade_id, "decision": decision},
            )
        with engine.begin() as db:
            db.execute(text("UPDATE trades SET status = 'open', opened_at = NOW() WHERE id = :id"), {"id": trade_id})
            db.execute(
                text(
                    "INSERT INTO positions (symbol, side, quantity, entry_price, trade_id) VALUES ('BTCUSDT', :side,"
                    " 0.5,"
                    " :price, :trade) ON CONFLICT (symbol) DO UPDATE SET quantity = EXCLUDED.quantity, synced_at ="
                    " NOW()"
                ),
                {"side": side, "price": price, "trade": trade_id},
            )
        with engine.begin() as db:
            db.execute(
                text(
                    "UPDATE trades SET status = 'closed', closed_at = NOW(), exit_price = :exit, pnl = :pnl,"
                    " pnl_percent = :percent, exit_reason = 'tp_hit' WHERE id = :id"
                ),
                {"exit": price + 10, "pnl": pnl, "percent": pnl / 100, "id": trade_id},
            )
            db.execute(text("DELETE FROM positions WHERE symbol = 'BTCUSDT'"))
            db.execute(
                text(
                    "UPDATE decisions SET actual_pnl = :pnl, outcome_correct = :correct, outcome_recorded_at = NOW()"
                    " WHERE id = :id"
                ),
                {"pnl": pnl, "correct": pnl > 0, "id": decision},
            )
        earned += pnl
    engine.dispose()
    return earned
