"""The JSON files of the NOF0 design (the arena's API replies) as rows of the trading tables. Elements in, rows out.

Every element of a file becomes one row or one reject. Numbers arrive exact (see `exact_json`). Times are epoch seconds
or milliseconds, whole or with a fraction; a fraction is taken to the microsecond (a double of today's seconds resolves
0.24 microseconds). Quantities are signed at the source; here the side carries the sign.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Any

from dagster_project.lib import exact_json
from dagster_project.lib.trading_rows import MADE_UP_ORIGINS, Reject, Row, Values


@dataclass(frozen=True)
class Kind:
    """One of the arena's replies: where its elements are, and what its files are called."""

    name: str
    key: str
    pattern: str


# In the order of landing: real positions before hand-made ones, agents' rosters first.
KINDS = (
    Kind("since-inception-values", "sinceInceptionValues", "since-inception-values.json"),
    Kind("leaderboard", "leaderboard", "leaderboard.json"),
    Kind("trades", "trades", "trades.json"),
    Kind("account-totals", "accountTotals", "account-totals*.json"),
    Kind("positions", "accountTotals", "positions.json"),
    Kind("conversations", "conversations", "conversations.json"),
    Kind("conversations-full", "conversations", "*conversations-full*.json"),
    Kind("crypto-prices", "prices", "crypto-prices.json"),
    Kind("analytics", "analytics", "analytics*.json"),
)
EXPECTED = tuple(kind.pattern for kind in KINDS if "*" not in kind.pattern and kind.name != "account-totals")
ROSTERS = ("since-inception-values", "leaderboard")
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
    server_time: datetime | None = None


def kind_of(file: str) -> Kind | None:
    """What a file of this name holds, or None."""
    return next((kind for kind in KINDS if fnmatchcase(file, kind.pattern)), None)


def server_time(value: Any) -> datetime | None:
    """`serverTime` of a reply, or None where it does not say."""
    try:
        return moment(value)
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


def agent_id(kind: Kind, element: Any) -> str | None:
    """The agent that an element names."""
    found = element.get("id" if kind.name == "leaderboard" else "model_id") if isinstance(element, dict) else None
    return found if isinstance(found, str) and found else None


def agent_names(endpoints: Any) -> dict[str, str]:
    """Names for people by agent id, from api-endpoints.json."""
    models = endpoints.get("models") if isinstance(endpoints, dict) else None
    return {
        model["id"]: model["name"]
        for model in models or []
        if isinstance(model, dict) and isinstance(model.get("id"), str) and isinstance(model.get("name"), str)
    }


def accounts(elements: Iterable[Any], context: Context) -> Iterator[Row | Reject]:
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

    return _each(elements, row, "model_id")


def equity_snapshots(elements: Iterable[Any], context: Context) -> Iterator[Row | Reject]:
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

    return _each(elements, row, "id")


def account_totals(elements: Iterable[Any], context: Context) -> Iterator[Row | Reject]:
    """account-totals.json as rows of `account_equity_snapshots`; the positions of the moment go into their details."""

    def row(raw: dict[str, Any]) -> Values:
        for column in ("timestamp", "dollar_equity"):
            if raw.get(column) is None:
                raise _Refused(f"{column} is missing")
        return {
            "agent_id": raw.get("model_id"),
            "exchange": context.exchange,
            "captured_at": _time(raw, "timestamp"),
            "equity": raw.get("dollar_equity"),
            "realized_pnl": raw.get("realized_pnl"),
            "unrealized_pnl": raw.get("total_unrealized_pnl"),
            "origin": context.origin,
            "details": _others(raw, "model_id", "timestamp", "dollar_equity", "realized_pnl", "total_unrealized_pnl"),
        }

    return _each(elements, row, "id")


def analytics(elements: Iterable[Any], context: Context) -> Iterator[Row | Reject]:
    """analytics.json and analytics-AGENT.json as rows of `model_analytics`."""

    def row(raw: dict[str, Any]) -> Values:
        if raw.get("updated_at") is None:
            raise _Refused("updated_at is missing")
        return {
            "agent_id": raw.get("model_id"),
            "payload": raw,
            "server_time": _time(raw, "updated_at"),
            "origin": context.origin,
        }

    return _each(elements, row, "model_id")


def trades(elements: Iterable[Any], context: Context) -> Iterator[Row | Reject]:
    """trades.json as rows of `trades`; all of them are closed."""

    def row(raw: dict[str, Any]) -> Values:
        for column in ("entry_time", "exit_time", "entry_price", "exit_price", "realized_net_pnl"):
            if raw.get(column) is None:
                raise _Refused(f"{column} is missing")
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

    return _each(elements, row, "id")


def positions(
    elements: Iterable[Any], context: Context, newest: Mapping[str, Decimal] | None = None
) -> Iterator[Row | Reject]:
    """positions.json or account-totals.json as rows of `positions`.

    They have no id at the source: agent, symbol and entry order make it; of made-up ones the origin too, because a
    hand-made file may copy the order ids of real positions.

    Args:
        newest: per agent the newest `timestamp`; of elements that have one, only these are of positions still open.
    """
    prefix = f"{context.origin}_" if context.origin in MADE_UP_ORIGINS else ""

    def row(raw: dict[str, Any]) -> Values:
        agent, position = raw["model_id"], raw["position"]
        if not isinstance(position, dict):
            raise _Refused("positions is not an object of objects")
        for column in ("symbol", "entry_oid", "entry_time"):
            if position.get(column) is None:
                raise _Refused(f"{column} is missing")
        quantity = position.get("quantity")
        if not isinstance(quantity, int | Decimal) or isinstance(quantity, bool) or quantity != quantity:
            raise _Refused("quantity is missing or not a number")
        plan = position.get("exit_plan") or {}
        if not isinstance(plan, dict):
            raise _Refused("exit_plan is not an object")
        order = _order_id(position, "entry_oid")
        return {
            "id": f"{prefix}{agent}_{position['symbol']}_{order}",
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
            "synced_at": _time(raw, "timestamp") or context.server_time,
            "entry_order_id": order,
            "origin": context.origin,
            "details": _others(
                position,
                *("symbol", "quantity", "leverage", "confidence", "entry_price", "current_price", "liquidation_price"),
                *("exit_plan", "margin", "risk_usd", "commission", "unrealized_pnl", "closed_pnl", "entry_time"),
                "entry_oid",
            ),
        }

    return _each(_positions(elements, newest or {}), row, "key")


def conversations(elements: Iterable[Any], context: Context) -> Iterator[Row | Reject]:
    """conversations.json as rows of `conversations`: threads with `messages`, or the arena's own replies of one prompt
    and answer each.

    A thread is known by its id, or by its agent and the time of its first message.
    """

    def row(raw: dict[str, Any]) -> Values:
        if is_reply(raw):
            return {
                "source_id": raw.get("id"),
                "agent_id": raw.get("model_id"),
                "started_at": _time(raw, "timestamp"),
                "origin": context.origin,
                "details": _others(raw, "id", "model_id", "timestamp", "user_prompt", "llm_response", "cot_trace"),
            }
        listed = _messages(raw)
        first = listed[0].get("timestamp") if isinstance(listed[0], dict) else None
        return {
            "source_id": _source_id(raw),
            "agent_id": raw.get("model_id"),
            "started_at": _time(listed[0], "timestamp") if first is not None else None,
            "origin": context.origin,
            "details": _others(raw, "id", "model_id", "messages"),
        }

    return _each(elements, row, "model_id")


def messages(thread: Row | Reject) -> list[Row | Reject]:
    """The messages of a conversation as rows of `conversation_messages`. They carry the thread's `source_id` in place
    of `conversation_id`, which only the database knows."""
    raw = thread.raw
    if isinstance(raw, dict) and is_reply(raw):
        answer = {"role": "assistant", "content": _text(raw.get("llm_response")), "timestamp": raw.get("inserted_at")}
        listed: list[Any] = [
            {"role": "user", "content": raw.get("user_prompt"), "timestamp": raw.get("timestamp")},
            *([answer] if raw.get("llm_response") is not None else []),
        ]
    else:
        found = raw.get("messages") if isinstance(raw, dict) else None
        listed = found if isinstance(found, list) else []
    if isinstance(thread, Reject):
        why = f"its conversation was refused: {thread.reason}"
        return [Reject(f"{thread.key}#{number}", why, message) for number, message in enumerate(listed)]
    source_id = thread.values["source_id"]
    numbered = [{"number": number, "message": message} for number, message in enumerate(listed)]

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


def is_reply(raw: Any) -> bool:
    """Whether a conversation is the arena's own reply: one prompt, its answer, and how the agent thought."""
    return isinstance(raw, dict) and "user_prompt" in raw and "messages" not in raw


def decision_cycles(elements: Iterable[Any], context: Context) -> Iterator[Row | Reject]:
    """The arena's replies as rows of `decision_cycles`: what was thought and decided in one go."""

    def row(raw: dict[str, Any]) -> Values:
        if not isinstance(raw.get("id"), str):
            raise _Refused("id is missing")
        if raw.get("timestamp") is None:
            raise _Refused("timestamp is missing")
        failure = _failure(raw)
        prompt = raw.get("user_prompt")
        return {
            "id": cycle_id(raw["id"]),
            "agent_id": raw.get("model_id"),
            "cycle_number": raw.get("cycle_id"),
            "prompt_digest": hashlib.sha256(prompt.encode("utf-8", "surrogatepass")).hexdigest()
            if isinstance(prompt, str)
            else None,
            "cot_trace": _text(raw.get("cot_trace")),
            "decisions": None if failure else raw.get("llm_response"),
            "success": failure is None,
            "error_message": failure,
            "executed_at": _time(raw, "timestamp"),
            "origin": context.origin,
            "details": {
                "source_id": raw["id"],
                **_others(raw, "id", "model_id", "cycle_id", "timestamp", "user_prompt", "llm_response", "cot_trace"),
            },
        }

    return _each(elements, row, "id")


def decisions(elements: Iterable[Any], context: Context) -> Iterator[Row | Reject]:
    """The arena's replies as rows of `decisions`: one per coin of an answer, none for an answer that is no JSON."""

    def row(raw: dict[str, Any]) -> Values:
        reply, coin = raw["reply"], raw["coin"]
        said = raw["said"].get("trade_signal_args", raw["said"]) if isinstance(raw["said"], dict) else None
        if not isinstance(said, dict):
            raise _Refused("is not an object")
        signal = said.get("signal")
        if signal not in SIGNALS:
            raise _Refused(f"signal is {str(signal)[:40]!r}, not one of {', '.join(SIGNALS)}")
        return {
            "id": raw["key"],
            "agent_id": reply.get("model_id"),
            "exchange": context.exchange,
            "symbol": said.get("coin") or coin,
            "action": SIGNALS[signal],
            "confidence": said.get("confidence"),
            "stop_loss": said.get("stop_loss"),
            "take_profit": said.get("profit_target"),
            "quantity": _absolute(said.get("quantity")),
            "leverage": said.get("leverage"),
            "reasoning": said.get("justification"),
            "raw_response": raw["said"] if isinstance(raw["said"], dict) else None,
            "cycle_id": cycle_id(reply["id"]),
            "decided_at": _time(reply, "timestamp"),
            "origin": context.origin,
            "details": {"signal": signal}
            | _others(
                said,
                "coin",
                "signal",
                "confidence",
                "stop_loss",
                "profit_target",
                "quantity",
                "leverage",
                "justification",
            ),
        }

    def each() -> Iterator[Any]:
        for reply in elements:
            answer = reply.get("llm_response") if isinstance(reply, dict) else None
            if not isinstance(answer, dict) or not isinstance(reply.get("id"), str) or _failure(reply):
                continue
            for coin, said in answer.items():
                yield {"key": f"{reply['id']}_{coin}", "coin": coin, "said": said, "reply": reply}

    for found in _each(each(), row, "key"):
        yield replace(found, raw=found.raw["said"])


SIGNALS = {
    "buy_to_enter": "long",
    "buy": "long",
    "sell_to_enter": "short",
    "sell": "short",
    "hold": "hold",
    "close_position": "close",
    "close": "close",
}
"""The arena's words for what an agent decided."""


def cycle_id(source_id: str) -> int:
    """The id of a decision cycle that has a text id at its source: the same for ever, above all ids that the database
    gives (2^62 and more)."""
    digest = hashlib.blake2b(source_id.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest) >> 2 | 1 << 62


def prices(elements: Iterable[Any], context: Context) -> Iterator[Row | Reject]:
    """crypto-prices.json as rows of `price_latest` and `price_ticks`."""

    def row(raw: dict[str, Any]) -> Values:
        return {
            "exchange": context.exchange,
            "symbol": raw.get("symbol"),
            "price": raw.get("price"),
            "priced_at": _time(raw, "timestamp"),
            "origin": context.origin,
        }

    return _each(elements, row, "symbol")


def _messages(raw: dict[str, Any]) -> list[Any]:
    listed = raw.get("messages")
    if not isinstance(listed, list) or not listed:
        raise _Refused("messages is missing or empty")
    return listed


def _source_id(raw: dict[str, Any]) -> Any:
    if raw.get("id") is not None:
        return raw["id"]
    first = raw["messages"][0].get("timestamp") if isinstance(raw["messages"][0], dict) else None
    if first is None:
        raise _Refused("it has neither an id nor a timestamp in its first message")
    return f"{raw.get('model_id')}_{first}"


def _failure(reply: dict[str, Any]) -> str | None:
    answer = reply.get("llm_response")
    if isinstance(answer, dict) and "failed_json_response_raw_text" in answer:
        return "the model's answer was not JSON"
    return "there is no answer" if answer is None else None


def _text(value: Any) -> Any:
    """A document that may be text or JSON, as text."""
    if isinstance(value, dict) and list(value) == ["failed_json_response_raw_text"]:
        return value["failed_json_response_raw_text"]
    return value if value is None or isinstance(value, str) else exact_json.dumps(value)


def _absolute(value: Any) -> Any:
    """Without a sign; None for zero: a decision about nothing has no quantity."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or value != value:
        return value
    return _magnitude(value) if value else None


def _positions(totals: Iterable[Any], newest: Mapping[str, Decimal]) -> Iterator[Any]:
    for total in totals:
        if not isinstance(total, dict):
            yield total
            continue
        agent, timestamp = total.get("model_id"), total.get("timestamp")
        if isinstance(agent, str) and agent in newest and timestamp != newest[agent]:
            continue
        if not isinstance(total.get("positions"), dict):
            yield {"key": agent, "model_id": agent, "position": total.get("positions")}
            continue
        for symbol, position in total["positions"].items():
            yield {"key": f"{agent}_{symbol}", "model_id": agent, "position": position, "timestamp": timestamp}


def _each(raws: Iterable[Any], translate: Callable[[dict[str, Any]], Values], key: str) -> Iterator[Row | Reject]:
    for number, raw in enumerate(raws):
        if not isinstance(raw, dict):
            yield Reject(f"#{number}", "is not an object", raw)
            continue
        try:
            yield Row(translate(raw), raw)
        except _Refused as refused:
            known = raw.get(key)
            yield Reject(str(known) if known else f"#{number}", str(refused), raw)


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
