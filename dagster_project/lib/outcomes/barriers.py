"""The triple barrier over many decisions of one market at once (Lopez de Prado 2018, Advances in Financial Machine
Learning, ch. 3; excursions: Sweeney 1996, Maximum Adverse Excursion). Definitions in words: docs/outcomes.md."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dagster_project.lib.outcomes.grid import Grid
from dagster_project.lib.outcomes.method import Method

MINUTE = 60_000
SCORED, PENDING, GAP, NO_MARKET = "scored", "pending", "gap", "no_market"
TARGET, STOP, HORIZON, MOVE = "target", "stop", "horizon", "move"
DECISION, VOLATILITY, PERCENT = "decision", "volatility", "percent"


@dataclass(frozen=True)
class Bets:
    """Decisions about one instrument, as arrays of equal length.

    `side` is 1 for long, -1 for short, 0 for staying out; `pays_fees` says whether an entry and an exit are paid.
    Prices are in the quote currency, NaN where there is none. `decided` is in epoch microseconds.
    """

    decided: np.ndarray
    side: np.ndarray
    pays_fees: np.ndarray
    take_profit: np.ndarray
    stop_loss: np.ndarray

    def __len__(self) -> int:
        return len(self.decided)

    def take(self, at: np.ndarray) -> Bets:
        """The decisions at these places."""
        return Bets(self.decided[at], self.side[at], self.pays_fees[at], self.take_profit[at], self.stop_loss[at])


@dataclass(frozen=True)
class Scores:
    """What came of each decision. Figures of decisions that are not `scored` are NaN, times -1, words empty.

    Prices in the quote currency; `gross`, `net`, `favorable`, `adverse` and `deviation` are fractions of the entry
    price; `entry_at` and `exit_at` in epoch ms. `is_correct` and `is_direction_correct`: 1, 0, or -1 for unknown.
    """

    state: np.ndarray
    entry_at: np.ndarray
    entry_price: np.ndarray
    exit_at: np.ndarray
    exit_price: np.ndarray
    barrier: np.ndarray
    target_price: np.ndarray
    stop_price: np.ndarray
    target_source: np.ndarray
    stop_source: np.ndarray
    deviation: np.ndarray
    gross: np.ndarray
    net: np.ndarray
    favorable: np.ndarray
    adverse: np.ndarray
    is_correct: np.ndarray
    is_direction_correct: np.ndarray


def nothing(size: int, state: str) -> Scores:
    """No figures, all in one state."""
    words = [np.full(size, "", object) for _ in range(3)]
    figures = [np.full(size, np.nan) for _ in range(9)]
    times = [np.full(size, -1, np.int64) for _ in range(2)]
    answers = [np.full(size, -1, np.int64) for _ in range(2)]
    return Scores(
        state=np.full(size, state, object),
        entry_at=times[0],
        entry_price=figures[0],
        exit_at=times[1],
        exit_price=figures[1],
        barrier=words[0],
        target_price=figures[2],
        stop_price=figures[3],
        target_source=words[1],
        stop_source=words[2],
        deviation=figures[4],
        gross=figures[5],
        net=figures[6],
        favorable=figures[7],
        adverse=figures[8],
        is_correct=answers[0],
        is_direction_correct=answers[1],
    )


def score(bets: Bets, grid: Grid, head: int, method: Method) -> Scores:
    """Scores decisions by the candles of one market.

    Args:
        grid: candles from `method.lookback` and two candles before the first decision to two horizons after the last.
        head: when the newest candle of the market closes (ms): a horizon beyond it is pending.
    """
    scores = nothing(len(bets), GAP)
    horizon = method.horizon * MINUTE
    slots = max(horizon // grid.step, 1)
    # On the clock, not on the grid: it may be before its start, and the grid may be empty.
    opening = -(-bets.decided // (grid.step * 1000)) * grid.step
    scores.state[opening + slots * grid.step > head] = PENDING
    if grid.slots == 0:
        scores.state[scores.state == GAP] = NO_MARKET
        return scores
    first = (opening - grid.start) // grid.step
    on_grid = (first >= 0) & (first < grid.slots)
    entry = np.where(on_grid, grid.next_stored[np.clip(first, 0, grid.slots)], grid.slots)
    found = on_grid & (entry < grid.slots) & (entry - first <= slots)
    found[found] = grid.is_whole(first[found], entry[found])
    end = entry + slots
    scores.state[found & (grid.start + end * grid.step > head)] = PENDING
    scores.state[(scores.state == GAP) & grid.is_bare(first, first + slots)] = NO_MARKET
    whole = found & (end <= grid.slots)
    whole[whole] = grid.is_whole(entry[whole], end[whole])
    judged = np.flatnonzero(whole & (scores.state != PENDING))
    if len(judged):
        _judge(scores, judged, bets.take(judged), grid, entry[judged], end[judged], method)
    return scores


def _judge(
    scores: Scores, at: np.ndarray, bets: Bets, grid: Grid, entry: np.ndarray, end: np.ndarray, method: Method
) -> None:
    price = grid.open[entry]
    width, source, deviation = _default_widths(bets, grid, method)
    target, stop, own_target, own_stop = _barriers(bets, price, width)
    out = bets.side == 0
    short = bets.side < 0

    upper, lower = np.where(short, stop, target), np.where(short, target, stop)
    above, below = grid.first_above(upper, entry, end), grid.first_below(lower, entry, end)
    reached_target, reached_stop = np.where(short, below, above), np.where(short, above, below)
    # Both in one candle: nobody knows which came first, so the stop did.
    stopped = (reached_stop < end) & (reached_stop <= reached_target)
    won = (reached_target < end) & ~stopped
    leaving = np.where(stopped, reached_stop, np.where(won, reached_target, end - 1))

    # A candle that opens beyond the stop is left at its open, a target never better than its price.
    opened = grid.open[leaving]
    stop_fill = np.where(short, np.maximum(stop, opened), np.minimum(stop, opened))
    exit_price = np.where(stopped, stop_fill, np.where(won, target, grid.close[leaving]))

    highest, lowest = grid.highest(entry, leaving), grid.lowest(entry, leaving)
    last_high, last_low = grid.high[leaving], grid.low[leaving]
    best_before, worst_before = np.where(short, lowest, highest), np.where(short, highest, lowest)
    # Of the last candle only what surely came before the exit counts as favourable, and all that may have as adverse.
    best_last = np.where(stopped, opened, np.where(won, target, np.where(short, last_low, last_high)))
    worst_last = np.where(stopped, exit_price, np.where(short, last_high, last_low))
    sign = np.where(short, -1.0, 1.0)
    with np.errstate(invalid="ignore"):
        favorable = np.maximum(np.maximum(sign * (best_before - price), sign * (best_last - price)), 0.0) / price
        adverse = np.maximum(np.maximum(sign * (price - worst_before), sign * (price - worst_last)), 0.0) / price
    gross = sign * (exit_price - price) / price
    fees = np.where(bets.pays_fees, method.fee_rate * (1.0 + exit_price / price), 0.0)
    direction = sign * (grid.close[end - 1] - price) > 0

    moved = stopped | won
    scores.state[at] = SCORED
    scores.entry_at[at] = grid.start + entry * grid.step
    scores.entry_price[at] = price
    scores.exit_at[at] = grid.start + (leaving + 1) * grid.step
    scores.exit_price[at] = exit_price
    touched = np.where(out, MOVE, np.where(stopped, STOP, TARGET))
    scores.barrier[at] = np.where(moved, touched, HORIZON)
    scores.target_price[at] = target
    scores.stop_price[at] = stop
    scores.target_source[at] = np.where(own_target, DECISION, source)
    scores.stop_source[at] = np.where(own_stop, DECISION, source)
    scores.deviation[at] = deviation
    scores.gross[at] = np.where(out, np.nan, gross)
    scores.net[at] = np.where(out, np.nan, gross - fees)
    scores.favorable[at] = np.where(out, np.nan, favorable)
    scores.adverse[at] = np.where(out, np.nan, adverse)
    scores.is_correct[at] = np.where(out, ~moved, gross - fees > 0)
    scores.is_direction_correct[at] = np.where(out, -1, direction)


def _default_widths(bets: Bets, grid: Grid, method: Method) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Widths (n, 2) of target and stop as fractions, where they come from, and the deviation to the horizon."""
    closed = (bets.decided // 1000 - grid.start) // grid.step  # slots of candles that had closed
    back = max(method.lookback * MINUTE // grid.step, 1)
    count, deviation = grid.deviation(closed - back, closed)
    deviation = deviation * np.sqrt(max(method.horizon * MINUTE / grid.step, 1.0))
    known = count >= method.fewest_returns
    multiples = np.array([method.target_deviations, method.stop_deviations])
    width = np.where(known[:, None], deviation[:, None] * multiples, method.percent)
    width = np.clip(width, method.narrowest, method.widest)
    return width, np.where(known, VOLATILITY, PERCENT), np.where(known, deviation, np.nan)


def _barriers(
    bets: Bets, price: np.ndarray, width: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Prices of target and stop, and whether each is the decision's own: it is when it lies on its side of the entry.

    For staying out the target is the upper and the stop the lower barrier, both as far away as a default target.
    """
    sign = np.where(bets.side < 0, -1.0, 1.0)
    staying_out = bets.side == 0
    with np.errstate(invalid="ignore"):
        own_target = (sign * (bets.take_profit - price) > 0) & ~staying_out
        own_stop = (sign * (price - bets.stop_loss) > 0) & ~staying_out
    stop_width = np.where(staying_out, width[:, 0], width[:, 1])
    target = np.where(own_target, bets.take_profit, price * (1 + sign * width[:, 0]))
    stop = np.where(own_stop, bets.stop_loss, price * (1 - sign * stop_width))
    return target, stop, own_target, own_stop
