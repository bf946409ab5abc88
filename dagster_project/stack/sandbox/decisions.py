"""Made-up decisions of made-up agents: those behind the sandbox trades, and as many that were not traded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from ..replay import draws
from ..replay.intervals import DAY, MINUTE
from .prices import FIRST_DAY, SandboxSource
from .trades import EXCHANGE, SANDBOX_SYMBOLS, close_before, decision_of, prompt_of, sandbox_trades

SKIPPED_A_DAY = 4
THINKING = timedelta(seconds=30)  # from a decision to its trade
TICK = Decimal("0.00000001")


def sandbox_decisions(
    seed: int,
    agents: Sequence[str],
    start: datetime,
    end: datetime,
    symbols: Sequence[str] = SANDBOX_SYMBOLS,
) -> Iterator[dict[str, Any]]:
    """Decisions behind the trades that closed in `[start, end)` (UTC), and those skipped in it, with the names of the
    `decisions` table.

    Every second one that wants a position says where its target and its stop are. Skipped ones are less sure of
    themselves, and as right as a coin.
    """
    for trade in sandbox_trades(seed, agents, start, end, symbols):
        yield _entry(trade)
    source = SandboxSource(symbols, seed)
    begin, until = round(start.timestamp() * 1000), round(end.timestamp() * 1000)
    for agent in agents:
        for day in range(max(FIRST_DAY, begin // DAY), -(-until // DAY)):
            for number in range(SKIPPED_A_DAY):
                decision = _skipped(source, agent, day, number)
                if begin <= round(decision["decided_at"].timestamp() * 1000) < until:
                    yield decision


def _entry(trade: dict[str, Any]) -> dict[str, Any]:
    copied = ("agent_id", "exchange", "symbol", "confidence", "quantity", "leverage", "prompt_version", "origin")
    return {name: trade[name] for name in copied} | {
        "id": trade["decision_id"],
        "action": trade["side"],
        **_barriers(trade["decision_id"], trade["side"], trade["entry_price"]),
        **_cost(trade["decision_id"]),
        "executed": True,
        "skip_reason": None,
        "trade_id": trade["id"],
        "decided_at": trade["opened_at"] - THINKING,
    }


def _skipped(source: SandboxSource, agent: str, day: int, number: int) -> dict[str, Any]:
    identity = decision_of(source.seed, agent, day, number) + "-skipped"

    def draw(what: str) -> float:
        return draws.chance(identity, what)

    markets = source.markets()
    market = markets[int(draw("market") * len(markets))]
    at = day * DAY + int(draw("time") * DAY // MINUTE) * MINUTE
    action = ("long", "short", "hold")[int(draw("action") * 3)]
    wanted = action != "hold"
    price = close_before(source, market, at)
    return {
        "id": identity,
        "agent_id": agent,
        "exchange": EXCHANGE,
        "symbol": market.symbol,
        "action": action,
        "confidence": Decimal(f"{0.3 + 0.4 * draw('confidence'):.2f}"),
        "quantity": (Decimal(500) / price).quantize(TICK) if wanted else None,
        "leverage": Decimal(1 + int(draw("leverage") * 10)) if wanted else None,
        "prompt_version": prompt_of(day),
        "origin": "simulated",
        **_barriers(identity, action, price),
        **_cost(identity),
        "executed": False,
        "skip_reason": "low_confidence" if wanted else None,
        "trade_id": None,
        "decided_at": datetime.fromtimestamp(at / 1000, UTC) + THINKING,
    }


def _barriers(identity: str, action: str, price: Decimal) -> dict[str, Decimal | None]:
    if action == "hold" or draws.chance(identity, "plan") < 0.5:
        return {"take_profit": None, "stop_loss": None}
    sign = 1 if action == "long" else -1
    target = Decimal(f"{0.01 + 0.02 * draws.chance(identity, 'target'):.4f}")
    stop = Decimal(f"{0.005 + 0.015 * draws.chance(identity, 'stop'):.4f}")
    return {
        "take_profit": (price * (1 + sign * target)).quantize(TICK),
        "stop_loss": (price * (1 - sign * stop)).quantize(TICK),
    }


def _cost(identity: str) -> dict[str, Any]:
    tokens = 2_000 + int(draws.chance(identity, "tokens") * 4_000)
    return {"prompt_tokens": tokens, "completion_tokens": 300, "cost": Decimal(tokens) * Decimal("0.000001")}
