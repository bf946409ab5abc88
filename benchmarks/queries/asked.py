"""The queries: the designs' on ClickHouse's history, and what boards and applications ask of the marts."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dagster_project.lib.queries import query

# Marts are filled with 730 days from 2024-01-01 on: what lies behind this day is a tenth of the trades.
LAST_TENTH = "2025-10-18"


@dataclass(frozen=True)
class Asked:
    """A query with its target (milliseconds, median; DESIGN.md section 9)."""

    name: str
    statement: str
    target: float | None = None
    calls: int = 50


def _candles(timeframe: str) -> str:
    """GetCandles, as applications ask it (docs/candles.md)."""
    text = query("get_candles")
    values = {"exchange": "'binance'", "symbol": "'M03/USDT'", "timeframe": f"'{timeframe}'", "n": "1000"}
    for name, value in values.items():
        text = re.sub(rf"\{{{name}:\w+\}}", value, text)
    return text.strip().rstrip(";")


def of_history(trades: int, days: int) -> list[Asked]:
    """On ClickHouse: candles and archived trades."""
    per_million = f"toIntervalSecond({int(days * 86_400 * min(1.0, 1_000_000 / trades))})"
    return [
        Asked(
            "1,000 candles of a market",
            _candles("1m"),
            5,
        ),
        Asked(
            "1,000 candles of an hour, derived",
            _candles("1h"),
        ),
        Asked(
            "one million trades by agent",
            "SELECT agent_id, count(), sum(net_pnl), avg(pnl_percent) FROM trades_history"
            f" WHERE closed_at > now64(6) - {per_million} GROUP BY agent_id",
            50,
        ),
        Asked(
            "volatility by hour, seven days",
            "SELECT toStartOfHour(timestamp) AS hour, symbol, max(high) - min(low), avg(volume) FROM candles_stored"
            " WHERE timestamp > now64(3) - INTERVAL 7 DAY GROUP BY hour, symbol ORDER BY hour",
            250,
        ),
        Asked(
            "win rate by agent and day, seven days",
            "SELECT agent_id, toDate(closed_at) AS day, avg(net_pnl > 0) FROM trades_history"
            " WHERE closed_at > now64(6) - INTERVAL 7 DAY GROUP BY agent_id, day",
            250,
        ),
    ]


def of_marts(marts: str) -> list[Asked]:
    """On both engines, the same text; `marts` is the schema or database."""
    return [
        Asked("leaderboard", f"SELECT * FROM {marts}.leaderboard WHERE exchange = 'hyperliquid' ORDER BY rank"),
        Asked(
            "equity curve of an agent",
            f"SELECT day, equity, drawdown FROM {marts}.agent_daily WHERE exchange = 'hyperliquid'"
            " AND origin_group = 'real' AND agent_id = 'agent-7' ORDER BY day",
        ),
        Asked(
            "prompt versions of an agent",
            f"SELECT * FROM {marts}.prompt_performance WHERE exchange = 'hyperliquid' AND origin_group = 'real'"
            " AND scope = 'agent' AND agent_id = 'agent-7'",
        ),
        Asked(
            "best agents of seven days",
            f"SELECT agent_id, sum(net_pnl) AS pnl FROM {marts}.prompt_days WHERE day > DATE '2025-12-22'"
            " GROUP BY agent_id ORDER BY pnl DESC LIMIT 10",
            250,
        ),
        Asked(
            "a tenth of ten million facts by agent",
            f"SELECT agent_id, count(*), sum(net_pnl) FROM {marts}.trade_facts WHERE day > DATE '{LAST_TENTH}'"
            " GROUP BY agent_id",
            50,
        ),
        Asked(
            "win rate of facts by agent and day, seven days",
            f"SELECT agent_id, day, avg(CASE WHEN is_win THEN 1.0 ELSE 0.0 END) FROM {marts}.trade_facts"
            " WHERE day > DATE '2025-12-22' GROUP BY agent_id, day",
            250,
        ),
        Asked(
            "volatility of a market, seven days",
            f"SELECT hour, price_range, volume FROM {marts}.market_volatility WHERE exchange = 'hyperliquid'"
            " AND symbol = 'BTC' AND hour > TIMESTAMP '2025-12-22 00:00:00' ORDER BY hour",
            250,
        ),
        Asked(
            "closed trades of an agent by prompt",
            f"SELECT prompt_version, count(*), sum(net_pnl) FROM {marts}.trade_facts WHERE agent_id = 'agent-7'"
            " GROUP BY prompt_version",
            250,
        ),
    ]
