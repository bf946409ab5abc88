"""One agent's row of the mart agent_analytics as the JSON object that Alpha Arena publishes. Pure: row in, object out.

Keys, nesting and units are the original's: money and times as numbers, times in epoch seconds, percent where it has
percent. Every figure is there; the mart gives 0 where there is nothing to measure, as the original does.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

_HALVES = ("net_pnl", "notional", "holding_period")


def _of(kind: str) -> tuple[str, ...]:
    return tuple(f"{figure}_{kind}_{what}" for what in _HALVES for figure in ("avg", "std"))


FEES_AND_MOVES = (
    *("std_net_pnl", "total_fees_paid", "overall_pnl_without_fees", "total_fees_as_pct_of_pnl"),
    *("overall_pnl_with_fees", "avg_taker_fee", "std_gross_pnl", "avg_net_pnl", "biggest_net_loss"),
    *("biggest_net_gain", "avg_gross_pnl", "std_taker_fee"),
)
WINNERS_AND_LOSERS = ("win_rate", *_of("winners"), *_of("losers"))
SIGNALS = (
    *("num_long_signals", "num_short_signals", "num_hold_signals", "num_close_signals", "total_signals"),
    *("long_signal_pct", "short_signal_pct", "hold_signal_pct", "close_signal_pct", "long_short_ratio"),
    *("avg_confidence", "median_confidence", "std_confidence"),
    *("avg_confidence_long", "avg_confidence_short", "avg_confidence_hold", "avg_confidence_close"),
    *("std_confidence_long", "std_confidence_short", "std_confidence_hold", "std_confidence_close"),
    *("avg_leverage", "median_leverage", "std_leverage"),
    *("avg_leverage_long", "avg_leverage_short", "std_leverage_long", "std_leverage_short"),
    *("mins_long_combined", "mins_short_combined", "mins_flat_combined"),
    *("pct_mins_long_combined", "pct_mins_short_combined", "pct_mins_flat_combined"),
)
INVOCATIONS = (
    *("num_invocations", "avg_invocation_break_mins", "std_invocation_break_mins"),
    *("min_invocation_break_mins", "max_invocation_break_mins"),
)
LONGS_AND_SHORTS = (
    *("num_long_trades", "num_short_trades", "long_short_trades_ratio"),
    *_of("longs"),
    *_of("shorts"),
)
OVERVIEW = (
    *("total_trades", "avg_holding_period_mins", "median_holding_period_mins", "std_holding_period_mins"),
    *("avg_size_of_trade_notional", "median_size_of_trade_notional", "std_size_of_trade_notional"),
    *("avg_size_of_trade_portfolio_pct", "std_size_of_trade_portfolio_pct"),
    *("avg_take_profit_distance_pct", "avg_stop_loss_distance_pct", "avg_convo_leverage", "median_convo_leverage"),
)
TABLES = {
    "fee_pnl_moves_breakdown_table": FEES_AND_MOVES,
    "winners_losers_breakdown_table": WINNERS_AND_LOSERS,
    "signals_breakdown_table": SIGNALS,
    "invocation_breakdown_table": INVOCATIONS,
    "longs_shorts_breakdown_table": LONGS_AND_SHORTS,
    "overall_trades_overview_table": OVERVIEW,
}


def payload(row: Mapping[str, Any], updated_at: datetime) -> dict[str, Any]:
    """The object of one agent.

    Args:
        row: a row of agent_analytics, money as Decimal, times as datetimes (UTC).
        updated_at: when the figures were true.
    """
    return {
        "id": row["agent_id"],
        "model_id": row["agent_id"],
        "updated_at": _seconds(updated_at),
        **{table: {figure: _number(row[figure]) for figure in figures} for table, figures in TABLES.items()},
        "last_trade_exit_time": _seconds(row["last_trade_exit_time"]),
        "last_trade_doc_id": row["last_trade_doc_id"],
        "last_convo_timestamp": _seconds(row["last_convo_timestamp"]),
        "last_convo_doc_id": row["last_convo_doc_id"],
    }


def true_at(row: Mapping[str, Any]) -> datetime:
    """When the figures of a row were true: its newest trade or decision, else the epoch of an agent without any."""
    known = [moment for name in ("last_trade_exit_time", "last_convo_timestamp") if (moment := row[name]) is not None]
    return max(known, default=datetime.fromtimestamp(0, UTC))


def _number(value: float | Decimal) -> int | float:
    """Exact decimals as JSON numbers of a double's precision, whole ones without a fraction, as the original has."""
    number = float(value)
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def _seconds(moment: datetime | None) -> float | None:
    if moment is None:
        return None
    known = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    return round(known.timestamp(), 6)
