"""Analysts written for the tradingagents design: SQLAlchemy, JSON documents that expire, full-text search."""

from __future__ import annotations

import json

from sqlalchemy import create_engine, text


def analyse(url: str, name: str, rounds: int) -> int:
    """Writes documents for some rounds on connections of its own; returns how many of them are not expired."""
    engine = create_engine(
        url.replace("postgresql://", "postgresql+psycopg://", 1),
        connect_args={"options": "-c search_path=tradingagents,public"},
    )
    upsert = text(
        "INSERT INTO trading_signals (id, document, expires_at) VALUES (:id, :document, now() + :ttl * interval '1"
        " second')"
        " ON CONFLICT (id) DO UPDATE SET document = EXCLUDED.document, expires_at = EXCLUDED.expires_at"
    )
    for turn in range(rounds):
        signal = {"symbol": "BTC/USDT", "signal_type": "buy", "title": f"{name} sees a breakout", "turn": turn}
        news = {"title": f"Candle {turn} for {name}", "symbols": ["BTC"], "published_at": "2025-10-26T04:15:00Z"}
        with engine.begin() as db:
            for _ in range(2):
                db.execute(
                    upsert,
                    {"id": f"{name}-{turn}", "document": json.dumps(signal), "ttl": -60 if turn % 3 == 0 else 3600},
                )
            db.execute(
                text("INSERT INTO news_articles (id, document) VALUES (:id, :document)"),
                {"id": f"{name}-news-{turn}", "document": json.dumps(news)},
            )
            found = db.execute(
                text("SELECT id FROM news_articles WHERE search @@ websearch_to_tsquery(:words)"),
                {"words": f'"candle {turn}" {name}'},
            ).scalars()
            assert list(found) == [f"{name}-news-{turn}"]
    with engine.begin() as db:
        kept = db.execute(
            text(
                "SELECT count(*) FROM trading_signals"
                " WHERE document @> jsonb_build_object('title', CAST(:title AS text))"
            ),
            {"title": f"{name} sees a breakout"},
        ).scalar_one()
    engine.dispose()
    return kept
