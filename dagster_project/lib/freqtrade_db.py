"""freqtrade's own trade database as rows of `trades` and `orders`.

Generations differ by columns: `sell_reason` and `buy_tag` became `exit_reason` and `enter_tag` (2022), `is_short` and
`leverage` came with futures, `open_order_id` went. Times are naive UTC text. Fees that were taken in another currency
than the stake's (BNB, or the bought coin) stay in `details`, so that nobody adds them up as money.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal, localcontext
from typing import Any

from dagster_project.lib.trading_rows import EXACT, ORDERS, TRADES, Reject, Row, Values, amount

# Where columns go; what is not here stays in `details` under its own name.
TRADE_COLUMNS = {
    "id": "id",
    "exchange": "exchange",
    "pair": "symbol",
    "is_short": "side",
    "is_open": "status",
    "stake_currency": "currency",
    "amount": "quantity",
    "leverage": "leverage",
    "open_rate": "entry_price",
    "close_rate": "exit_price",
    "stop_loss": "stop_loss",
    "close_profit_abs": "net_pnl",
    "close_profit": "pnl_percent",
    "open_date": "opened_at",
    "close_date": "closed_at",
    "enter_tag": "entry_reason",
    "buy_tag": "entry_reason",
    "exit_reason": "exit_reason",
    "sell_reason": "exit_reason",
    "strategy": "agent_id",
    "fee_open_cost": "entry_fee",
    "fee_close_cost": "exit_fee",
}
ORDER_COLUMNS = {
    "id": "id",
    "ft_trade_id": "trade_id",
    "ft_pair": "symbol",
    "side": "side",
    "order_type": "type",
    "status": "status",
    "amount": "quantity",
    "filled": "filled_quantity",
    "price": "price",
    "stop_price": "stop_price",
    "average": "average_price",
    "order_id": "venue_order_id",
    "order_date": "submitted_at",
    "order_filled_date": "filled_at",
    "order_update_date": "cancelled_at",
}
NOT_READ = {"pairlocks": "pair locks are the bot's own business"}

# Two databases under one name would overwrite each other; these never change for a row of freqtrade.
FIXED_TRADES = replace(TRADES, fixed=("agent_id", "exchange", "symbol", "opened_at"))
FIXED_ORDERS = replace(ORDERS, fixed=("agent_id", "exchange", "symbol", "venue_order_id"))

STATUSES = {
    "open": "open",
    "new": "open",
    "closed": "filled",
    "canceled": "cancelled",
    "cancelled": "cancelled",
    "expired": "expired",
    "rejected": "rejected",
}


class _Refused(ValueError):
    """A row cannot be translated; the message is the reason."""


@dataclass(frozen=True)
class Bot:
    """What the file does not say about its rows: `name` tells this database's ids from another's."""

    name: str
    agent: str | None
    exchange: str | None
    origin: str

    def agent_of(self, raw: dict[str, Any]) -> str:
        """The agent of a trade: its strategy."""
        return self.agent or raw.get("strategy") or self.name


def trades(raws: Iterable[dict[str, Any]], bot: Bot) -> Iterator[Row | Reject]:
    """Rows of `trades`; a raw row carries `entry_order` and `exit_order`, the order ids of its first entry and last
    exit."""
    for raw in raws:
        yield _row(raw, lambda raw: _trade(raw, bot))


def orders(raws: Iterable[dict[str, Any]], bot: Bot) -> Iterator[Row | Reject]:
    """Rows of `orders`; a raw row carries the `trade` that it belongs to, or None."""
    for raw in raws:
        yield _row(raw, lambda raw: _order(raw, bot))


def stake_currency(raw: dict[str, Any]) -> str | None:
    """The currency that a trade is reckoned in: USDT of XRP/USDT and of XRP/USDT:USDT."""
    if raw.get("stake_currency"):
        return raw["stake_currency"]
    pair = raw.get("pair")
    return pair.partition("/")[2].partition(":")[0] or None if isinstance(pair, str) else None


def _trade(raw: dict[str, Any], bot: Bot) -> Values:
    currency = stake_currency(raw)
    is_open = bool(raw.get("is_open"))
    details = {
        column: value
        for column, value in raw.items()
        if value is not None and column not in TRADE_COLUMNS and column not in ("rowid", "entry_order", "exit_order")
    }
    fees: dict[str, Any] = {}
    for leg, column in (("open", "entry_fee"), ("close", "exit_fee")):
        cost, unit = raw.get(f"fee_{leg}_cost"), raw.get(f"fee_{leg}_currency")
        fees[column] = cost if cost is not None and unit == currency else None
        if cost is not None and fees[column] is None:
            details[f"fee_{leg}_cost"] = cost
    percent = _hundredfold(raw.get("close_profit"))
    stop_loss = raw.get("stop_loss") or None
    for column, value in (("stop_loss", stop_loss), ("pnl_percent", percent)):
        if value is not None and amount(value):
            details[column] = value
    if is_open and raw.get("close_profit_abs") is not None:
        details["close_profit_abs"] = raw["close_profit_abs"]
    return {
        "id": f"{bot.name}-{raw['id']}",
        "agent_id": bot.agent_of(raw),
        "exchange": bot.exchange or raw.get("exchange"),
        "symbol": raw.get("pair"),
        "side": "short" if raw.get("is_short") else "long",
        "status": "open" if is_open else "closed",
        "currency": currency,
        "quantity": raw.get("amount"),
        "leverage": raw.get("leverage"),
        "entry_price": raw.get("open_rate"),
        "exit_price": raw.get("close_rate"),
        "stop_loss": None if stop_loss is None or amount(stop_loss) else stop_loss,
        "net_pnl": None if is_open else raw.get("close_profit_abs"),
        "pnl_percent": None if percent is None or amount(percent) else percent,
        "fee": _sum(fees["entry_fee"], fees["exit_fee"]),
        **fees,
        "opened_at": _time(raw, "open_date"),
        "closed_at": _time(raw, "close_date"),
        "entry_reason": raw.get("enter_tag") or raw.get("buy_tag"),
        "exit_reason": raw.get("exit_reason") or raw.get("sell_reason"),
        "entry_order_id": raw.get("entry_order"),
        "exit_order_id": None if is_open else raw.get("exit_order"),
        "origin": bot.origin,
        "details": details,
    }


def _order(raw: dict[str, Any], bot: Bot) -> Values:
    trade = raw["trade"]
    if trade is None:
        raise _Refused(f"it belongs to trade {raw.get('ft_trade_id')}, which is not there")
    word = raw.get("status") or ("open" if raw.get("ft_is_open") else None)
    if word not in STATUSES:
        raise _Refused(f"status is {word!r}, not one of {', '.join(STATUSES)}")
    status = STATUSES[word]
    entry = "sell" if trade.get("is_short") else "buy"
    side = raw.get("side") or raw.get("ft_order_side")
    if side not in ("buy", "sell"):
        side = "buy" if entry == "sell" else "sell"
    updated = _time(raw, "order_update_date")
    filled = _time(raw, "order_filled_date")
    cancelled = updated if status == "cancelled" else None
    finished = None if status == "open" else filled or cancelled or updated or _time(raw, "order_date")
    taken = {*ORDER_COLUMNS, "rowid", "trade"} - ({"order_update_date"} if cancelled is None else set())
    return {
        "id": f"{bot.name}-order-{raw['id']}",
        "agent_id": bot.agent_of(trade),
        "exchange": bot.exchange or trade.get("exchange"),
        "symbol": raw.get("ft_pair"),
        "side": side,
        "type": raw.get("order_type") or "unknown",
        "status": status,
        "quantity": raw.get("amount"),
        "filled_quantity": raw.get("filled") or 0,
        "price": raw.get("price") or None,
        "stop_price": raw.get("stop_price") or None,
        "average_price": raw.get("average") or None,
        "venue_order_id": raw.get("order_id"),
        "trade_id": f"{bot.name}-{raw['ft_trade_id']}",
        "submitted_at": _time(raw, "order_date"),
        "filled_at": filled,
        "cancelled_at": cancelled,
        "finished_at": finished,
        "origin": bot.origin,
        "details": {column: value for column, value in raw.items() if value is not None and column not in taken},
    }


def _row(raw: dict[str, Any], translate: Any) -> Row | Reject:
    shown = {column: value for column, value in raw.items() if column not in ("rowid", "trade")}
    try:
        return Row(translate(raw), shown)
    except _Refused as refused:
        return Reject(str(raw.get("id")), str(refused), shown)


def _time(raw: dict[str, Any], column: str) -> datetime | None:
    value = raw.get(column)
    if value is None:
        return None
    try:
        found = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise _Refused(f"{column} is not a time: {str(value)[:60]!r}") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _hundredfold(value: Any) -> Any:
    with localcontext(EXACT):
        return value * 100 if isinstance(value, int | Decimal) else None


def _sum(*values: Any) -> Any:
    given = [value for value in values if value is not None]
    with localcontext(EXACT):
        return sum(given) if len(given) == len(values) else None
