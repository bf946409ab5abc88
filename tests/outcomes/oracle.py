"""The triple barrier, slow and plain: one decision, one candle at a time, after the words of docs/outcomes.md."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from dagster_project.lib.outcomes.method import Method


@dataclass(frozen=True)
class Bar:
    open: float
    high: float
    low: float
    close: float


@dataclass(frozen=True)
class Bet:
    decided: int
    side: int
    pays_fees: bool
    take_profit: float | None = None
    stop_loss: float | None = None


def _judge(bet: Bet, bars: dict[int, Bar], empty: set[int], step: int, head: int, method: Method) -> dict[str, Any]:
    length = max(method.horizon * 60_000 // step, 1)
    time = bet.decided
    while time % step:
        time += 1
    if time + length * step > head:
        return {"state": "pending"}
    waited = 0
    while time not in bars:
        if time not in empty or waited >= length:
            return {"state": "gap"}
        time, waited = time + step, waited + 1
        if time >= head:
            return {"state": "gap"}
    entry_at = time
    if entry_at + length * step > head:
        return {"state": "pending"}
    price = bars[entry_at].open
    window, close = [], price
    for number in range(length):
        at = entry_at + number * step
        if at in bars:
            window.append(bars[at])
            close = bars[at].close
        elif at in empty:
            window.append(Bar(close, close, close, close))
        else:
            return {"state": "gap"}

    closed = [at for at in bars if at + step <= bet.decided]
    since = bet.decided // step * step - method.lookback * 60_000
    returns = [math.log(bars[at].close / bars[at - step].close) for at in closed if at >= since and at - step in bars]
    deviation = None
    if len(returns) >= method.fewest_returns:
        mean = sum(returns) / len(returns)
        variance = sum((one - mean) ** 2 for one in returns) / (len(returns) - 1)
        deviation = math.sqrt(variance) * math.sqrt(max(method.horizon * 60_000 / step, 1))

    def width(deviations: float) -> float:
        wished = method.percent if deviation is None else deviation * deviations
        return min(max(wished, method.narrowest), method.widest)

    default = "percent" if deviation is None else "volatility"
    result: dict[str, Any] = {"state": "scored", "entry_at": entry_at, "entry_price": price, "deviation": deviation}
    if bet.side == 0:
        upper = price * (1 + width(method.target_deviations))
        lower = price * (1 - width(method.target_deviations))
        moved = next((i for i, bar in enumerate(window) if bar.high >= upper or bar.low <= lower), None)
        return result | {
            "barrier": "horizon" if moved is None else "move",
            "is_correct": moved is None,
            "exit_at": entry_at + (len(window) if moved is None else moved + 1) * step,
        }
    own_target = bet.take_profit is not None and bet.side * (bet.take_profit - price) > 0
    own_stop = bet.stop_loss is not None and bet.side * (price - bet.stop_loss) > 0
    target = bet.take_profit if own_target else price * (1 + bet.side * width(method.target_deviations))
    stop = bet.stop_loss if own_stop else price * (1 - bet.side * width(method.stop_deviations))
    assert target is not None
    assert stop is not None

    def gain(value: float) -> float:
        return bet.side * (value - price) / price

    barrier, leaving, at = "horizon", window[-1].close, len(window) - 1
    above, below = [0.0], [0.0]
    for number, bar in enumerate(window):
        worst = bar.low if bet.side > 0 else bar.high
        best = bar.high if bet.side > 0 else bar.low
        if gain(worst) <= gain(stop):
            barrier, at = "stop", number
            leaving = min(stop, bar.open) if bet.side > 0 else max(stop, bar.open)
            above.append(gain(bar.open))
            below.append(gain(leaving))
            break
        if gain(best) >= gain(target):
            barrier, leaving, at = "target", target, number
            above.append(gain(target))
            below.append(gain(worst))
            break
        above.append(gain(best))
        below.append(gain(worst))
    fees = method.fee_rate * (1 + leaving / price) if bet.pays_fees else 0.0
    return result | {
        "barrier": barrier,
        "exit_at": entry_at + (at + 1) * step,
        "exit_price": leaving,
        "target_source": "decision" if own_target else default,
        "stop_source": "decision" if own_stop else default,
        "gross": gain(leaving),
        "net": gain(leaving) - fees,
        "favorable": max(above),
        "adverse": -min(below),
        "is_correct": gain(leaving) - fees > 0,
        "is_direction_correct": gain(window[-1].close) > 0,
    }


def judge(bet: Bet, bars: dict[int, Bar], empty: set[int], step: int, head: int, method: Method) -> dict[str, Any]:
    """Figures of one decision. `bars` by open time in ms; `empty` are the open times that have no candle."""
    result = _judge(bet, bars, empty, step, head, method)
    opening = -(-bet.decided // step) * step
    window = range(opening, opening + max(method.horizon * 60_000 // step, 1) * step, step)
    if result["state"] == "gap" and not any(at in bars for at in window):
        return {"state": "no_market"}
    return result
