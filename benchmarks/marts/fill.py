"""The same history in both engines, made where it is stored: both work out every row from its number."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import psycopg

from benchmarks.volumes.bulk import without_indexes, without_triggers


@dataclass(frozen=True)
class Sizes:
    """Row counts of the history over `days`; `live_agents` decide once a minute in the hours after it."""

    trades: int = 10_000_000
    decisions: int = 2_000_000
    agents: int = 500
    versions: int = 5_000
    days: int = 730
    live_agents: int = 1_000

    def __post_init__(self) -> None:
        """Every decision has its trades: the first of them names it."""
        if self.trades % self.decisions:
            raise ValueError("the number of trades must be a multiple of the number of decisions")


# What depends on the number n alone. The factors are primes: they mix, and both engines count alike with them.
AGENT = "1 + n * 7919 % {agents}"
SYMBOL = "n * 104729 % 9"
CLOSED = "{first} + n * {step}"
LASTING = "n * 122949823 % 28800 * 1000000"
VERSION = "(({agent}) - 1) * {per_agent} + {tenth}"
TENTH = {"postgres": "n * {per_agent} / {trades}", "clickhouse": "intDiv(n * {per_agent}, {trades})"}

TRADES_POSTGRES = """
INSERT INTO ops.trades_kept (
    id, updated_at, is_purged, is_proven, agent_id, exchange, symbol, side, currency, decision_id, prompt_version,
    quantity, leverage, confidence, entry_price, exit_price, gross_pnl, net_pnl, fee, opened_at, closed_at, origin,
    created_at
)
SELECT
    't' || n, closed_at, TRUE, TRUE, agent_id, 'bench', symbol,
    CASE WHEN n * 15485863 % 10 < 7 THEN 'long' ELSE 'short' END, 'USD',
    CASE WHEN n % {ratio} = 0 THEN 'd' || n / {ratio} END, version,
    (n * 32452843 % 300000 + 100) / 100000.0, 1 + n % 20, (50 + n * 982451653 % 51) / 100.0,
    (1000 + n * 49979687 % 6000000) / 100.0, (1000 + n * 49979687 % 6000000) / 100.0, gross, gross - fee, fee,
    closed_at - lasting * interval '1 microsecond', closed_at, 'recorded', closed_at
FROM (
    SELECT
        n,
        'agent-' || lpad(({agent})::text, 4, '0') AS agent_id,
        (ARRAY['BTC', 'BTC', 'BTC', 'ETH', 'ETH', 'SOL', 'BNB', 'DOGE', 'XRP'])[1 + {symbol}] AS symbol,
        'v' || {version} AS version,
        timestamptz '1970-01-01 00:00:00+00' + ({closed}) * interval '1 microsecond' AS closed_at,
        {lasting} AS lasting,
        (n * 67867967 % 200001 - 99000) / 100.0 AS gross,
        n * 86028121 % 1000 / 100.0 AS fee
    FROM generate_series({begin}::bigint, {end}::bigint - 1) AS n
) AS worked_out
"""
TRADES_CLICKHOUSE = """
INSERT INTO trades_history_versions (
    id, updated_at, agent_id, exchange, symbol, side, status, currency, decision_id, prompt_version, quantity,
    leverage, confidence, entry_price, exit_price, gross_pnl, net_pnl, fee, opened_at, closed_at, origin, created_at,
    details
)
SELECT
    't' || toString(n), closed_at, agent_id, 'bench', symbol, if(n * 15485863 % 10 < 7, 'long', 'short'), 'closed',
    'USD', if(n % {ratio} = 0, 'd' || toString(intDiv(n, {ratio})), NULL), version,
    toDecimal128(n * 32452843 % 300000 + 100, 18) / 100000, 1 + n % 20, toDecimal128(50 + n * 982451653 % 51, 18) / 100,
    toDecimal128(1000 + n * 49979687 % 6000000, 18) / 100, toDecimal128(1000 + n * 49979687 % 6000000, 18) / 100,
    gross, gross - fee, fee, fromUnixTimestamp64Micro(closed_us - lasting, 'UTC'), closed_at, 'recorded', closed_at,
    '{{}}'
FROM (
    SELECT
        toInt64(number) AS n,
        'agent-' || leftPad(toString({agent}), 4, '0') AS agent_id,
        ['BTC', 'BTC', 'BTC', 'ETH', 'ETH', 'SOL', 'BNB', 'DOGE', 'XRP'][1 + {symbol}] AS symbol,
        'v' || toString({version}) AS version,
        toInt64({closed}) AS closed_us,
        fromUnixTimestamp64Micro(closed_us, 'UTC') AS closed_at,
        {lasting} AS lasting,
        toDecimal128(n * 67867967 % 200001 - 99000, 18) / 100 AS gross,
        toDecimal128(n * 86028121 % 1000, 18) / 100 AS fee
    FROM numbers({begin}, {end} - {begin})
)
"""
# Decision d led to the trade n = d * ratio, if to any.
DECISIONS_POSTGRES = """
INSERT INTO decisions (
    id, agent_id, exchange, symbol, action, confidence, executed, trade_id, prompt_version, prompt_tokens,
    completion_tokens, cost, leverage, outcome_correct, outcome_recorded_at, decided_at, created_at, updated_at, origin
)
SELECT
    'd' || n / {ratio}, 'agent-' || lpad(({agent})::text, 4, '0'), 'bench',
    (ARRAY['BTC', 'BTC', 'BTC', 'ETH', 'ETH', 'SOL', 'BNB', 'DOGE', 'XRP'])[1 + {symbol}],
    CASE WHEN n * 15485863 % 10 < 7 THEN 'long' ELSE 'short' END, (50 + n * 982451653 % 51) / 100.0, TRUE, 't' || n,
    'v' || {version}, 1000 + n % 3000, 100 + n % 500, 0.003, 1 + n % 20, n * 67867967 % 200001 > 99000,
    decided_at + interval '1 day', decided_at, decided_at, decided_at, 'recorded'
FROM (
    SELECT
        n,
        timestamptz '1970-01-01 00:00:00+00' + ({closed} - {lasting} - 1000000) * interval '1 microsecond' AS decided_at
    FROM (
        SELECT {ratio} * d AS n FROM generate_series({begin}::bigint / {ratio}, {end}::bigint / {ratio} - 1) AS d
    ) AS numbered
) AS worked_out
"""
DECISIONS_CLICKHOUSE = """
INSERT INTO agent_decisions_log_versions (
    id, agent_id, exchange, symbol, action, confidence, executed, trade_id, prompt_version, prompt_tokens,
    completion_tokens, cost, leverage, outcome_correct, outcome_recorded_at, decided_at, created_at, updated_at,
    ingested_at, origin
)
SELECT
    'd' || toString(intDiv(n, {ratio})), 'agent-' || leftPad(toString({agent}), 4, '0'), 'bench',
    ['BTC', 'BTC', 'BTC', 'ETH', 'ETH', 'SOL', 'BNB', 'DOGE', 'XRP'][1 + {symbol}],
    if(n * 15485863 % 10 < 7, 'long', 'short'), toDecimal128(50 + n * 982451653 % 51, 18) / 100, TRUE,
    't' || toString(n),
    'v' || toString({version}), 1000 + n % 3000, 100 + n % 500, toDecimal128('0.003', 18), 1 + n % 20,
    n * 67867967 % 200001 > 99000, decided_at + INTERVAL 1 DAY, decided_at, decided_at, decided_at,
    decided_at, 'recorded'
FROM (
    SELECT
        toInt64(number) * {ratio} AS n,
        fromUnixTimestamp64Micro(toInt64({closed}) - ({lasting}) - 1000000, 'UTC') AS decided_at
    FROM numbers(intDiv({begin}, {ratio}), intDiv({end} - {begin}, {ratio}))
)
"""
# A tenth at a time: one transaction or block of everything would take memory and log for everything.
PIECES = 10
AGENTS = (
    "INSERT INTO agents (id, display_name) SELECT 'agent-' || lpad(n::text, 4, '0'), 'Agent ' || n"
    " FROM generate_series(1, %(agents)s) AS n",
    "INSERT INTO accounts (agent_id, exchange, initial_equity, inception_at) SELECT id, 'bench', 10000000,"
    " now() - %(days)s * interval '1 day' FROM agents",
    "INSERT INTO account_equity_snapshots (agent_id, exchange, captured_at, equity) SELECT id, 'bench',"
    " now() - interval '3 hours', 10000000 FROM agents",
)
HOUR = (
    # Once a minute for an hour.
    """
    INSERT INTO decisions (id, agent_id, exchange, symbol, action, confidence, executed, prompt_version, prompt_tokens,
        completion_tokens, cost, leverage, decided_at, origin)
    SELECT 'h' || %(hour)s || '-' || agent || '-' || minute, 'agent-' || lpad(agent::text, 4, '0'), 'bench',
        (ARRAY['BTC', 'ETH', 'SOL'])[1 + minute %% 3],
        (ARRAY['hold', 'hold', 'hold', 'long', 'short'])[1 + minute %% 5],
        0.5 + (agent * 7 + minute) %% 50 / 100.0, minute %% 5 > 2, 'v' || agent, 1000, 100, 0.003, 1 + minute %% 5,
        now() - interval '61 minutes' + minute * interval '1 minute', 'recorded'
    FROM generate_series(1, %(live)s) AS agent, generate_series(1, 60) AS minute
    """,
    """
    INSERT INTO trades (id, agent_id, exchange, symbol, side, status, currency, decision_id, prompt_version, quantity,
        entry_price, exit_price, gross_pnl, net_pnl, fee, opened_at, closed_at, origin)
    SELECT 'h' || %(hour)s || '-' || n, 'agent-' || lpad((1 + n %% %(live)s)::text, 4, '0'), 'bench', 'BTC', 'long',
        'closed', 'USD', 'h' || %(hour)s || '-' || (1 + n %% %(live)s) || '-' || (3 + n / %(live)s %% 2), 'v1', 1,
        60000, 60001, 1, 0.5, 0.5, now() - interval '50 minutes', now() - interval '5 minutes', 'recorded'
    FROM generate_series(1, %(trades)s) AS n
    """,
    # What was decided in the hour before is scored.
    """
    UPDATE decisions SET outcome_correct = agent_id < 'agent-0500', outcome_recorded_at = now()
    WHERE id LIKE 'h' || (%(hour)s - 1) || '-%%'
    """,
)


def fill(connection: psycopg.Connection[Any], client: Any, sizes: Sizes) -> None:
    """Fills both engines: PostgreSQL as the owner, with the trades where the archive leaves those that were purged."""
    known = _places(connection, sizes)
    for statement in AGENTS:
        connection.execute(statement, {"agents": max(sizes.agents, sizes.live_agents), "days": sizes.days})
    ratio = sizes.trades // sizes.decisions
    ends = [sizes.decisions * piece // PIECES * ratio for piece in range(PIECES + 1)]
    pieces = {
        engine: [places | {"begin": begin, "end": end} for begin, end in pairwise(ends)]
        for engine, places in known.items()
    }
    with without_triggers(connection):
        for piece in pieces["postgres"]:
            connection.execute(TRADES_POSTGRES.format(**piece).encode())
        with without_indexes(connection, "decisions"):
            for piece in pieces["postgres"]:
                connection.execute(DECISIONS_POSTGRES.format(**piece).encode())
    for table in ("ops.trades_kept", "decisions", "agents", "accounts"):
        connection.execute(f"VACUUM (ANALYZE) {table}".encode())
    for piece in pieces["clickhouse"]:
        client.command(TRADES_CLICKHOUSE.format(**piece))
        client.command(DECISIONS_CLICKHOUSE.format(**piece))
    # The history came long ago.
    client.command("TRUNCATE TABLE trade_changes")


def _places(connection: psycopg.Connection[Any], sizes: Sizes) -> dict[str, dict[str, Any]]:
    """What the statements of each engine are filled in with. The last trade is closed a day ago."""
    row = connection.execute(
        "SELECT (extract(epoch FROM date_trunc('hour', now()) - interval '1 day') * 1000000)::bigint"
    ).fetchone()
    assert row is not None
    step = sizes.days * 86_400_000_000 // sizes.trades
    known: dict[str, Any] = {
        "agents": sizes.agents,
        "per_agent": sizes.versions // sizes.agents,
        "trades": sizes.trades,
        "ratio": sizes.trades // sizes.decisions,
    }
    places = known | {
        "agent": AGENT.format(**known),
        "symbol": SYMBOL,
        "closed": CLOSED.format(first=row[0] - sizes.trades * step, step=step),
        "lasting": LASTING,
    }
    return {
        engine: places | {"version": VERSION.format(**places, tenth=tenth.format(**known))}
        for engine, tenth in TENTH.items()
    }
