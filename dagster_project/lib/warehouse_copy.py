"""Copies tables from PostgreSQL to ClickHouse and proves the result: a plain idempotent copy, driven by `POLICIES`.

Rows newer than the newest version in ClickHouse, less an overlap, travel as text that both engines read exactly (COPY
TO on one side, TabSeparated on the other), in the order of their versions, so that a copy killed half-way resumes. Row
identity in ClickHouse makes a second copy of a row invisible. Afterwards both sides give the count of rows, the sum of
versions and the sums of money; when they differ (a transaction that took longer than the overlap), everything travels
once more.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psycopg
    from clickhouse_connect.driver.client import Client
    from psycopg import sql

# A transaction may commit this long after it stamped its rows and still travel with the next incremental copy.
OVERLAP = "10 minutes"
_SEEN = """
UPDATE ops.copies SET seen_until = greatest(seen_until, %s), copied_at = clock_timestamp() WHERE source = %s
"""


@dataclass(frozen=True)
class Former:
    """Where versions go that were replaced before they were copied: from a view with `until` to a table of changes."""

    source: str
    target: str
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Policy:
    """How one table travels.

    `times` are the columns of type timestamptz, `sums` the decimal columns whose totals both sides must agree on.
    `former`: the marts are built of this table as it was at a moment (`lib.mart_builds`).
    """

    source: str
    target: str
    columns: tuple[str, ...]
    times: frozenset[str]
    sums: tuple[str, ...] = ()
    where: str = "true"
    # Tables of PostgreSQL whose makers also write to this one, and so come before its copy.
    after: tuple[str, ...] = ()
    former: Former | None = None

    @property
    def storage(self) -> str:
        """The table in ClickHouse that rows are inserted into; `target` is the view that people read."""
        return f"{self.target}_versions"


@dataclass(frozen=True)
class Travel:
    """Rows of a table or view of PostgreSQL that go to a table of ClickHouse. `times` are of type timestamptz.

    `version` is the column in whose order they go.
    """

    source: str
    target: str
    columns: tuple[str, ...]
    times: frozenset[str]
    version: str = "updated_at"


@dataclass(frozen=True)
class Fingerprint:
    """What both sides must agree on: rows, sum of versions (microseconds) and sums of money."""

    rows: int
    versions: int
    sums: tuple[Decimal, ...]


@dataclass(frozen=True)
class Copied:
    """The outcome of one copy: `sent` rows of `total`, in one or two passes."""

    sent: int
    postgres: Fingerprint
    clickhouse: Fingerprint
    full: bool

    @property
    def agree(self) -> bool:
        """Whether both sides hold the same."""
        return self.postgres == self.clickhouse


_STAMPS = ("created_at", "updated_at")

POLICIES = (
    Policy(
        "agents",
        "agents",
        ("id", "display_name", "origin", *_STAMPS),
        frozenset(_STAMPS),
        former=Former("agent_versions", "agent_changes", ("id", "display_name", "origin", "updated_at")),
    ),
    Policy(
        "accounts",
        "accounts",
        ("agent_id", "exchange", "base_currency", "initial_equity", "inception_at", "origin", *_STAMPS),
        frozenset(("inception_at", *_STAMPS)),
        sums=("initial_equity",),
        former=Former(
            "account_versions",
            "account_changes",
            ("agent_id", "exchange", "base_currency", "initial_equity", "inception_at", "origin", "updated_at"),
        ),
    ),
    Policy(
        "account_equity_snapshots",
        "account_equity_snapshots",
        # Every column that the archive's contract has: a row that was archived and travels once more stays as proven.
        (
            *("id", "agent_id", "exchange", "captured_at", "equity", "balance", "realized_pnl", "unrealized_pnl"),
            *("run_id", "origin", "details", *_STAMPS),
        ),
        frozenset(("captured_at", *_STAMPS)),
        sums=("equity",),
        former=Former(
            "account_equity_snapshot_versions",
            "account_equity_snapshot_changes",
            ("agent_id", "exchange", "captured_at", "equity", "origin", "updated_at"),
        ),
    ),
    Policy(
        "decisions",
        "agent_decisions_log",
        (
            *("id", "agent_id", "user_id", "exchange", "symbol", "timeframe", "action", "confidence"),
            *("technical_score", "news_score", "onchain_score", "sentiment_score", "final_score"),
            *("entry_price", "stop_loss", "take_profit", "quantity", "leverage", "reasoning", "market_snapshot"),
            *("raw_response", "chart_image_path", "executed", "skip_reason", "trade_id", "order_id", "cycle_id"),
            *("prompt_version", "model_version", "deployment_id", "config_id", "analysis_duration_ms"),
            *("prompt_tokens", "completion_tokens", "cost", "actual_pnl", "actual_pnl_percent", "max_favorable"),
            *("max_adverse", "hold_duration_minutes", "outcome_correct", "outcome_recorded_at", "decided_at"),
            *("origin", "details", *_STAMPS),
        ),
        frozenset(("outcome_recorded_at", "decided_at", *_STAMPS)),
        sums=("confidence", "cost"),
        after=("decision_outcomes",),
        former=Former(
            "decision_versions",
            "decision_changes",
            (
                *("id", "agent_id", "exchange", "symbol", "cycle_id", "trade_id", "prompt_version", "action", "origin"),
                *("confidence", "leverage", "cost", "prompt_tokens", "completion_tokens", "executed"),
                *("outcome_correct", "decided_at", "outcome_recorded_at", "updated_at"),
            ),
        ),
    ),
    Policy(
        "decision_outcomes",
        "decision_outcomes",
        (
            *("decision_id", "agent_id", "exchange", "symbol", "decided_at", "method", "state", "stake", "side"),
            *("market_exchange", "market_symbol", "timeframe", "volatility", "entry_at", "entry_price", "target_price"),
            *("target_source", "stop_price", "stop_source", "exit_at", "exit_price", "barrier", "gross_percent"),
            *("net_percent", "pnl", "max_favorable_percent", "max_adverse_percent", "hold_minutes", "is_correct"),
            *("is_direction_correct", "trade_count", "trade_pnl", "trade_percent", "trade_hold_minutes"),
            *("is_trade_correct", "origin", *_STAMPS),
        ),
        frozenset(("decided_at", "entry_at", "exit_at", *_STAMPS)),
        sums=("pnl", "net_percent", "trade_pnl"),
    ),
    Policy(
        "daily_marks",
        "daily_marks",
        ("exchange", "symbol", "day", "price", "priced_at", "market_exchange", "market_symbol", *_STAMPS),
        frozenset(("priced_at", *_STAMPS)),
        sums=("price",),
        former=Former(
            "daily_mark_versions", "daily_mark_changes", ("exchange", "symbol", "day", "price", "updated_at")
        ),
    ),
)


def copy(connection: psycopg.Connection, client: Client, policy: Policy) -> Copied:
    """Brings one table's copy up to date and compares both sides under one snapshot of PostgreSQL.

    Args:
        connection: not inside a transaction.
    """
    from psycopg import IsolationLevel

    # Before the snapshot: what is committed by now, it sees.
    row = connection.execute("SELECT ops.archive_horizon(interval '0')").fetchone()
    connection.isolation_level = IsolationLevel.REPEATABLE_READ
    try:
        with connection.transaction():
            newest = client.command(f"SELECT toString(max(updated_at)) FROM {policy.storage}")
            sent = _send(connection, client, policy, str(newest))
            _send_former(connection, client, policy)
            expected, found = _of_postgres(connection, policy), _of_clickhouse(client, policy)
            full = expected != found
            if full:
                sent += _send(connection, client, policy, "1970-01-01 00:00:00")
                found = _of_clickhouse(client, policy)
    finally:
        connection.isolation_level = None
    done = Copied(sent, expected, found, full)
    if done.agree and row:
        connection.execute(_SEEN, [row[0], policy.source])
    return done


def _send(connection: psycopg.Connection, client: Client, policy: Policy, since: str) -> int:
    from psycopg import sql

    wanted = sql.SQL("({where}) AND updated_at >= {since}::timestamptz - {overlap}::interval").format(
        where=sql.SQL(policy.where),  # type: ignore[arg-type]
        since=sql.Literal(f"{since}+00"),
        overlap=sql.Literal(OVERLAP),
    )
    return stream(connection, client, Travel(policy.source, policy.storage, policy.columns, policy.times), wanted)


def _send_former(connection: psycopg.Connection, client: Client, policy: Policy) -> None:
    """Versions that were replaced since the last copy."""
    from psycopg import sql

    if policy.former:
        wanted = sql.SQL(
            "until < 'infinity' AND until > (SELECT c.seen_until FROM ops.copies AS c WHERE c.source = {source})"
        ).format(source=sql.Literal(policy.source))
        former = policy.former
        stream(connection, client, Travel(former.source, former.target, former.columns, policy.times), wanted)


def stream(connection: psycopg.Connection, client: Client, travel: Travel, wanted: sql.Composed) -> int:
    """Sends the rows that are `wanted`, in the order of their versions; returns how many."""
    from psycopg import sql

    columns = [
        sql.SQL("to_char({0} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')").format(sql.Identifier(column))
        if column in travel.times
        else sql.Identifier(column)
        for column in travel.columns
    ]
    query = sql.SQL("COPY (SELECT {columns} FROM {table} WHERE {wanted} ORDER BY {version}) TO STDOUT").format(
        columns=sql.SQL(", ").join(columns),
        table=sql.Identifier(travel.source),
        wanted=wanted,
        version=sql.Identifier(travel.version),
    )
    with connection.cursor() as cursor:
        with cursor.copy(query) as copied:
            blocks = _blocks(copied)
            first = next(blocks, None)
            if first is not None:
                block = _chain(first, blocks)
                client.raw_insert(travel.target, column_names=travel.columns, insert_block=block, fmt="TabSeparated")
        return cursor.rowcount


def _blocks(stream: psycopg.Copy) -> Iterator[bytes]:
    """COPY gives one message a row; HTTP wants larger pieces."""
    waiting = bytearray()
    for row in stream:
        waiting += row
        if len(waiting) >= 1 << 20:
            yield bytes(waiting)
            waiting.clear()
    if waiting:
        yield bytes(waiting)


def _chain(first: bytes, rest: Iterator[bytes]) -> Generator[bytes, None, None]:
    yield first
    yield from rest


def _of_postgres(connection: psycopg.Connection, policy: Policy) -> Fingerprint:
    sums = "".join(f", coalesce(sum({column}), 0)" for column in policy.sums)
    query = (
        "SELECT count(*), coalesce(sum((extract(epoch FROM updated_at) * 1000000)::bigint), 0)"
        f"{sums} FROM {policy.source} WHERE {policy.where}"
    )
    row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return Fingerprint(int(row[0]), int(row[1]), tuple(Decimal(value) for value in row[2:]))


def _of_clickhouse(client: Client, policy: Policy) -> Fingerprint:
    sums = "".join(f", toString(sum(toDecimal256(coalesce({column}, 0), 18)))" for column in policy.sums)
    rows = client.query(
        f"SELECT count(), toString(sum(toInt128(toUnixTimestamp64Micro(updated_at)))){sums} FROM {policy.target}"
    ).result_rows
    count, versions, *totals = rows[0]
    return Fingerprint(int(count), int(versions), tuple(Decimal(total) for total in totals))
