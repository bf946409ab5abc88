"""Which tables of ClickHouse leave for files, and after how many months. `[cold.months]` of candlehouse.toml wins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


class UnknownTable(Exception):
    """No table of this name goes to files; the message is one line."""


@dataclass(frozen=True)
class ColdPolicy:
    """`table` as people know it, the table with its rows, and how many whole months stay in ClickHouse (0: all)."""

    table: str
    storage: str
    months: int

    def newest_due(self, now: datetime) -> int | None:
        """The newest month (YYYYMM) that may leave at `now` (UTC); None: none may."""
        if not self.months:
            return None
        count = now.year * 12 + now.month - 1 - self.months - 1
        return count // 12 * 100 + count % 12 + 1


# Raw market data is large and seldom read when it is old; what boards are made of stays longer.
_MONTHS = {
    "market_orderbook": 3,
    "market_tickers": 6,
    "technical_indicators": 12,
    "ml_features": 12,
    "simulation_events": 12,
    "simulation_aggregates": 24,
    "price_ticks": 12,
    "onchain_transactions": 24,
    "exchange_flows": 24,
    "social_media_posts": 12,
    "sentiment_data": 24,
    "news_articles": 24,
    "news_article_revisions": 24,
    "news_scores": 24,
    "news_documents": 24,
    "social_documents": 12,
    "agent_analysis_results": 24,
    "trading_signals": 24,
    "agent_decisions_log": 24,
    "agent_performance": 36,
    "agent_reasoning_sessions": 24,
    "agent_reflections": 24,
    "decision_cycles": 24,
    "conversations": 24,
    "conversation_messages": 24,
    "account_equity_snapshots": 36,
    "orders_history": 36,
    "trades_history": 36,
}


def policies(months: Mapping[str, int] | None = None) -> dict[str, ColdPolicy]:
    """All policies by table.

    Args:
        months: from candlehouse.toml, instead of the defaults.

    Raises:
        UnknownTable: `months` names a table without a policy.
    """
    for name in months or {}:
        if name not in _MONTHS:
            raise UnknownTable(f"candlehouse.toml: cold.months: {name} is not one of {', '.join(sorted(_MONTHS))}")
    chosen = _MONTHS | dict(months or {})
    return {name: ColdPolicy(name, f"{name}_versions", chosen[name]) for name in _MONTHS}


def policy(name: str, months: Mapping[str, int] | None = None) -> ColdPolicy:
    """The policy of a table, by the name of the table or of its storage. Raises UnknownTable."""
    known = policies(months)
    found = known.get(name) or known.get(name.removesuffix("_versions"))
    if found is None:
        raise UnknownTable(f"no table {name} goes to cold files: choose from {', '.join(sorted(known))}")
    return found
