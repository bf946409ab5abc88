"""Random trades with every NULL, sandbox and paper rows, extreme amounts. Rows, no database."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from dagster_project.lib import trading_rows as rows

AGENTS = [f"agent-{number}" for number in range(12)] + ["ünïcode 🦊", "Ädam", "zed", "Zed"]
GIANT = Decimal("99999999999999999999.999999999999999999")
# Venue -> origins of its trades. Sandbox rows are never real.
ORIGINS = {"venue": ("live", "recorded", "repaired", "paper"), "sandbox": ("simulated",), "other": ("handmade", "live")}


def made_up_trades(seed: int, count: int) -> list[rows.Values]:
    draw = random.Random(seed)

    def amount(digits: int) -> Decimal:
        return Decimal(draw.randint(-(10**digits), 10**digits)).scaleb(-draw.choice((0, 2, 9, 18)))

    def perhaps(value: Any) -> Any:
        return None if draw.random() < 0.2 else value

    def trade(number: int) -> rows.Values:
        exchange = draw.choice(list(ORIGINS))
        closed = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(microseconds=draw.randrange(10**14))
        return {
            "id": f"t{number}",
            "agent_id": draw.choice(AGENTS),
            "exchange": exchange,
            "symbol": draw.choice(("BTC", "ETH/USDT")),
            "side": draw.choice(("long", "short")),
            "status": draw.choice(("closed", "closed", "closed", "open", "cancelled")),
            "quantity": abs(amount(18)) + Decimal("1e-18"),
            "leverage": perhaps(Decimal(draw.randint(1, 50))),
            "confidence": perhaps(Decimal(draw.randint(0, 1000)).scaleb(-3)),
            "entry_price": perhaps(abs(amount(12)) + Decimal("1e-18")),
            "exit_price": perhaps(abs(amount(12)) + Decimal("1e-18")),
            "gross_pnl": perhaps(amount(17)),
            "net_pnl": perhaps(draw.choice((amount(17), Decimal(0), Decimal("0.000000000000000001")))),
            "fee": perhaps(amount(9)),
            "opened_at": perhaps(closed - timedelta(microseconds=draw.randrange(10**11))),
            "closed_at": closed,
            "prompt_version": perhaps("v1"),
            "origin": draw.choice(ORIGINS[exchange]),
        }

    return [trade(number) for number in range(count)] + giants()


def giants() -> list[rows.Values]:
    """Trades of one agent whose sums are beyond Decimal(38, 18): each amount fits, two do not."""
    return [
        {
            "id": f"giant-{number}",
            "agent_id": "zed",
            "exchange": "giants",
            "symbol": "BTC",
            "side": "long",
            "status": "closed",
            "quantity": Decimal(1),
            "leverage": Decimal(1),
            "confidence": None,
            "entry_price": Decimal(1),
            "exit_price": Decimal(2),
            "gross_pnl": GIANT if number == 3 else GIANT.copy_negate(),
            "net_pnl": GIANT,
            "fee": GIANT,
            "opened_at": datetime(2025, 1, 2, tzinfo=UTC),
            "closed_at": datetime(2025, 1, 3, tzinfo=UTC),
            "prompt_version": None,
            "origin": "live",
        }
        for number in range(4)
    ]


def accounts() -> list[rows.Values]:
    draw = random.Random(7)
    return [
        {"agent_id": agent, "exchange": "venue", "initial_equity": draw.choice((None, Decimal(0), Decimal(10_000)))}
        for agent in AGENTS
        if draw.random() < 0.7
    ]


def snapshots() -> list[rows.Values]:
    draw = random.Random(8)
    return [
        {
            "agent_id": agent,
            "exchange": "venue",
            "captured_at": datetime(2025, 1, 1, tzinfo=UTC) + timedelta(hours=hour),
            "equity": Decimal(draw.randint(-(10**12), 10**12)).scaleb(-6),
            "origin": draw.choice(("live", "paper")),
        }
        for agent in AGENTS[:9]
        for hour in range(draw.randint(0, 4))
    ]
