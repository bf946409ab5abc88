"""Made-up closed trades of made-up agents, at sandbox prices, so that a first board exists without any data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from ..replay import draws
from ..replay.candles import Market
from ..replay.intervals import DAY, MINUTE
from .prices import FIRST_DAY, SandboxSource

EXCHANGE = "sandbox"
SANDBOX_AGENTS = ("sandbox-anchor", "sandbox-breeze", "sandbox-comet", "sandbox-drift", "sandbox-ember")
SANDBOX_SYMBOLS = ("BTC/USDT", "ETH/USDT", "SOL/USDT", "BNB/USDT", "DOGE/USDT", "XRP/USDT")
START_EQUITY = Decimal(10_000)
FEE_RATE = Decimal("0.00045")  # of the notional, on each side
TRADES_A_DAY = 4
LONGEST_HOLD = 12 * 60  # minutes
CENT = Decimal("0.00000001")


def sandbox_trades(
    seed: int,
    agents: Sequence[str],
    start: datetime,
    end: datetime,
    symbols: Sequence[str] = SANDBOX_SYMBOLS,
) -> Iterator[dict[str, Any]]:
    """Trades closed in `[start, end)` (UTC), in order of agent and opening; windows join without gap or overlap.

    Rows have the names of the `trades` table: id, agent_id, exchange (always `sandbox`), symbol, side, status
    (`closed`), currency, quantity, leverage, confidence (0..1), entry_price, exit_price, entry_fee, exit_fee, fee,
    gross_pnl, net_pnl (Decimal, in the quote asset), opened_at, closed_at (UTC), prompt_version, decision_id, origin
    (`simulated`).
    Prices are closes of sandbox 1m candles of the same seed. An agent takes `TRADES_A_DAY` positions a day and is a
    little better or worse than a coin; positions may overlap.
    """
    if start.tzinfo is None or end.tzinfo is None:
        raise ValueError("sandbox_trades needs times with a time zone")
    begin, until = round(start.timestamp() * 1000), round(end.timestamp() * 1000)
    source = SandboxSource(symbols, seed)
    markets = source.markets()
    first_day = max(FIRST_DAY, begin // DAY - 1)  # no position is held for more than a day
    for agent in agents:
        for day in range(first_day, -(-until // DAY)):
            for number in range(TRADES_A_DAY):
                trade = _trade(source, markets, agent, day, number)
                if begin <= round(trade["closed_at"].timestamp() * 1000) < until:
                    yield trade


def _trade(source: SandboxSource, markets: list[Market], agent: str, day: int, number: int) -> dict[str, Any]:
    def draw(what: str) -> float:
        return draws.chance(source.seed, agent, day, number, what)

    market = markets[int(draw("market") * len(markets))]
    slot = DAY // MINUTE // TRADES_A_DAY
    opened = day * DAY + (number * slot + int(draw("entry") * slot)) * MINUTE
    closed = opened + (5 + int(draw("hold") * (LONGEST_HOLD - 5))) * MINUTE
    entry, leaving = close_before(source, market, opened), close_before(source, market, closed)
    skill = 0.44 + 0.14 * draws.chance(source.seed, agent, "skill")
    confidence = Decimal(f"{0.5 + 0.45 * draw('confidence'):.2f}")
    right = draw("right") < skill + (float(confidence) - 0.725) * 0.2
    rising = leaving > entry
    is_long = rising == right
    leverage = Decimal(1 + int(draw("leverage") * 10))
    margin = START_EQUITY * Decimal(f"{0.02 + 0.08 * draw('size'):.4f}")
    quantity = max((margin * leverage / entry).quantize(Decimal("0.00001")), Decimal("0.00001"))
    gross = (quantity * (leaving - entry) * (1 if is_long else -1)).quantize(CENT)
    entry_fee, exit_fee = ((quantity * price * FEE_RATE).quantize(CENT) for price in (entry, leaving))
    return {
        "id": f"sandbox-{source.seed}-{agent}-{day}-{number}",
        "agent_id": agent,
        "exchange": EXCHANGE,
        "symbol": market.symbol,
        "side": "long" if is_long else "short",
        "status": "closed",
        "currency": market.quote,
        "quantity": quantity,
        "leverage": leverage,
        "confidence": confidence,
        "entry_price": entry,
        "exit_price": leaving,
        "entry_fee": entry_fee,
        "exit_fee": exit_fee,
        "fee": entry_fee + exit_fee,
        "gross_pnl": gross,
        "net_pnl": gross - entry_fee - exit_fee,
        "opened_at": datetime.fromtimestamp(opened / 1000, UTC),
        "closed_at": datetime.fromtimestamp(closed / 1000, UTC),
        "prompt_version": prompt_of(day),
        "decision_id": decision_of(source.seed, agent, day, number),
        "origin": "simulated",
    }


def prompt_of(day: int) -> str:
    """Prompt version that every agent runs on a day (since the epoch)."""
    return "sandbox-v2" if (day - FIRST_DAY) // 14 % 2 else "sandbox-v1"


def decision_of(seed: int, agent: str, day: int, number: int) -> str:
    """Id of the decision that led to a trade."""
    return f"sandbox-decision-{seed}-{agent}-{day}-{number}"


def close_before(source: SandboxSource, market: Market, moment: int) -> Decimal:
    """Close of the last minute before `moment` (ms)."""
    rows = source.rows(market.id, "1m", moment - MINUTE, moment - MINUTE, None, False)
    if len(rows) == 0:  # the very first minute of the sandbox has none before it
        rows = source.rows(market.id, "1m", moment, moment, None, False)
    return Decimal(repr(float(rows["close"][0])))
