"""The JSON files of the NOF0 design (the arena's API replies) as rows of the trading tables. Documents in, rows out.

Every element of a file becomes one row or one reject. Numbers arrive exact (see `exact_json`). Times are epoch seconds
or milliseconds, whole or with a fraction; a fraction is taken to the microsecond (a double of today's seconds resolves
0.24 microseconds). Quantities are signed at the source; here the side carries the sign.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from dagster_project.lib.trading_rows import Reject, Row, Values

FILES = {
    "since-inception-values.json": "sinceInceptionValues",
    "leaderboard.json": "leaderboard",
    "trades.json": "trades",
    "positions.json": "accountTotals",
    "conversations.json": "conversations",
    "crypto-prices.json": "prices",
}
ROSTERS = ("since-inception-values.json", "leaderboard.json")
ENDPOINTS = "api-endpoints.json"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# 1e11 as seconds is the year 5138, as milliseconds 1973: larger numbers are milliseconds.
_FIRST_MILLISECONDS = Decimal(10) ** 11
_LAST_SECONDS = Decimal(253_402_300_800)  # year 10000, where datetime ends


class WrongShape(ValueError):
    """A document is JSON, but not what its name promises; the message says what was expected."""


class _Refused(ValueError):
    """A row cannot be translated; the message is the reason."""


@dataclass(frozen=True)
class Context:
    """What the files do not say about their rows."""

    exchange: str
    origin: str
    captured_at: datetime | None = None
    captured_from: str = ""


def elements(file: str, document: Any) -> list[Any]:
    """The elements of one file: a list, or for prices the values of an object.

    Raises:
        WrongShape: the list is not there.
    """
    key = FILES[file]
    found = document.get(key) if isinstance(document, dict) else None
    if file == "crypto-prices.json" and isinstance(found, dict):
        return list(found.values())
    if not isinstance(found, list):
        raise WrongShape(f"expected an object with a list under {key!r}")
    return found


def server_time(document: Any) -> datetime | None:
    """When the reply was made, or None where it does not say."""
    try:
        return moment(document.get("serverTime")) if isinstance(document, dict) else None
    except _Refused:
        return None


def moment(value: Any) -> datetime | None:
    """Epoch seconds or milliseconds as a UTC time; None for None."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise _Refused(f"is not an epoch time: {str(value)[:60]!r}")
    number = Decimal(value)
    if not number.is_finite():
        raise _Refused(f"is {number}")
    if not 0 <= number < _LAST_SECONDS * 1000:
        raise _Refused(f"is out of range: {str(value)[:60]}")
    seconds = number / 1000 if number >= _FIRST_MILLISECONDS else number
    return _EPOCH + timedelta(microseconds=int((seconds * 1_000_000).to_integral_value()))


def agent_ids(file: str, document: Any) -> set[str]:
    """The agents that a file names."""
    field = "id" if file == "leaderboard.json" else "model_id"
    found = (row.get(field) for row in elements(file, document) if isinstance(row, dict))
    return {agent for agent in found if isinstance(agent, str) and agent}


def agent_names(endpoints: Any) -> dict[str, str]:
    """Names for people by agent id, from api-endpoints.json."""
    models = endpoints.get("models") if isinstance(endpoints, dict) else None
    return {
        model["id"]: model["name"]
        for model in models or []
        if isinstance(model, dict) and isinstance(model.get("id"), str) and isinstance(model.get("name"), str)
    }


def accounts(document: Any, context: Context) -> list[Row | Reject]:
    """since-inception-values.json as rows of `accounts`."""

    def row(raw: dict[str, Any]) -> Values:
        return {
            "agent_id": raw.get("model_id"),
            "exchange": context.exchange,
            "initial_equity": raw.get("nav_since_inception"),
            "inception_at": _time(raw, "inception_date"),
            "origin": context.origin,
            "details": _others(raw, "model_id", "nav_since_inception", "inception_date"),
        }

    return _each(elements("since-inception-values.json", document), row, "model_id")


def equity_snapshots(document: Any, context: Context) -> list[Row | Reject]:
    """leaderboard.json as rows of `account_equity_snapshots`. The file has no time: the context gives it."""

    def row(raw: dict[str, Any]) -> Values:
        if context.captured_at is None:
            raise _Refused("no time is known for it: no file beside it has a serverTime, so give --as-of")
        return {
            "agent_id": raw.get("id"),
            "exchange": context.exchange,
            "captured_at": context.captured_at,
            "equity": raw.get("equity"),
            "origin": context.origin,
            "details": {**_others(raw, "id", "equity"), "time_from": context.captured_from},
        }

    return _each(elements("leaderboard.json", document), row, "id")


def trades(document: Any, context: Context) -> list[Row | Reject]:
    """trades.json as rows of `trades`; all of them are closed."""

    def row(raw: dict[str, Any]) -> Values:
        for field in ("entry_time", "exit_time", "entry_price", "exit_price", "realized_net_pnl"):
            if raw.get(field) is None:
                raise _Refused(f"{field} is missing")
        return {
            "id": raw.get("id"),
            "agent_id": raw.get("model_id"),
            "exchange": context.exchange,
            "symbol": raw.get("symbol"),
            "side": raw.get("side"),
            "trade_type": raw.get("trade_type"),
            "status": "closed",
            "quantity": _unsigned(raw),
            "leverage": raw.get("leverage"),
            "confidence": raw.get("confidence"),
            "entry_price": raw.get("entry_price"),
            "exit_price": raw.get("exit_price"),
            "gross_pnl": raw.get("realized_gross_pnl"),
            "net_pnl": raw.get("realized_net_pnl"),
            "fee": raw.get("total_commission_dollars"),
            "entry_fee": raw.get("entry_commission_dollars"),
            "exit_fee": raw.get("exit_commission_dollars"),
            "opened_at": _time(raw, "entry_time"),
            "closed_at": _time(raw, "exit_time"),
            "entry_order_id": _order_id(raw, "entry_oid"),
            "exit_order_id": _order_id(raw, "exit_oid"),
            "origin": context.origin,
            "details": _others(
                raw,
                *("id", "model_id", "symbol", "side", "trade_type", "quantity", "leverage", "confidence"),
                *("entry_price", "exit_price", "realized_gross_pnl", "realized_net_pnl", "entry_time", "exit_time"),
                *("total_commission_dollars", "entry_commission_dollars", "exit_commission_dollars"),
                *("entry_oid", "exit_oid"),
            ),
        }

    return _each(elements("trades.json", document), row, "id")


def positions(document: Any, context: Context) -> list[Row | Reject]:
    """positions.json as rows of `positions`. They have no id at the source: agent, symbol and entry order make it."""
    synced_at = server_time(document)

    def row(raw: dict[str, Any]) -> Values:
        agent, position = raw["model_id"], raw["position"]
        if not isinstance(position, dict):
            raise _Refused("positions is not an object of objects")
        for field in ("symbol", "entry_oid", "entry_time"):
            if position.get(field) is None:
                raise _Refused(f"{field} is missing")
        quantity = position.get("quantity")
        if not isinstance(quantity, int | Decimal) or isinstance(quantity, bool) or quantity != quantity:
            raise _Refused("quantity is missing or not a number")
        plan = position.get("exit_plan") or {}
        if not isinstance(plan, dict):
            raise _Refused("exit_plan is not an object")
        order = _order_id(position, "entry_oid")
        return {
            "id": f"{agent}_{position['symbol']}_{order}",
            "agent_id": agent,
            "exchange": context.exchange,
            "symbol": position["symbol"],
            "side": "short" if quantity < 0 else "long",
            "status": "open",
            "quantity": _magnitude(quantity),
            "leverage": position.get("leverage"),
            "confidence": position.get("confidence"),
            "entry_price": position.get("entry_price"),
            "current_price": position.get("current_price"),
            "liquidation_price": position.get("liquidation_price"),
            "stop_loss": plan.get("stop_loss"),
            "take_profit": plan.get("profit_target"),
            "invalidation": plan.get("invalidation_condition"),
            "margin": position.get("margin"),
            "risk": position.get("risk_usd"),
            "fee": position.get("commission"),
            "unrealized_pnl": position.get("unrealized_pnl"),
            "realized_pnl": position.get("closed_pnl"),
            "opened_at": _time(position, "entry_time"),
            "synced_at": synced_at,
            "entry_order_id": order,
            "origin": context.origin,
            "details": _others(
                position,
                *("symbol", "quantity", "leverage", "confidence", "entry_price", "current_price", "liquidation_price"),
                *("exit_plan", "margin", "risk_usd", "commission", "unrealized_pnl", "closed_pnl", "entry_time"),
                "entry_oid",
            ),
        }

    return _each(_positions(elements("positions.json", document)), row, "key")


def conversations(document: Any, context: Context) -> tuple[list[Row | Reject], list[Row | Reject]]:
    """conversations.json as rows of `conversations` and of `conversation_messages`.

    A thread is known by its id, or by its agent and the time of its first message. Messages carry the thread's
    `source_id` in place of `conversation_id`, which only the database knows.
    """
    messages: list[Row | Reject] = []

    def row(raw: dict[str, Any]) -> Values:
        listed = raw.get("messages")
        if not isinstance(listed, list) or not listed:
            raise _Refused("messages is missing or empty")
        first = listed[0].get("timestamp") if isinstance(listed[0], dict) else None
        source_id = raw.get("id")
        if source_id is None and first is None:
            raise _Refused("it has neither an id nor a timestamp in its first message")
        return {
            "source_id": source_id if source_id is not None else f"{raw.get('model_id')}_{first}",
            "agent_id": raw.get("model_id"),
            "started_at": _time(listed[0], "timestamp") if first is not None else None,
            "origin": context.origin,
            "details": _others(raw, "id", "model_id", "messages"),
        }

    threads = _each(elements("conversations.json", document), row, "model_id")
    for thread in threads:
        listed = thread.raw.get("messages") if isinstance(thread.raw, dict) else None
        if not isinstance(listed, list):
            continue
        if isinstance(thread, Reject):
            why = f"its conversation was refused: {thread.reason}"
            messages += [Reject(f"{thread.key}#{number}", why, raw) for number, raw in enumerate(listed)]
        else:
            messages += _messages(thread.values["source_id"], listed)
    return threads, messages


def prices(document: Any, context: Context) -> list[Row | Reject]:
    """crypto-prices.json as rows of `price_latest` and `price_ticks`."""

    def row(raw: dict[str, Any]) -> Values:
        return {
            "exchange": context.exchange,
            "symbol": raw.get("symbol"),
            "price": raw.get("price"),
            "priced_at": _time(raw, "timestamp"),
            "origin": context.origin,
        }

    return _each(elements("crypto-prices.json", document), row, "symbol")


def _messages(source_id: str, listed: list[Any]) -> list[Row | Reject]:
    numbered = [{"number": number, "message": raw} for number, raw in enumerate(listed)]

    def row(raw: dict[str, Any]) -> Values:
        message = raw["message"]
        if not isinstance(message, dict):
            raise _Refused("is not an object")
        return {
            "source_id": source_id,
            "position_in_thread": raw["number"],
            "role": message.get("role"),
            "content": message.get("content"),
            "sent_at": _time(message, "timestamp"),
            "details": _others(message, "role", "content", "timestamp"),
        }

    return [
        Row(found.values, found.raw["message"])
        if isinstance(found, Row)
        else Reject(f"{source_id}#{found.raw['number']}", found.reason, found.raw["message"])
        for found in _each(numbered, row, "number")
    ]


def _positions(totals: Iterable[Any]) -> Iterator[Any]:
    for total in totals:
        if not isinstance(total, dict):
            yield total
            continue
        agent = total.get("model_id")
        if not isinstance(total.get("positions"), dict):
            yield {"key": agent, "model_id": agent, "position": total.get("positions")}
            continue
        for symbol, position in total["positions"].items():
            yield {"key": f"{agent}_{symbol}", "model_id": agent, "position": position}


def _each(raws: Iterable[Any], translate: Callable[[dict[str, Any]], Values], key: str) -> list[Row | Reject]:
    found: list[Row | Reject] = []
    for number, raw in enumerate(raws):
        if not isinstance(raw, dict):
            found.append(Reject(f"#{number}", "is not an object", raw))
            continue
        try:
            found.append(Row(translate(raw), raw))
        except _Refused as refused:
            known = raw.get(key)
            found.append(Reject(str(known) if known else f"#{number}", str(refused), raw))
    return found


def _time(raw: dict[str, Any], field: str) -> datetime | None:
    try:
        return moment(raw.get(field))
    except _Refused as refused:
        raise _Refused(f"{field} {refused}") from None


def _unsigned(raw: dict[str, Any]) -> Any:
    quantity, side = raw.get("quantity"), raw.get("side")
    if isinstance(quantity, bool) or not isinstance(quantity, int | Decimal) or quantity != quantity:
        return quantity
    if (side == "long" and quantity < 0) or (side == "short" and quantity > 0):
        raise _Refused(f"quantity {quantity} contradicts side {side}")
    return _magnitude(quantity)


def _magnitude(number: int | Decimal) -> int | Decimal:
    """Without its sign. Not abs(): that rounds a Decimal to the context's 28 digits."""
    return number.copy_abs() if isinstance(number, Decimal) else abs(number)


def _order_id(raw: dict[str, Any], field: str) -> str | None:
    value = raw.get(field)
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int):
        raise _Refused(f"{field} is not an order id: {str(value)[:60]!r}")
    return str(value)


def _others(raw: dict[str, Any], *taken: str) -> dict[str, Any]:
    return {field: value for field, value in raw.items() if field not in taken}
