"""What a row of the trading tables must be: the rules of sql/postgres/0003_trading.sql, with reasons for people.

Rows are dicts by column name. Money is Decimal (or int), times are aware datetimes, documents are `exact_json` values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Context, Decimal, localcontext
from typing import Any

from dagster_project.lib import exact_json

REAL_ORIGINS = ("live", "recorded", "repaired")
MADE_UP_ORIGINS = ("paper", "simulated", "handmade")
ORIGINS = REAL_ORIGINS + MADE_UP_ORIGINS
LAST_TIME = datetime(2300, 1, 1, tzinfo=UTC)  # DateTime64 of ClickHouse ends with the year 2299

KEPT = 1000  # rejects and differences that are held in memory; all rejects are in ops.quarantine
EXACT = Context(prec=300)  # sums of billions of Decimal(38, 18) need 50 digits; a refused 1e200 is added up as well

Values = dict[str, Any]
Rule = Callable[[Any], str | None]


@dataclass(frozen=True)
class Row:
    """A row on its way into a table, with what it was made from."""

    values: Values
    raw: Any


@dataclass(frozen=True)
class Reject:
    """A row that was refused: its identity at the source, why, and the row as it came."""

    key: str
    reason: str
    raw: Any


@dataclass
class Sums:
    """One column of money added up on both sides, exactly; `stored` is None where nothing was stored on purpose."""

    source: Decimal = Decimal(0)
    stored: Decimal | None = None
    refused: Decimal = Decimal(0)

    @property
    def agree(self) -> bool:
        """Whether what was taken from the source is what is stored."""
        return self.stored is None or self.stored == self.source


@dataclass(frozen=True)
class Difference:
    """A cell of the source that is not stored as it is there; `column` is None when the whole row is missing."""

    key: str
    column: str | None
    source: Any
    stored: Any


@dataclass
class Tally:
    """Where the rows of one source went. Each row is counted once.

    `rejects` and `differences` hold the first of their kind (`KEPT`), `refused` and `different` count all of them.
    """

    landed: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0
    different: int = 0
    rejects: list[Reject] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    sums: dict[str, Sums] = field(default_factory=dict)

    @property
    def quarantined(self) -> int:
        """Rows that were refused and kept in ops.quarantine."""
        return self.refused

    @property
    def read(self) -> int:
        """All rows."""
        return self.landed + self.updated + self.unchanged + self.quarantined

    def refuse(self, reject: Reject) -> None:
        """Count a refused row."""
        self.refused += 1
        if len(self.rejects) < KEPT:
            self.rejects.append(reject)

    def add(self, other: Tally) -> None:
        """Count another batch of the same source in."""
        self.landed += other.landed
        self.updated += other.updated
        self.unchanged += other.unchanged
        self.refused += other.refused
        self.different += other.different
        self.rejects += other.rejects[: KEPT - len(self.rejects)]
        self.differences += other.differences[: KEPT - len(self.differences)]
        with localcontext(EXACT):
            for column, sums in other.sums.items():
                mine = self.sums.setdefault(column, Sums())
                mine.source += sums.source
                mine.refused += sums.refused
                if sums.stored is not None:
                    mine.stored = (mine.stored or Decimal(0)) + sums.stored


@dataclass(frozen=True)
class Table:
    """A canonical table as writers see it.

    `key` is what a replay is recognised by. `newest_by` names the time column of a table that keeps only the newest row
    per key. `fixed` are columns that never change for a key. `insert_only`: a known row is left as it is. `row_rules`
    judge several columns at once. `money` are the columns that are added up on both sides.
    """

    name: str
    key: tuple[str, ...]
    required: tuple[str, ...]
    rules: Mapping[str, Rule]
    row_rules: tuple[Callable[[Values], str | None], ...] = ()
    newest_by: str | None = None
    fixed: tuple[str, ...] = ()
    money: tuple[str, ...] = ()
    insert_only: bool = False

    def problem(self, values: Values) -> str | None:
        """Why the row is refused, naming the column, or None."""
        for column in self.required:
            if values.get(column) is None:
                return f"{column} is missing"
        for column, value in values.items():
            if value is not None and (why := self.rules[column](value)):
                return f"{column} {why}"
        return next((why for rule in self.row_rules if (why := rule(values))), None)


def text(value: Any) -> str | None:
    """Any text that PostgreSQL can hold."""
    return exact_json.unstorable(value) if isinstance(value, str) else f"is not text: {_shown(value)}"


def name(value: Any) -> str | None:
    """Text that identifies something: not empty, at most 500 characters."""
    if why := text(value):
        return why
    if not value.strip():
        return "is empty"
    return "is longer than 500 characters" if len(value) > 500 else None


def one_of(*choices: str) -> Rule:
    """One of a few words."""
    return lambda value: None if value in choices else f"is {_shown(value)}, not one of {', '.join(choices)}"


def amount(value: Any) -> str | None:
    """A finite decimal that Decimal(38, 18) holds without rounding."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return f"is not an exact number: {_shown(value)}"
    exact = Decimal(value)
    if not exact.is_finite():
        return f"is {exact}"
    if exact and exact.adjusted() >= 20:
        return f"does not fit: {_shown(value)} is 1e20 or more"
    _, digits, exponent = exact.as_tuple()
    trailing_zeros = len(digits) - len("".join(map(str, digits)).rstrip("0"))
    if exact and isinstance(exponent, int) and exponent + trailing_zeros < -18:
        return f"does not fit: {_shown(value)} has more than 18 decimals"
    return None


def positive(value: Any) -> str | None:
    """An amount above zero."""
    return amount(value) or (None if value > 0 else f"is {_shown(value)}, not above zero")


def not_negative(value: Any) -> str | None:
    """An amount of zero or more."""
    return amount(value) or (None if value >= 0 else f"is {_shown(value)}, below zero")


def probability(value: Any) -> str | None:
    """An amount from 0 to 1."""
    return amount(value) or (None if 0 <= value <= 1 else f"is {_shown(value)}, not between 0 and 1")


def moment(value: Any) -> str | None:
    """An aware datetime from 1970 to 2299."""
    if not isinstance(value, datetime):
        return f"is not a time: {_shown(value)}"
    if value.tzinfo is None:
        return "has no time zone"
    return None if datetime(1970, 1, 1, tzinfo=UTC) <= value < LAST_TIME else f"is out of range: {value.isoformat()}"


def document(value: Any) -> str | None:
    """A JSON object that jsonb can hold."""
    return exact_json.unstorable(value) if isinstance(value, dict) else "is not an object"


def index(value: Any) -> str | None:
    """A whole number from 0."""
    fits = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63
    return None if fits else f"is not a whole number from 0: {_shown(value)}"


def small_index(value: Any) -> str | None:
    """A whole number from 0 that PostgreSQL's integer holds."""
    return index(value) or (None if value < 2**31 else f"is {value}, above 2147483647")


def flag(value: Any) -> str | None:
    """True or false."""
    return None if isinstance(value, bool) else f"is neither true nor false: {_shown(value)}"


def any_document(value: Any) -> str | None:
    """A JSON object or list that jsonb can hold."""
    return exact_json.unstorable(value) if isinstance(value, dict | list) else "is neither an object nor a list"


def exit_after_entry(values: Values) -> str | None:
    """Nothing closes before it opened."""
    opened, closed = values.get("opened_at"), values.get("closed_at")
    if opened and closed and closed < opened:
        return f"closed_at {closed.isoformat()} is before opened_at {opened.isoformat()}"
    return None


def closed_has_time(values: Values) -> str | None:
    """A closed row says when."""
    return "closed_at is missing" if values.get("status") == "closed" and values.get("closed_at") is None else None


def _shown(value: Any) -> str:
    shown = repr(value) if isinstance(value, str) else str(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."


_OWNED: dict[str, Rule] = {"origin": one_of(*ORIGINS), "details": document}

AGENTS = Table(
    "agents",
    ("id",),
    ("id", "display_name"),
    {"id": name, "display_name": name, **_OWNED},
    insert_only=True,
)

SYMBOLS = Table(
    "symbols",
    ("exchange", "symbol"),
    ("exchange", "symbol"),
    {"exchange": name, "symbol": name, "quote_currency": name},
    insert_only=True,
)

ACCOUNTS = Table(
    "accounts",
    ("agent_id", "exchange"),
    ("agent_id", "exchange"),
    {
        "agent_id": name,
        "exchange": name,
        "base_currency": name,
        "initial_equity": amount,
        "inception_at": moment,
        **_OWNED,
    },
    money=("initial_equity",),
)

EQUITY_SNAPSHOTS = Table(
    "account_equity_snapshots",
    ("agent_id", "exchange", "captured_at"),
    ("agent_id", "exchange", "captured_at", "equity"),
    {
        "agent_id": name,
        "exchange": name,
        "captured_at": moment,
        "equity": amount,
        "balance": amount,
        "realized_pnl": amount,
        "unrealized_pnl": amount,
        **_OWNED,
    },
    money=("equity", "balance", "realized_pnl", "unrealized_pnl"),
)

_LINEAGE = ("user_id", "deployment_id", "config_id", "prompt_version", "decision_id")

TRADES = Table(
    "trades",
    ("id",),
    ("id", "agent_id", "exchange", "symbol", "side", "status"),
    {
        "id": name,
        "agent_id": name,
        "exchange": name,
        "symbol": name,
        "side": one_of("long", "short"),
        "trade_type": text,
        "status": one_of("pending", "open", "closed", "cancelled", "error"),
        "currency": name,
        "quantity": positive,
        "leverage": positive,
        "confidence": probability,
        "entry_price": positive,
        "exit_price": positive,
        "stop_loss": positive,
        "take_profit": positive,
        "gross_pnl": amount,
        "net_pnl": amount,
        "pnl_percent": amount,
        "fee": amount,
        "entry_fee": amount,
        "exit_fee": amount,
        "opened_at": moment,
        "closed_at": moment,
        "entry_reason": text,
        "exit_reason": text,
        "entry_order_id": text,
        "exit_order_id": text,
        **dict.fromkeys(_LINEAGE, text),
        **_OWNED,
    },
    row_rules=(closed_has_time, exit_after_entry),
    fixed=("agent_id",),
    money=("quantity", "gross_pnl", "net_pnl", "fee"),
)

POSITIONS = Table(
    "positions",
    ("id",),
    ("id", "agent_id", "exchange", "symbol", "side", "status", "quantity", "entry_price"),
    {
        "id": name,
        "agent_id": name,
        "user_id": text,
        "exchange": name,
        "symbol": name,
        "side": one_of("long", "short"),
        "status": one_of("open", "closed"),
        "quantity": positive,
        "leverage": positive,
        "confidence": probability,
        "entry_price": positive,
        "exit_price": positive,
        "current_price": positive,
        "liquidation_price": not_negative,
        "stop_loss": positive,
        "take_profit": positive,
        "invalidation": text,
        "margin": not_negative,
        "risk": not_negative,
        "fee": amount,
        "unrealized_pnl": amount,
        "unrealized_pnl_percent": amount,
        "realized_pnl": amount,
        "opened_at": moment,
        "closed_at": moment,
        "synced_at": moment,
        "entry_order_id": text,
        "trade_id": text,
        **_OWNED,
    },
    row_rules=(exit_after_entry,),
    fixed=("agent_id",),
    money=("quantity", "margin", "fee", "unrealized_pnl", "realized_pnl"),
)

CONVERSATIONS = Table(
    "conversations",
    ("source_id",),
    ("source_id", "agent_id"),
    {"source_id": name, "agent_id": name, "started_at": moment, **_OWNED},
)

CONVERSATION_MESSAGES = Table(
    "conversation_messages",
    ("conversation_id", "position_in_thread"),
    ("conversation_id", "position_in_thread", "role", "content"),
    {
        "conversation_id": index,
        "position_in_thread": index,
        "role": one_of("system", "user", "assistant"),
        "content": text,
        "sent_at": moment,
        "details": document,
    },
)

_PRICE: dict[str, Rule] = {
    "exchange": name,
    "symbol": name,
    "price": positive,
    "priced_at": moment,
    "origin": one_of(*ORIGINS),
}
PRICE_LATEST = Table(
    "price_latest",
    ("exchange", "symbol"),
    ("exchange", "symbol", "price", "priced_at"),
    _PRICE,
    newest_by="priced_at",
)
PRICE_TICKS = Table(
    "price_ticks",
    ("exchange", "symbol", "priced_at", "price"),
    ("exchange", "symbol", "price", "priced_at"),
    _PRICE,
)

MODEL_ANALYTICS = Table(
    "model_analytics",
    ("agent_id",),
    ("agent_id", "payload", "server_time"),
    {"agent_id": name, "payload": document, "server_time": moment, "origin": one_of(*ORIGINS)},
    newest_by="server_time",
)

ORDERS = Table(
    "orders",
    ("id",),
    ("id", "agent_id", "exchange", "symbol", "side", "type", "status", "quantity"),
    {
        "id": name,
        "agent_id": name,
        "exchange": name,
        "symbol": name,
        "side": one_of("buy", "sell"),
        "type": name,
        "status": one_of("pending", "open", "filled", "cancelled", "rejected", "expired"),
        "quantity": positive,
        "filled_quantity": not_negative,
        "price": positive,
        "stop_price": positive,
        "average_price": positive,
        "fee": amount,
        "fee_currency": name,
        "venue_order_id": text,
        "trade_id": text,
        "decision_id": text,
        "submitted_at": moment,
        "filled_at": moment,
        "cancelled_at": moment,
        "finished_at": moment,
        **_OWNED,
    },
    fixed=("agent_id",),
    money=("quantity", "filled_quantity", "fee"),
)

DECISIONS = Table(
    "decisions",
    ("id",),
    ("id", "agent_id", "exchange", "symbol", "decided_at"),
    {
        "id": name,
        "agent_id": name,
        "exchange": name,
        "symbol": name,
        "timeframe": text,
        "action": one_of("long", "short", "hold", "close"),
        "confidence": probability,
        "technical_score": amount,
        "news_score": amount,
        "onchain_score": amount,
        "sentiment_score": amount,
        "final_score": amount,
        "entry_price": positive,
        "stop_loss": positive,
        "take_profit": positive,
        "quantity": positive,
        "leverage": positive,
        "reasoning": text,
        "market_snapshot": document,
        "raw_response": document,
        "chart_image_path": text,
        "executed": flag,
        "skip_reason": text,
        "trade_id": text,
        "order_id": text,
        "cycle_id": index,
        "prompt_version": text,
        "model_version": text,
        "analysis_duration_ms": not_negative,
        "prompt_tokens": index,
        "completion_tokens": index,
        "cost": not_negative,
        "actual_pnl": amount,
        "actual_pnl_percent": amount,
        "max_favorable": amount,
        "max_adverse": amount,
        "hold_duration_minutes": not_negative,
        "outcome_correct": flag,
        "outcome_recorded_at": moment,
        "decided_at": moment,
        **_OWNED,
    },
    fixed=("agent_id",),
    money=("quantity", "actual_pnl", "cost"),
)

DECISION_CYCLES = Table(
    "decision_cycles",
    ("id",),
    ("id", "agent_id", "executed_at"),
    {
        "id": index,
        "agent_id": name,
        "cycle_number": small_index,
        "prompt_digest": text,
        "prompt_version": text,
        "cot_trace": text,
        "decisions": any_document,
        "success": flag,
        "error_message": text,
        "executed_at": moment,
        **_OWNED,
    },
    fixed=("agent_id",),
)
