"""Decisions and trades made up for prompts and confidences: nasty cases and random ones. Rows, no database."""

from __future__ import annotations

import math
import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

EXCHANGE = "desk"
START = datetime(2025, 3, 1, tzinfo=UTC)
DAYS = 40
SYMBOLS = ("BTC", "ETH")
AGENTS = ("tuner", "gambler", "certain", "single", "quiet", "steady", "loose", "blind", "ünïcode 🦊")
Row = dict[str, Any]


def market(symbol: str, hour: int) -> list[float]:
    """Open, high, low and close of an hour from START, of the two markets with candles: up, then down, then flat."""
    draw = random.Random(f"{symbol} {hour}")
    day = hour / 24
    level = (60_000 if symbol == "BTC/USDT" else 3_000) * (
        1 + 0.02 * min(day, 15) - 0.02 * max(0.0, min(day - 15, 12)) + 0.002 * math.sin(hour)
    )
    opened, closed = round(level * (1 + draw.uniform(-0.002, 0.002)), 2), round(level, 2)
    return [opened, round(max(opened, closed) * 1.001, 2), round(min(opened, closed) * 0.999, 2), closed]


def candles() -> list[list[Any]]:
    """Hourly rows of market_ohlcv. ETH has none on the sixth day."""
    return [
        ["spot", symbol, "1h", START + timedelta(hours=hour), *market(symbol, hour), float(hour % 7)]
        for symbol in ("BTC/USDT", "ETH/USDT")
        for hour in range(DAYS * 24)
        if (symbol, hour // 24) != ("ETH/USDT", 5)
    ]


def _decision(agent: str, number: int, at: datetime, **other: Any) -> Row:
    row = {
        "id": f"{agent}-{number}",
        "agent_id": agent,
        "exchange": EXCHANGE,
        "symbol": "BTC",
        "action": "long",
        "confidence": None,
        "executed": False,
        "trade_id": None,
        "prompt_version": None,
        "prompt_tokens": None,
        "completion_tokens": None,
        "cost": None,
        "outcome_correct": None,
        "outcome_recorded_at": None,
        "decided_at": at,
        "origin": "live",
    }
    return row | other


def _trade(agent: str, name: str, at: datetime, net: float | None, **other: Any) -> Row:
    row = {
        "id": f"{agent}-{name}",
        "agent_id": agent,
        "exchange": EXCHANGE,
        "symbol": "BTC",
        "side": "long",
        "status": "closed",
        "currency": "USD",
        "quantity": Decimal("0.05"),
        "entry_price": Decimal("60000"),
        "gross_pnl": None if net is None else Decimal(str(net)) + 3,
        "net_pnl": None if net is None else Decimal(str(net)),
        "fee": Decimal(3),
        "opened_at": at,
        "closed_at": at + timedelta(hours=5),
        "decision_id": None,
        "prompt_version": None,
        "origin": "live",
    }
    return row | other


def rows() -> tuple[list[Row], list[Row]]:
    """Decisions and trades."""
    decisions: list[Row] = []
    trades: list[Row] = []
    for agent, edges, truth in (
        ("tuner", {"v1": -8.0, "v2": 0.0, "v3": 45.0, None: 0.0}, 0.8),
        ("gambler", {"a": 0.0, "b": 0.0}, 0.3),
    ):
        draw = random.Random(agent)
        for number in range(600):
            version = draw.choice(list(edges))
            at = START + timedelta(days=draw.random() * (DAYS - 1))
            symbol = draw.choice(SYMBOLS)
            confidence = draw.choice((None, *(Decimal(step).scaleb(-2) for step in range(0, 101, 5))))
            shown = float(confidence) if confidence is not None else 0.5
            right = draw.choice((None, *[draw.random() < 0.5 + truth * (shown - 0.5)] * 4))
            traded = draw.random() < 0.6
            decisions.append(
                _decision(
                    agent,
                    number,
                    at,
                    symbol=symbol,
                    confidence=confidence,
                    executed=traded,
                    prompt_version=version,
                    prompt_tokens=draw.choice((None, draw.randint(500, 5000))),
                    completion_tokens=draw.choice((None, draw.randint(10, 900))),
                    cost=draw.choice((None, Decimal(draw.randint(1, 40_000)).scaleb(-6))),
                    outcome_correct=right,
                    outcome_recorded_at=None
                    if right is None
                    else draw.choice((None, *[at + timedelta(hours=draw.uniform(1, 90))] * 9)),
                )
            )
            if not traded:
                continue
            for fill in range(draw.choice((1, 1, 1, 2, 3))):
                net = round(draw.gauss(edges[version], 40), 6)
                linked = draw.random() < 0.8
                name = f"{number}-{fill}"
                trades.append(
                    _trade(
                        agent,
                        name,
                        at,
                        None if draw.random() < 0.03 else net,
                        symbol=symbol,
                        quantity=None if draw.random() < 0.03 else Decimal(draw.randint(400, 600)).scaleb(-3),
                        entry_price=Decimal(draw.randint(2_900_00, 3_100_00)).scaleb(-2),
                        decision_id=f"{agent}-{number}" if linked else None,
                        prompt_version=version if linked else "trade only",
                    )
                )
                if not linked and fill == 0:
                    # The design that points from the decision to its trade.
                    decisions[-1]["trade_id"] = f"{agent}-{name}"
    # Always sure and always right, then wrong once: the logarithm of nothing.
    for number in range(40):
        at = START + timedelta(hours=number)
        right = number != 39
        decisions.append(
            _decision("certain", number, at, confidence=Decimal(1), outcome_correct=right, outcome_recorded_at=at)
        )
    one = _decision("single", 0, START, confidence=Decimal("0.7"), executed=True, prompt_version="only")
    decisions.append(one | {"outcome_correct": True, "outcome_recorded_at": START + timedelta(hours=9)})
    trades.append(_trade("single", "0", START, 250, decision_id="single-0", prompt_version="only"))
    # Two versions that earn the very same every day: nothing varies.
    for number in range(20):
        at = START + timedelta(days=number // 2, hours=1)
        version = ("old", "new")[number % 2]
        decisions.append(_decision("steady", number, at, executed=True, prompt_version=version))
        trades.append(_trade("steady", str(number), at, 30, decision_id=f"steady-{number}", prompt_version=version))
    for number in range(6):
        trades.append(_trade("loose", str(number), START + timedelta(days=number), 10 - number * 4))
    trades.append(_trade("loose", "lost", START, 5, decision_id="nobody-knows", prompt_version="gone"))
    trades.append(_trade("blind", "0", START, None, quantity=None, fee=None, currency="EUR"))
    trades.append(_trade("blind", "1", START + timedelta(days=1), -9000, opened_at=None, currency="EUR"))
    decisions.append(_decision("blind", 0, START, cost=Decimal(5), prompt_version=""))
    decisions.append(
        _decision("ünïcode 🦊", 0, START, confidence=Decimal("0.123456789012345678"), prompt_version="Ä\tß")
    )
    return decisions, trades
