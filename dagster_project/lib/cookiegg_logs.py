"""The JSON files of cookiegg/nof's bots as rows: conversations.json (one per bot: prompt, answer, decision of each
invocation), trading-state.json (orders with the account's value after each) and trades.json (fills).

All of it was traded on a demo exchange. `accountValue` of a conversation is 0 or a default of 10000 and is kept in
`details` only; the value beside an order of trading-state.json is the account's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from dagster_project.lib import nof0
from dagster_project.lib.trading_rows import Reject, Row, Values

ACTIONS = {
    "BUY": "long",
    "LONG": "long",
    "SELL": "short",
    "SHORT": "short",
    "HOLD": "hold",
    "CLOSE": "close",
    "EXIT": "close",
}
SIDES = {"BUY": "buy", "SELL": "sell"}
PORTFOLIO = "*"
"""Symbol of a decision that names none."""


@dataclass(frozen=True)
class Bot:
    """What the files do not say about their rows."""

    id: str
    exchange: str
    origin: str


def is_conversation(element: Any) -> bool:
    """Whether an element of a list under `conversations` is one of these bots'."""
    return isinstance(element, dict) and "invocationCount" in element and "timestamp" in element


def conversations(elements: Iterable[Any], bot: Bot) -> Iterator[Row | Reject]:
    """Rows of `conversations`, one per invocation."""

    def row(raw: dict[str, Any]) -> Values:
        return {
            "source_id": _key(raw, bot),
            "agent_id": bot.id,
            "started_at": _time(raw, "timestamp"),
            "origin": bot.origin,
            "details": _kept(raw, "invocationCount", "accountValue", "totalReturn"),
        }

    return _each(elements, row)


def messages(thread: Row | Reject) -> list[Row | Reject]:
    """The prompt and, if there was one, the answer of an invocation, with the `source_id` of their conversation."""
    raw = thread.raw
    if isinstance(thread, Reject) or not isinstance(raw, dict):
        return []
    said = [("user", raw.get("userPrompt")), ("assistant", raw.get("aiResponse"))]
    return [
        Row(
            {
                "source_id": thread.values["source_id"],
                "position_in_thread": place,
                "role": role,
                "content": content,
                "sent_at": _time(raw, "timestamp"),
                "details": {},
            },
            {"role": role, "content": content},
        )
        for place, (role, content) in enumerate(said)
        if content is not None
    ]


def decision_cycles(elements: Iterable[Any], bot: Bot) -> Iterator[Row | Reject]:
    """Rows of `decision_cycles`, one per invocation."""

    def row(raw: dict[str, Any]) -> Values:
        answered = raw.get("aiResponse") is not None
        normalized = raw.get("decision_normalized")
        prompt = raw.get("userPrompt")
        return {
            "id": nof0.cycle_id(_key(raw, bot)),
            "agent_id": bot.id,
            "cycle_number": raw.get("invocationCount"),
            "prompt_digest": hashlib.sha256(prompt.encode("utf-8", "surrogatepass")).hexdigest()
            if isinstance(prompt, str)
            else None,
            "cot_trace": raw.get("chain_of_thought"),
            "decisions": raw.get("trading_decisions"),
            "success": answered,
            "error_message": None if answered else _reason(normalized),
            "executed_at": _time(raw, "timestamp"),
            "origin": bot.origin,
            "details": {"source_id": _key(raw, bot)} | _kept(raw, "accountValue", "totalReturn"),
        }

    return _each(elements, row)


def decisions(elements: Iterable[Any], bot: Bot) -> Iterator[Row | Reject]:
    """Rows of `decisions`: the one decision of each invocation that was answered."""

    def row(raw: dict[str, Any]) -> Values:
        said = raw["decision"]
        if not isinstance(said, dict):
            raise ValueError("decision is not an object")
        action = str(said.get("action")).upper()
        if action not in ACTIONS:
            raise ValueError(f"action is {str(said.get('action'))[:40]!r}, not one of {', '.join(ACTIONS)}")
        taken = (
            *("action", "symbol", "quantity", "leverage", "confidence", "stop_loss", "profit_target", "reasoning"),
        )
        parsed = raw.get("aiParsed")
        return {
            "id": _key(raw, bot),
            "agent_id": bot.id,
            "exchange": bot.exchange,
            "symbol": said.get("symbol") or PORTFOLIO,
            "action": ACTIONS[action],
            "confidence": said.get("confidence"),
            "quantity": said.get("quantity") or None,
            "leverage": said.get("leverage") or None,
            "stop_loss": said.get("stop_loss") or None,
            "take_profit": said.get("profit_target") or None,
            "reasoning": said.get("reasoning"),
            "raw_response": parsed if isinstance(parsed, dict) else None,
            "cycle_id": nof0.cycle_id(_key(raw, bot)),
            "decided_at": _time(raw, "timestamp"),
            "origin": bot.origin,
            "details": {key: value for key, value in said.items() if key not in taken},
        }

    answered = (one for one in elements if not isinstance(one, dict) or one.get("decision") is not None)
    return _each(answered, row)


def account(state: dict[str, Any], bot: Bot) -> Row | Reject:
    """The row of `accounts` of trading-state.json; its last value contradicts its own return and stays in details."""
    return next(
        _each(
            [state],
            lambda raw: {
                "agent_id": bot.id,
                "exchange": bot.exchange,
                "base_currency": "USDT",
                "initial_equity": raw.get("initialAccountValue"),
                "inception_at": _time(raw, "startTime"),
                "origin": bot.origin,
                "details": {key: value for key, value in raw.items() if key not in ("trades", "initialAccountValue")},
            },
        )
    )


def equity_snapshots(state: dict[str, Any], bot: Bot) -> Iterator[Row | Reject]:
    """Rows of `account_equity_snapshots`: the account's value beside each order of trading-state.json."""

    def row(raw: dict[str, Any]) -> Values:
        return {
            "agent_id": bot.id,
            "exchange": bot.exchange,
            "captured_at": _time(raw, "timestamp"),
            "equity": raw.get("accountValue"),
            "origin": bot.origin,
            "details": _kept(raw, "totalReturn", "orderId"),
        }

    listed = [one for one in _listed(state) if not isinstance(one, dict) or one.get("accountValue") is not None]
    return _each(listed, row)


def orders(state: dict[str, Any], bot: Bot) -> Iterator[Row | Reject]:
    """Rows of `orders` from trading-state.json."""
    return _each(_listed(state), lambda raw: _order(raw, _time(raw, "timestamp"), bot))


def fills(elements: Iterable[Any], known: Mapping[str, Any], bot: Bot) -> Iterator[Row | Reject]:
    """Rows of `orders` from trades.json that trading-state.json does not have; a fill that it has and contradicts is
    refused.

    Args:
        known: order id -> the order of trading-state.json.
    """

    def row(raw: dict[str, Any]) -> Values:
        for column in ("orderId", "side", "symbol", "quantity"):
            if raw.get(column) is None:
                raise ValueError(f"{column} is missing")
        other = known.get(str(raw["orderId"]))
        if other is not None:
            for column in ("side", "symbol", "quantity", "price"):
                if raw.get(column) != other.get(column):
                    raise ValueError(f"{column} is {raw.get(column)}, and {other.get(column)} in trading-state.json")
            return _order(other, _time(other, "timestamp"), bot)
        at = nof0.server_time(raw.get("exit_time"))
        if at is None:
            raise ValueError("exit_time is not an epoch time")
        return _order(raw, at, bot)

    return _each(elements, row)


def order_key(raw: Any) -> str | None:
    """The venue's order id of an order or fill."""
    found = raw.get("orderId") if isinstance(raw, dict) else None
    return None if found is None else str(found)


def _order(raw: dict[str, Any], at: datetime | None, bot: Bot) -> Values:
    side = str(raw.get("side")).upper()
    if side not in SIDES:
        raise ValueError(f"side is {str(raw.get('side'))[:40]!r}, not one of {', '.join(SIDES)}")
    taken = ("timestamp", "side", "symbol", "quantity", "price", "orderId")
    return {
        "id": f"{bot.id}-{raw.get('orderId')}",
        "agent_id": bot.id,
        "exchange": bot.exchange,
        "symbol": raw.get("symbol"),
        "side": SIDES[side],
        "type": "market",
        "status": "filled",
        "quantity": raw.get("quantity"),
        "filled_quantity": raw.get("quantity"),
        "average_price": raw.get("price"),
        "venue_order_id": order_key(raw),
        "submitted_at": at,
        "filled_at": at,
        "finished_at": at,
        "origin": bot.origin,
        "details": {key: value for key, value in raw.items() if key not in taken},
    }


def _listed(state: dict[str, Any]) -> list[Any]:
    found = state.get("trades")
    return found if isinstance(found, list) else []


def _key(raw: dict[str, Any], bot: Bot) -> str:
    return f"{bot.id}-{raw.get('timestamp')}"


def _reason(normalized: Any) -> str:
    said = normalized.get("reasoning") if isinstance(normalized, dict) else None
    return said if isinstance(said, str) else "there is no answer"


def _time(raw: dict[str, Any], column: str) -> datetime | None:
    value = raw.get(column)
    if value is None:
        return None
    try:
        found = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise ValueError(f"{column} is not a time: {str(value)[:60]!r}") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _kept(raw: dict[str, Any], *columns: str) -> dict[str, Any]:
    return {column: raw[column] for column in columns if raw.get(column) is not None}


def _each(raws: Iterable[Any], translate: Callable[[dict[str, Any]], Values]) -> Iterator[Row | Reject]:
    for number, raw in enumerate(raws):
        if not isinstance(raw, dict):
            yield Reject(f"#{number}", "is not an object", raw)
            continue
        try:
            yield Row(translate(raw), raw)
        except ValueError as error:
            known = raw.get("orderId") or raw.get("timestamp")
            yield Reject(str(known) if known else f"#{number}", str(error), raw)


def quantity(raw: Any) -> Decimal | int | None:
    """What the source calls the quantity, for the sums."""
    found = raw.get("quantity") if isinstance(raw, dict) else None
    return found if isinstance(found, int | Decimal) else None
