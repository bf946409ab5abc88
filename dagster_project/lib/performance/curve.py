"""The curve of one account from what happened to it. Pure; an hour is a number of hours since the epoch.

What happened at a moment counts from the full hour at or after it. Before the days that are asked for, it counts from
the midnight after it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

HOURS = 24
SMALLEST_DEVIATION = 1e-12  # below it a deviation is the rounding of equal returns
ZERO = Decimal(0)


@dataclass(frozen=True)
class Event:
    """What trades of one instrument did until the full hour `hour` since the bucket before.

    `size` and `cost` are what was opened less what was closed: units, positive for long, and units times entry price.
    `version` is when the newest of these trades last changed, in epoch microseconds.
    """

    hour: int
    symbol: str
    closed: int
    won: int
    lost: int
    net_pnl: Decimal
    size: Decimal
    cost: Decimal
    version: int = 0


@dataclass(frozen=True)
class Account:
    """One account. `equities` are what its owner recorded, by hour: the last of each bucket."""

    agent_id: str
    exchange: str
    origin: str
    currency: str | None
    initial_equity: Decimal | None
    since: int
    events: Sequence[Event]
    equities: Mapping[int, Decimal] = field(default_factory=dict)


@dataclass(frozen=True)
class Snapshot:
    """Figures of an account at a full hour. Money in the account's currency, ratios as fractions, Sharpe a year.

    `version` is when the newest of the trades behind them last changed, in epoch microseconds.
    """

    hour: int
    balance: Decimal | None
    equity: Decimal | None
    pnl: Decimal
    pnl_percent: float | None
    total_trades: int
    winning_trades: int
    losing_trades: int
    sharpe_ratio: float | None
    max_drawdown: float | None
    current_drawdown: float | None
    open_instruments: int
    unmarked_instruments: int
    version: int

    @property
    def win_rate(self) -> float | None:
        """Winners among closed trades."""
        return self.winning_trades / self.total_trades if self.total_trades else None


Prices = Mapping[tuple[str, int], Decimal]
"""By instrument and hour: the last price at or before it."""


def curve(account: Account, marks: Prices, prices: Prices, first: int, last: int) -> Iterator[Snapshot]:
    """Snapshots for every full hour in (first, last] since the account exists.

    The result of an hour does not hang on which hours are asked for with it.

    Args:
        marks: prices at midnights, which also carry the history before `first`.
        prices: prices at the other hours of (first, last].
        first: a midnight.
    """
    events = sorted(account.events, key=lambda one: one.hour)
    state = _State(account)
    at = 0
    for hour in _moments(account.since, first, last):
        while at < len(events) and events[at].hour <= hour:
            state.happen(events[at])
            at += 1
        is_midnight = hour % HOURS == 0
        state.value(hour, marks if is_midnight else prices)
        if hour > first:
            yield state.snapshot(hour)
        if is_midnight:
            state.end_day()


def _moments(since: int, first: int, last: int) -> Iterator[int]:
    hour = since if since > first else -(-since // HOURS) * HOURS
    while hour <= min(first, last):
        yield hour
        hour += HOURS
    yield from range(max(since, first + 1), last + 1)


class _State:
    """An account as it stands, and what its days were like."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._initial = account.initial_equity
        self._realized = ZERO
        self._closed = self._won = self._lost = self._version = 0
        self._held: dict[str, tuple[Decimal, Decimal]] = {}
        self._equities = sorted(account.equities.items())
        self._recorded = 0
        # What the last recorded equity was, and the PnL at its time: equity moves from there by PnL.
        self._day_anchor: tuple[Decimal, Decimal] | None = None
        self._hour_anchor: tuple[Decimal, Decimal] | None = None
        self._today: Decimal | None = None
        self._pnl = self._open_pnl = ZERO
        self._unmarked = 0
        self._equity: Decimal | None = None
        self._returns: list[float] = []
        self._before = float(self._initial) if self._initial is not None else None
        self._peak = self._before
        self._deepest = 0.0
        self._sharpe: float | None = None

    def happen(self, event: Event) -> None:
        """Takes one event in."""
        self._closed += event.closed
        self._won += event.won
        self._lost += event.lost
        self._realized += event.net_pnl
        self._version = max(self._version, event.version)
        size, cost = self._held.get(event.symbol, (ZERO, ZERO))
        size, cost = size + event.size, cost + event.cost
        if size or cost:
            self._held[event.symbol] = size, cost
        else:
            self._held.pop(event.symbol, None)

    def value(self, hour: int, prices: Prices) -> None:
        """Values the account at an hour; an instrument without a price counts at its entry."""
        known = {symbol: prices[symbol, hour] for symbol in self._held if (symbol, hour) in prices}
        self._unmarked = len(self._held) - len(known)
        self._open_pnl = sum(
            (size * known[symbol] - cost for symbol, (size, cost) in self._held.items() if symbol in known), ZERO
        )
        self._pnl = self._realized + self._open_pnl
        while self._recorded < len(self._equities) and self._equities[self._recorded][0] <= hour:
            self._today = self._equities[self._recorded][1]
            self._hour_anchor = self._today, self._pnl
            self._recorded += 1
        if hour % HOURS == 0 and self._today is not None:
            # A day's last recorded equity stands for its end, as on the daily boards.
            self._day_anchor, self._hour_anchor, self._today = (self._today, self._pnl), None, None
        anchor = self._hour_anchor or self._day_anchor
        if anchor is not None:
            self._equity = anchor[0] + self._pnl - anchor[1]
        elif self._initial is not None:
            self._equity = self._initial + self._pnl

    def snapshot(self, hour: int) -> Snapshot:
        """The figures of the hour that was valued last."""
        drawdown = deepest = None
        if self._equity is not None:
            equity = float(self._equity)
            peak = equity if self._peak is None else max(self._peak, equity)
            drawdown = (peak - equity) / peak if peak > 0 else None
            deepest = max(self._deepest, drawdown or 0.0)
        sharpe = self._ratio([*self._returns, *self._day_return()]) if hour % HOURS == 0 else self._sharpe
        percent = float(self._pnl) / float(self._initial) * 100 if self._initial else None
        return Snapshot(
            hour=hour,
            balance=None if self._equity is None else self._equity - self._open_pnl,
            equity=self._equity,
            pnl=self._pnl,
            pnl_percent=percent,
            total_trades=self._closed,
            winning_trades=self._won,
            losing_trades=self._lost,
            sharpe_ratio=sharpe,
            max_drawdown=deepest,
            current_drawdown=drawdown,
            open_instruments=len(self._held),
            unmarked_instruments=self._unmarked,
            version=self._version,
        )

    def end_day(self) -> None:
        """Midnight: the day's return and drawdown join the history."""
        if self._equity is None:
            return
        equity = float(self._equity)
        self._returns += self._day_return()
        self._before = equity
        self._peak = equity if self._peak is None else max(self._peak, equity)
        if self._peak > 0:
            self._deepest = max(self._deepest, (self._peak - equity) / self._peak)
        self._sharpe = self._ratio(self._returns)

    def _day_return(self) -> list[float]:
        if self._equity is None or self._before is None or self._before <= 0:
            return []
        return [(float(self._equity) - self._before) / self._before]

    def _ratio(self, returns: Sequence[float]) -> float | None:
        """Sharpe ratio a year: mean over sample deviation of daily returns, times the root of 365."""
        if len(returns) < 2:
            return None
        mean = math.fsum(returns) / len(returns)
        deviation = math.sqrt(math.fsum((one - mean) ** 2 for one in returns) / (len(returns) - 1))
        return mean / deviation * math.sqrt(365) if deviation > SMALLEST_DEVIATION else None
