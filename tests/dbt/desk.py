"""A trading desk made up for the formulas: agents that are each a nasty case, and some random ones. No database."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

EXCHANGE = "desk"
START = datetime(2025, 3, 1, tzinfo=UTC)
DAYS = 40
INITIAL = Decimal(10_000)
RANDOM_AGENTS = ("random-a", "random-b", "random-c")
AGENTS = (
    *(
        "keeper",
        "quiet",
        "single",
        "winner",
        "even",
        "steady",
        "broke",
        "sparse",
        "reporter",
        "blind",
        "holder",
        "unfunded",
    ),
    *RANDOM_AGENTS,
)
ASKS = 60  # invocations per random agent


def price(symbol: str, hour: int) -> float:
    """Close of an hour, counted from START, of the two markets that have candles."""
    draw = random.Random(f"{symbol}{hour // 24}")
    return round((60_000 if symbol == "BTC/USDT" else 3_000) * (0.8 + 0.4 * draw.random()) + hour % 24, 2)


def candles() -> list[list[Any]]:
    """Hourly rows of market_ohlcv: exchange, symbol, timeframe, timestamp, open, high, low, close, volume."""
    return [
        ["spot", symbol, "1h", START + timedelta(hours=hour), *[price(symbol, hour)] * 4, 1.0]
        for symbol in ("BTC/USDT", "ETH/USDT")
        # ETH has no candle on the sixth day.
        for hour in range(DAYS * 24)
        if (symbol, hour // 24) != ("ETH/USDT", 5)
    ]


def mark(symbol: str, day: date) -> Decimal | None:
    """What daily_marks must hold: the close of the last hour of the day."""
    number = (day - START.date()).days
    if symbol not in ("BTC", "ETH") or not 0 <= number < DAYS or (symbol, number) == ("ETH", 5):
        return None
    return Decimal(repr(price(f"{symbol}/USDT", number * 24 + 23)))


def accounts() -> list[dict[str, Any]]:
    return [
        {"agent_id": agent, "exchange": EXCHANGE, "initial_equity": INITIAL, "inception_at": START}
        for agent in AGENTS
        if agent != "unfunded"
    ]


def snapshots() -> list[dict[str, Any]]:
    def one(agent: str, day: float, equity: Decimal) -> dict[str, Any]:
        moment = START + timedelta(days=day)
        return {"agent_id": agent, "exchange": EXCHANGE, "captured_at": moment, "equity": equity, "origin": "live"}

    growing = [INITIAL * Decimal("1.01") ** (day + 1) for day in range(DAYS)]
    return [
        *(one("steady", day + 0.9, equity.quantize(Decimal("1e-18"))) for day, equity in enumerate(growing)),
        *(one("reporter", day, Decimal(equity)) for day, equity in ((4.2, 10_400), (4.9, 10_150), (11.5, 9_800))),
        one("unfunded", 9.5, Decimal(500)),
        one("broke", 30.5, Decimal(4_000)),
    ]


def trades() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []

    def add(agent: str, day: float, held: float, net: float | str | None, **other: Any) -> None:
        opened = START + timedelta(days=day)
        row = {
            "id": f"desk-{len(rows)}",
            "agent_id": agent,
            "exchange": EXCHANGE,
            "symbol": "BTC",
            "side": "long",
            "status": "closed",
            "quantity": Decimal("0.05"),
            "leverage": None,
            "confidence": None,
            "entry_price": Decimal("60000"),
            "exit_price": Decimal("61000"),
            "gross_pnl": None if net is None else Decimal(str(net)) + 3,
            "net_pnl": None if net is None else Decimal(str(net)),
            "fee": Decimal(3),
            "opened_at": opened,
            "closed_at": opened + timedelta(days=held),
            "prompt_version": None,
            "origin": "live",
        }
        rows.append(row | other)

    add("single", 3.1, 0.2, 250)
    for day in range(10):
        add("winner", 2 * day + 0.3, 0.3, 10 + day)
        add("even", 2 * day + 0.3, 0.3, 0)
    add("broke", 2.1, 0.1, -4_000)
    add("broke", 5.1, 0.1, -6_500)
    add("broke", 8.1, 0.1, 100)
    add("sparse", 1.5, 0.1, -120)
    add("sparse", 35.5, 0.1, 480)
    add("reporter", 3.5, 3.0, 75, side="short", symbol="ETH", quantity=Decimal(2), entry_price=Decimal(3000))
    add("reporter", 10.2, 4.1, -33)
    add("blind", 2.5, 0.5, None, fee=None, gross_pnl=None)
    add("blind", 3.5, 1.5, 20, quantity=None)
    add("blind", 4.5, 1.5, -5, entry_price=None)
    add("blind", 6.5, 0.5, 7, opened_at=None)
    add("holder", 2.5, 6.0, 300, quantity=Decimal("0.3"))
    add("holder", 4.5, 9.0, -200, side="short", quantity=Decimal("0.1"))
    add("holder", 7.5, 3.0, 40, symbol="XYZ", entry_price=Decimal(7))
    add("holder", 3.5, 5.0, 90, symbol="ETH", quantity=Decimal("1.5"), entry_price=Decimal(3100))
    add("unfunded", 8.5, 0.2, 50)
    for agent in RANDOM_AGENTS:
        draw = random.Random(agent)
        for _ in range(60):
            add(
                agent,
                draw.random() * (DAYS - 8),
                draw.choice((0.01, 0.5, 2, 6)) * draw.random(),
                round(draw.gauss(5, 120), 6),
                side=draw.choice(("long", "short")),
                symbol=draw.choice(("BTC", "ETH")),
                quantity=Decimal(draw.randint(1, 60)).scaleb(-3),
                entry_price=Decimal(draw.randint(2_900_00, 3_100_00)).scaleb(-2),
                fee=Decimal(draw.randint(1, 900)).scaleb(-2),
                stop_loss=Decimal(2_800),
                take_profit=draw.choice((None, Decimal(3_500))),
            )
    return [{"stop_loss": None, "take_profit": None} | row for row in rows]


def open_trades() -> list[dict[str, Any]]:
    """Positions that nobody closes: the keeper's, who has nothing else, and two of others."""

    def one(agent: str, day: float, **other: Any) -> dict[str, Any]:
        row = dict.fromkeys(trades()[0]) | {
            "id": f"open-{agent}-{day}",
            "agent_id": agent,
            "exchange": EXCHANGE,
            "symbol": "BTC",
            "side": "long",
            "status": "open",
            "quantity": Decimal("0.05"),
            "entry_price": Decimal(60_000),
            "opened_at": START + timedelta(days=day),
            "origin": "live",
        }
        return row | other

    return [
        one("keeper", 1.5),
        one("keeper", 6.0, side="short", symbol="ETH", quantity=Decimal("0.3"), entry_price=Decimal(3000)),
        one("keeper", 12.5, symbol="XYZ"),
        one("keeper", DAYS - 0.5, quantity=None),
        one("holder", 20.5, quantity=Decimal("0.02"), entry_price=Decimal(61_000)),
        one("reporter", 8.5, side="short"),
        one("random-a", 0.5, status="pending"),
        one("random-b", 0.5, status="cancelled"),
    ]


def decisions() -> list[dict[str, Any]]:
    """Of the random agents: the first is asked in cycles, the second at moments; the third never decided."""
    rows: list[dict[str, Any]] = []
    for agent in RANDOM_AGENTS[:2]:
        draw = random.Random(f"decisions {agent}")
        asked = START + timedelta(hours=5)
        for number in range(ASKS):
            asked += timedelta(minutes=draw.uniform(20, 900))
            for symbol in ("BTC", "ETH", "SOL"):
                in_cycle = agent == RANDOM_AGENTS[0]
                rows.append(
                    {
                        "id": f"{agent}-{number}-{symbol}",
                        "agent_id": agent,
                        "exchange": EXCHANGE,
                        "symbol": symbol,
                        "action": draw.choice(("long", "short", "hold", "hold", "hold", "close", None)),
                        "confidence": draw.choice((None, Decimal(draw.randint(0, 100)).scaleb(-2))),
                        "leverage": draw.choice((None, Decimal(draw.randint(1, 20)))),
                        "cycle_id": number if in_cycle else None,
                        "decided_at": asked + timedelta(seconds=draw.random() if in_cycle else 0),
                        "origin": "live",
                    }
                )
    return rows
