"""AI-Trader's logs (HKUDS) as rows: one position.jsonl per agent with every action and what it held afterwards, and
log/DAY/log.jsonl with what was said. Lines in, rows out.

A line of position.jsonl has a day, no time: its rows are of midnight UTC, their order is `details.line`. Its `id` goes
back and repeats (the bot was restarted), so a line is known by its day, id and a counter. A line that says what an
earlier line of its day said is that line written twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any

from dagster_project.lib import exact_json
from dagster_project.lib.trading_rows import EXACT, Reject, Row, Values

CASH = "CASH"
PORTFOLIO = "*"
"""Symbol of a decision that is about no single instrument."""
SIDES = {"buy_crypto": "buy", "sell_crypto": "sell", "buy": "buy", "sell": "sell"}
NOTHING = "no_trade"
# Cash is written with four decimals.
CENT = Decimal("0.01")

Prices = dict[str, dict[str, tuple[Decimal | None, Decimal | None]]]
"""Symbol -> day -> open and close."""


@dataclass
class Oddities:
    """What is strange in one agent's file, for the account."""

    backward: int = 0
    repeated: int = 0
    twice: int = 0
    unexplained: int = 0
    unpriced: int = 0

    def __str__(self) -> str:
        said = [
            (self.backward, "ids that go back or repeat"),
            (self.repeated, "lines with the day and id of an earlier one, told apart by a counter"),
            (self.twice, "lines written twice"),
            (self.unexplained, "orders whose price is not known: the day's open does not explain the change of cash"),
            (self.unpriced, "days without an equity: something held has no price"),
        ]
        return ", ".join(f"{count} {what}" for count, what in said if count)


@dataclass(frozen=True)
class Step:
    """One line of position.jsonl. `cash_before` is None on the first."""

    line: int
    key: str
    day: datetime
    action: str | None
    symbol: str
    amount: Any
    positions: dict[str, Any]
    cash_before: Any
    raw: Any


@dataclass
class Agent:
    """What is known about the agent whose file is read."""

    id: str
    exchange: str
    origin: str
    prices: Prices
    oddities: Oddities = field(default_factory=Oddities)


def lines(path: Path) -> Iterator[tuple[int, Any]]:
    """(number, document) of a JSONL file; a line that is no JSON becomes a Reject."""
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                yield number, exact_json.loads(line)
            except exact_json.NotJson as error:
                shown = line[:2000].decode("utf-8", "backslashreplace")
                yield number, Reject(f"{path.parent.parent.name} line {number}", f"not JSON: {error}", shown)


def read_prices(path: Path) -> Prices:
    """Daily prices of AI-Trader's merged file, one symbol per line; a line of another shape tells nothing."""
    found: Prices = {}
    for _, line in lines(path):
        if not isinstance(line, dict):
            continue
        symbol = (line.get("Meta Data") or {}).get("2. Symbol")
        series = next((value for key, value in line.items() if key.startswith("Time Series")), None)
        if isinstance(symbol, str) and isinstance(series, dict):
            found[symbol] = {
                day: (_decimal(bar.get("1. buy price")), _decimal(bar.get("4. sell price")))
                for day, bar in series.items()
                if isinstance(bar, dict)
            }
    return found


def steps(path: Path, agent: Agent) -> Iterator[Step | Reject]:
    """The lines of one position.jsonl in order; counts what is odd about them."""
    agent.oddities = Oddities()
    cash, last_id, last_day = None, None, None
    seen: dict[int, dict[str, Step]] = {}
    for number, raw in lines(path):
        if isinstance(raw, Reject):
            yield raw
            continue
        try:
            day, positions, action = _shape(raw)
        except ValueError as error:
            yield Reject(f"{agent.id} line {number}", str(error), raw)
            continue
        if day != last_day:
            seen, last_day = {}, day
        said = exact_json.dumps(raw)
        known = seen.setdefault(raw["id"], {})
        if said in known:
            agent.oddities.twice += 1
            yield known[said]
            continue
        agent.oddities.repeated += bool(known)
        agent.oddities.backward += last_id is not None and raw["id"] <= last_id
        key = f"{day:%Y-%m-%d}-{raw['id']}" + (f"-{len(known) + 1}" if known else "")
        symbol, amount = action.get("symbol") or PORTFOLIO, action.get("amount")
        known[said] = Step(number, key, day, action.get("action"), symbol, amount, positions, cash, raw)
        yield known[said]
        cash, last_id = positions.get(CASH), raw["id"]


def account(path: Path, agent: Agent) -> Iterator[Row]:
    """The row of `accounts`: a first line without an action is what the agent began with."""
    first = next(steps(path, agent), None)
    if isinstance(first, Step) and first.action is None:
        quotes = {symbol.rpartition("-")[2] for symbol in first.positions if symbol != CASH}
        values = {
            "agent_id": agent.id,
            "exchange": agent.exchange,
            "base_currency": quotes.pop() if len(quotes) == 1 else "USD",
            "initial_equity": first.positions.get(CASH),
            "inception_at": first.day,
            "origin": agent.origin,
        }
        yield Row(values, first.raw)


def orders(path: Path, agent: Agent) -> Iterator[Row | Reject]:
    """Rows of `orders`: what was bought and sold, at the day's open where that explains the change of cash."""

    def row(step: Step) -> Values:
        price = _price(step, agent)
        agent.oddities.unexplained += price is None
        return {
            "id": f"{agent.id}-{step.key}",
            "agent_id": agent.id,
            "exchange": agent.exchange,
            "symbol": step.symbol,
            "side": SIDES[step.action or ""],
            "type": "market",
            "status": "filled",
            "quantity": step.amount,
            "filled_quantity": step.amount,
            "average_price": price,
            "decision_id": f"{agent.id}-{step.key}",
            "submitted_at": step.day,
            "filled_at": step.day,
            "finished_at": step.day,
            "origin": agent.origin,
            "details": {"line": step.line, "cash_before": step.cash_before, "cash_after": step.positions.get(CASH)},
        }

    yield from _rows(steps(path, agent), row, lambda step: step.action in SIDES)


def decisions(path: Path, agent: Agent) -> Iterator[Row | Reject]:
    """Rows of `decisions`: every line with an action, also those that traded nothing, with the holdings after it."""

    def row(step: Step) -> Values:
        side = SIDES.get(step.action or "")
        if side is None and step.action != NOTHING:
            raise ValueError(f"action is {step.action!r}, not one of {', '.join([*SIDES, NOTHING])}")
        return {
            "id": f"{agent.id}-{step.key}",
            "agent_id": agent.id,
            "exchange": agent.exchange,
            "symbol": step.symbol,
            "action": {"buy": "long", "sell": "close"}.get(side or "", "hold"),
            "quantity": step.amount if side else None,
            "executed": side is not None,
            "order_id": f"{agent.id}-{step.key}" if side else None,
            "decided_at": step.day,
            "origin": agent.origin,
            "details": {"line": step.line, "id": step.raw["id"], "holdings": step.positions},
        }

    yield from _rows(steps(path, agent), row, lambda step: step.action is not None)


def equity_snapshots(path: Path, agent: Agent) -> Iterator[Row | Reject]:
    """Rows of `account_equity_snapshots`: what was held at the end of a day, at the closes of that day; only where
    everything has one."""
    last: Step | None = None
    for step in steps(path, agent):
        if isinstance(step, Reject):
            continue
        if last is not None and step.day != last.day:
            yield from _snapshot(last, agent)
        last = step
    if last is not None:
        yield from _snapshot(last, agent)


def conversation(path: Path, agent: Agent) -> Row:
    """The row of `conversations` for one day's log.jsonl."""
    day = path.parent.name
    try:
        started = datetime.fromisoformat(day).replace(tzinfo=UTC)
    except ValueError:
        started = None
    values = {
        "source_id": f"{agent.id}-{day}",
        "agent_id": agent.id,
        "started_at": started,
        "origin": agent.origin,
        "details": {"log": day},
    }
    return Row(values, {"path": str(path)})


def messages(path: Path, source_id: str) -> Iterator[Row | Reject]:
    """Rows of `conversation_messages` of one log.jsonl, with the `source_id` of their conversation; `new_messages` is a
    list or a single message."""
    place = 0
    for number, raw in lines(path):
        if isinstance(raw, Reject):
            yield raw
            continue
        found = raw.get("new_messages") if isinstance(raw, dict) else None
        for message in found if isinstance(found, list) else [found]:
            if not isinstance(message, dict):
                yield Reject(f"{source_id} line {number}", "new_messages holds no message", raw)
                continue
            values = {
                "source_id": source_id,
                "position_in_thread": place,
                "role": message.get("role"),
                "content": message.get("content"),
                "sent_at": None,
                "details": {key: value for key, value in message.items() if key not in ("role", "content")},
            }
            place += 1
            yield Row(values, message)


def _rows(
    found: Iterable[Step | Reject], translate: Callable[[Step], Values], wanted: Callable[[Step], bool]
) -> Iterator[Row | Reject]:
    for step in found:
        if isinstance(step, Reject):
            yield step
        elif wanted(step):
            try:
                yield Row(translate(step), step.raw)
            except ValueError as error:
                yield Reject(step.key, str(error), step.raw)


def _shape(raw: Any) -> tuple[datetime, dict[str, Any], dict[str, Any]]:
    if not isinstance(raw, dict):
        raise ValueError("is not an object")
    if not isinstance(raw.get("id"), int):
        raise ValueError("id is missing or not a whole number")
    try:
        day = datetime.fromisoformat(raw["date"])
    except (KeyError, TypeError, ValueError):
        raise ValueError(f"date is not a day: {str(raw.get('date'))[:40]!r}") from None
    positions, action = raw.get("positions"), raw.get("this_action", {})
    if not isinstance(positions, dict):
        raise ValueError("positions is missing")
    if not isinstance(action, dict):
        raise ValueError("this_action is not an object")
    return day if day.tzinfo else day.replace(tzinfo=UTC), positions, action


def _price(step: Step, agent: Agent) -> Decimal | None:
    """The day's open, if so many units at it are the change of cash."""
    price = agent.prices.get(step.symbol, {}).get(f"{step.day:%Y-%m-%d}", (None, None))[0]
    numbers = (step.amount, step.cash_before, step.positions.get(CASH))
    if price is None or not all(isinstance(number, int | Decimal) for number in numbers):
        return None
    amount, before, after = numbers
    with localcontext(EXACT):
        paid = amount * price * (1 if SIDES[step.action or ""] == "buy" else -1)
        return price if abs(before - after - paid) <= CENT else None


def _snapshot(step: Step, agent: Agent) -> Iterator[Row]:
    cash = step.positions.get(CASH)
    if not isinstance(cash, int | Decimal):
        agent.oddities.unpriced += 1
        return
    held = {symbol: size for symbol, size in step.positions.items() if symbol != CASH and size}
    with localcontext(EXACT):
        equity = Decimal(cash)
        for symbol, size in held.items():
            close = agent.prices.get(symbol, {}).get(f"{step.day:%Y-%m-%d}", (None, None))[1]
            if close is None or not isinstance(size, int | Decimal):
                agent.oddities.unpriced += 1
                return
            equity += size * close
    values = {
        "agent_id": agent.id,
        "exchange": agent.exchange,
        "captured_at": step.day + timedelta(days=1),
        "equity": equity,
        "balance": cash,
        "origin": agent.origin,
        "details": {"holdings": held, "priced_at": "the closes of the day before"},
    }
    yield Row(values, step.raw)


def _decimal(text: Any) -> Decimal | None:
    try:
        return Decimal(text) if isinstance(text, str) else None
    except ArithmeticError:
        return None
