"""What somebody writes who knows the engine and needs these marts once: no tests, no versions, no cut, no parts."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg

MARTS = ("trade_facts", "leaderboard", "winning_patterns", "prompt_days")
THREADS = 4  # as in dbt_project/profiles.yml
FACTS = """
SELECT id AS trade_id, agent_id, exchange, symbol, side, currency, origin, 'real' AS origin_group, decision_id,
    prompt_version, quantity, leverage, confidence, entry_price, exit_price, stop_loss, take_profit,
    {notional} AS notional, gross_pnl, fee, net_pnl, net_pnl > 0 AS is_win, opened_at, closed_at,
    {minutes} AS holding_minutes, updated_at, {day} AS day
FROM {trades}
"""
LEADERBOARD = """
SELECT t.exchange, t.origin_group, t.agent_id, count(*) AS trades, count(net_pnl) AS scored, {wins} AS wins,
    {sum}(net_pnl) AS net_pnl, {sum}(gross_pnl) AS gross_pnl, {sum}(fee) AS fees, min(closed_at) AS first_closed_at,
    max(closed_at) AS last_closed_at
FROM {facts} AS t
GROUP BY t.exchange, t.origin_group, t.agent_id
"""
PATTERNS = {
    "symbol": "symbol",
    "side": "side",
    "hour": "{hour}",
    "weekday": "{weekday}",
    "holding": "CASE WHEN holding_minutes < 15 THEN '1' WHEN holding_minutes < 60 THEN '2' WHEN holding_minutes < 240"
    " THEN '3' WHEN holding_minutes < 1440 THEN '4' ELSE '5' END",
    "confidence": "CASE WHEN confidence < 0.5 THEN '1' WHEN confidence < 0.6 THEN '2' WHEN confidence < 0.7 THEN '3'"
    " WHEN confidence < 0.8 THEN '4' WHEN confidence < 0.9 THEN '5' ELSE '6' END",
    "prompt version": "prompt_version",
}
PATTERN = """
SELECT exchange, origin_group, agent_id, '{dimension}' AS dimension, {pattern} AS pattern, count(*) AS trades,
    {wins} AS wins, {sum}(net_pnl) AS net_pnl
FROM {facts} GROUP BY exchange, origin_group, agent_id, pattern
"""
PROMPT_DAYS = """
SELECT d.exchange AS exchange, d.agent_id AS agent_id, d.prompt_version AS prompt_version, d.symbol AS symbol,
    {decided} AS day, count(*) AS decisions, count(d.outcome_correct) AS judged, sum(d.confidence) AS confidence_sum,
    sum(d.cost) AS cost, sum(f.trades) AS trades, {sum}(f.net_pnl) AS net_pnl, {sum}(f.fees) AS fees,
    sum(d.prompt_tokens) AS prompt_tokens, sum(f.net_pnl_float / f.notional_float) AS return_sum
FROM {decisions} AS d
FULL JOIN (
    SELECT coalesce(decision_id, trade_id) AS unit, count(*) AS trades, {sum}(net_pnl) AS net_pnl, {sum}(fee) AS fees,
        sum({float}(net_pnl)) AS net_pnl_float, sum({float}(notional)) AS notional_float
    FROM {facts} GROUP BY coalesce(decision_id, trade_id)
) AS f ON d.id = f.unit
GROUP BY d.exchange, d.agent_id, d.prompt_version, d.symbol, {decided}
"""
WORDS = {
    "postgres": {
        "notional": "quantity * entry_price",
        "minutes": "extract(epoch FROM closed_at - opened_at)::float8 / 60",
        "day": "(closed_at AT TIME ZONE 'UTC')::date",
        "trades": "ops.trades_kept",
        "wins": "count(*) FILTER (WHERE is_win)",
        "sum": "sum",
        "float": "float8",
        "hour": "to_char(opened_at AT TIME ZONE 'UTC', 'HH24')",
        "weekday": "to_char(opened_at AT TIME ZONE 'UTC', 'ID')",
        "decided": "(d.decided_at AT TIME ZONE 'UTC')::date",
        "decisions": "decisions",
        "facts": "analytics.by_hand_trade_facts",
        "name": "analytics.by_hand_{mart}",
        "create": "CREATE TABLE {name} AS {query}",
    },
    "clickhouse": {
        "notional": "toDecimal256(quantity, 18) * toDecimal256(entry_price, 18)",
        "minutes": "(toUnixTimestamp64Micro(closed_at) - toUnixTimestamp64Micro(opened_at)) / 60000000",
        "day": "toDate32(closed_at)",
        "trades": "{database}.trades_history",
        "wins": "countIf(is_win)",
        "sum": "sum",
        "float": "toFloat64",
        "hour": "toString(toHour(assumeNotNull(opened_at)))",
        "weekday": "toString(toDayOfWeek(assumeNotNull(opened_at)))",
        "decided": "toDate32(d.decided_at)",
        "decisions": "{database}.agent_decisions_log",
        "facts": "{analytics}.by_hand_trade_facts",
        "name": "{analytics}.by_hand_{mart}",
        "create": "CREATE TABLE {name} ENGINE = MergeTree ORDER BY {order} AS {query}",
    },
}
ORDERS = {
    "trade_facts": "(agent_id, closed_at)",
    "leaderboard": "agent_id",
    "winning_patterns": "(agent_id, dimension)",
}
INDEXES = (
    "CREATE INDEX ON analytics.by_hand_trade_facts (agent_id, day)",
    "CREATE UNIQUE INDEX ON analytics.by_hand_trade_facts (trade_id)",
    "CREATE INDEX ON analytics.by_hand_trade_facts (decision_id)",
)


def statements(engine: str, database: str, analytics: str) -> dict[str, str]:
    """One statement a mart."""
    words = {
        key: value.format(database=database, analytics=analytics, mart="{mart}")
        for key, value in WORDS[engine].items()
        if key != "create"
    }
    pattern = " UNION ALL ".join(
        PATTERN.format(**words, dimension=dimension, pattern=expression.format(**words))
        for dimension, expression in PATTERNS.items()
    )
    queries = {
        "trade_facts": FACTS.format(**words),
        "leaderboard": LEADERBOARD.format(**words),
        "winning_patterns": pattern,
        "prompt_days": PROMPT_DAYS.format(**words),
    }
    return {
        mart: WORDS[engine]["create"].format(
            name=words["name"].format(mart=mart), query=query, order=ORDERS.get(mart, "tuple()")
        )
        for mart, query in queries.items()
    }


def build_postgres(url: str) -> None:
    """trade_facts with its indexes, then the others side by side."""
    made = statements("postgres", "", "")

    def run(*queries: str) -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            for query in queries:
                connection.execute(query.encode())

    run(made.pop("trade_facts"), *INDEXES)
    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(run, made.values()))
    run(*(f"DROP TABLE analytics.by_hand_{mart}" for mart in MARTS))


def build_clickhouse(client: Any, analytics: str) -> None:
    """The same in ClickHouse."""
    made = statements("clickhouse", client.database, analytics)
    settings = {"join_use_nulls": 1, "prefer_column_name_to_alias": 1}
    client.command(made.pop("trade_facts"), settings=settings)
    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(lambda query: client.command(query, settings=settings), made.values()))
    for mart in MARTS:
        client.command(f"DROP TABLE {analytics}.by_hand_{mart}")
