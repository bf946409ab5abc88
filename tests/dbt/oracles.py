"""What the marts must hold, worked out a second time: plain Python over the rows, empyrical and scipy over returns."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, localcontext
from typing import Any

import numpy as np

Rows = Sequence[dict[str, Any]]
Mark = Callable[[str, date], Decimal | None]


def utc_day(moment: datetime) -> date:
    return moment.astimezone(UTC).date()


def days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def equity_by_day(
    trades: Rows, snapshots: Rows, initial: Decimal | None, span: Iterable[date], mark: Mark
) -> dict[date, Decimal | None]:
    """Equity of one account at the end of each day."""

    def earned(day: date) -> Decimal:
        total = Decimal(0)
        for trade in trades:
            if trade["closed_at"] is not None and utc_day(trade["closed_at"]) <= day:
                total += trade["net_pnl"] or 0
            elif trade["opened_at"] is not None and utc_day(trade["opened_at"]) <= day:
                now = mark(trade["symbol"], day)
                if None not in (now, trade["quantity"], trade["entry_price"]):
                    total += trade["quantity"] * (now - trade["entry_price"]) * (1 if trade["side"] == "long" else -1)
        return total

    found: dict[date, Decimal | None] = {}
    with localcontext() as exact:
        exact.prec = 90
        for day in span:
            seen = [snapshot for snapshot in snapshots if utc_day(snapshot["captured_at"]) <= day]
            if seen:
                anchor = max(seen, key=lambda snapshot: snapshot["captured_at"])
                found[day] = anchor["equity"] + earned(day) - earned(utc_day(anchor["captured_at"]))
            else:
                found[day] = None if initial is None else initial + earned(day)
    return found


def returns(equity: Iterable[Decimal | None], initial: Decimal | None) -> list[float]:
    """Daily returns where there is something to earn them on."""
    found, before = [], initial
    for now in equity:
        if before is not None and now is not None and before > 0:
            found.append(float((now - before) / before))
        before = now
    return found


def risk(series: Sequence[float]) -> dict[str, float | None]:
    """empyrical's figures, where it has one."""
    import empyrical

    array = np.array(series)

    def known(value: Any) -> float | None:
        return None if not np.isfinite(value) else float(value)

    varies = len(array) > 1 and np.std(array, ddof=1) > 1e-12
    return {
        "sharpe": known(empyrical.sharpe_ratio(array, annualization=365)) if varies else None,
        "sortino": known(empyrical.sortino_ratio(array, annualization=365)) if (array < -1e-12).any() else None,
        "calmar": known(empyrical.calmar_ratio(array, annualization=365)),
        "annual_return": known(empyrical.annual_return(array, annualization=365)),
        "volatility": known(empyrical.annual_volatility(array, annualization=365)),
        "max_drawdown": known(empyrical.max_drawdown(array)),
    }


def trade_figures(trades: Rows) -> dict[str, float]:
    """Alpha Arena's figures of closed trades: sample deviations, 0 where there is nothing."""
    kinds: dict[str, Rows] = {
        "winners": [trade for trade in trades if trade["net_pnl"] is not None and trade["net_pnl"] > 0],
        "losers": [trade for trade in trades if trade["net_pnl"] is not None and trade["net_pnl"] <= 0],
        "longs": [trade for trade in trades if trade["side"] == "long"],
        "shorts": [trade for trade in trades if trade["side"] == "short"],
    }
    net, fee, size, held = (_column(trades, name) for name in ("net_pnl", "fee", "notional", "minutes"))
    found: dict[str, float] = {}
    for name, rows in kinds.items():
        for figure, of in (("net_pnl", "net_pnl"), ("notional", "notional"), ("holding_period", "minutes")):
            values = _column(rows, of)
            found[f"avg_{name}_{figure}"], found[f"std_{name}_{figure}"] = mean(values), deviation(values)
    return found | {
        "total_trades": len(trades),
        "win_rate": 100 * len(kinds["winners"]) / len(net) if net else 0,
        "overall_pnl_with_fees": sum(net),
        "total_fees_paid": sum(fee),
        "total_fees_as_pct_of_pnl": 100 * sum(fee) / sum(net) if sum(net) > 0 else 0,
        "avg_net_pnl": mean(net),
        "std_net_pnl": deviation(net),
        "std_gross_pnl": deviation(_column(trades, "gross_pnl")),
        "std_taker_fee": deviation(fee),
        "biggest_net_gain": max(net, default=0),
        "biggest_net_loss": min(net, default=0),
        "median_size_of_trade_notional": statistics.median(size) if size else 0,
        "std_size_of_trade_notional": deviation(size),
        "median_holding_period_mins": statistics.median(held) if held else 0,
        "avg_holding_period_mins": mean(held),
        "long_short_trades_ratio": len(kinds["longs"]) / len(trades) if trades else 0,
    }


def record(trades: Rows) -> dict[str, float | None]:
    """Profit factor, expectancy and streaks, in the order of exits."""
    scored = sorted((t for t in trades if t["net_pnl"] is not None), key=lambda t: (t["closed_at"], t["id"]))
    net = [float(trade["net_pnl"]) for trade in scored]
    wins, losses = [value for value in net if value > 0], [value for value in net if value <= 0]
    runs = [(won, len(list(run))) for won, run in itertools.groupby(value > 0 for value in net)]
    return {
        "profit_factor": sum(wins) / -sum(losses) if sum(losses) < 0 else None,
        "expectancy": statistics.fmean(net) if net else None,
        "expectancy_ratio": statistics.fmean(net) / -statistics.fmean(losses) if sum(losses) < 0 else None,
        "longest_winning_streak": max((size for won, size in runs if won), default=0),
        "longest_losing_streak": max((size for won, size in runs if not won), default=0),
        "current_streak": (runs[-1][1] if runs[-1][0] else -runs[-1][1]) if runs else 0,
    }


def minutes_in_market(trades: Rows) -> float:
    """Union of the times at which a trade was open."""
    covered, until = timedelta(0), None
    for opened, closed in sorted((t["opened_at"], t["closed_at"]) for t in trades if t["opened_at"] is not None):
        start = opened if until is None else max(opened, until)
        covered += max(closed - start, timedelta(0))
        until = closed if until is None else max(until, closed)
    return covered / timedelta(minutes=1)


def signals(decisions: Rows, trades: Rows) -> dict[str, float]:
    """Decisions, and the time long, short and flat on the grid of invocations."""
    decided = [decision for decision in decisions if decision["action"] is not None]
    groups: dict[Any, datetime] = {}
    for decision in decided:
        group = decision["decided_at"] if decision["cycle_id"] is None else decision["cycle_id"]
        groups[group] = min(groups.get(group, decision["decided_at"]), decision["decided_at"])
    asked = sorted(set(groups.values()))
    breaks = [(later - earlier) / timedelta(minutes=1) for earlier, later in itertools.pairwise(asked)]
    spent = dict.fromkeys(("long", "short", "flat"), 0.0)
    for symbol in {decision["symbol"] for decision in decided}:
        own = [trade for trade in trades if trade["symbol"] == symbol and trade["opened_at"] is not None]
        for moment, minutes in zip(asked, breaks, strict=False):
            sides = {trade["side"] for trade in own if trade["opened_at"] <= moment < trade["closed_at"]}
            spent["long" if "long" in sides else "short" if sides else "flat"] += minutes
    confidence = [float(decision["confidence"]) for decision in decided if decision["confidence"] is not None]
    entries = [
        float(decision["leverage"])
        for decision in decided
        if decision["leverage"] is not None and decision["action"] in ("long", "short")
    ]
    return {
        "total_signals": len(decided),
        "num_hold_signals": sum(decision["action"] == "hold" for decision in decided),
        "num_invocations": len(asked),
        "avg_invocation_break_mins": mean(breaks),
        "std_invocation_break_mins": deviation(breaks),
        "max_invocation_break_mins": max(breaks, default=0),
        "min_invocation_break_mins": min(breaks, default=0),
        "avg_confidence": mean(confidence),
        "median_confidence": statistics.median(confidence) if confidence else 0,
        "std_confidence": deviation(confidence),
        "avg_convo_leverage": mean(entries),
        "median_convo_leverage": statistics.median(entries) if entries else 0,
        **{f"mins_{state}_combined": minutes for state, minutes in spent.items()},
        "pct_mins_flat_combined": 100 * spent["flat"] / sum(spent.values()) if sum(spent.values()) else 0,
    }


def mean(values: Sequence[float]) -> float:
    return statistics.fmean(values) if values else 0


def deviation(values: Sequence[float]) -> float:
    """scipy's sample standard deviation."""
    from scipy.stats import tstd

    return float(tstd(values)) if len(values) > 1 else 0


def _column(trades: Rows, name: str) -> list[float]:
    def value(trade: dict[str, Any]) -> Any:
        if name == "notional":
            quantity, entry_price = trade["quantity"], trade["entry_price"]
            return None if quantity is None or entry_price is None else quantity * entry_price
        if name == "minutes":
            opened = trade["opened_at"]
            return None if opened is None else (trade["closed_at"] - opened) / timedelta(minutes=1)
        return trade[name]

    return [float(found) for trade in trades if (found := value(trade)) is not None]
