"""What somebody writes who knows the engine and needs these marts once: no tests, no versions, no cut, no parts.

The same rows and sums as the marts, as exact: `totals` asks both and the benchmark compares them. Left out are
intervals and verdicts, which follow from some thousand rows, and positions that are still open.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg

MARTS = ("trade_facts", "agent_daily", "leaderboard", "winning_patterns", "prompt_days")
THREADS = 4  # as in dbt_project/profiles.yml
FACTS = """
SELECT id AS trade_id, agent_id, exchange, symbol, side, currency, origin, 'real' AS origin_group, decision_id,
    prompt_version, quantity, leverage, confidence, entry_price, exit_price, stop_loss, take_profit,
    {notional} AS notional, gross_pnl, fee, net_pnl, net_pnl > 0 AS is_win, opened_at, closed_at,
    {minutes} AS holding_minutes, updated_at, {day} AS day
FROM {trades}
"""
DAILY = """
WITH closed AS (
    SELECT exchange, agent_id, day, count(*) AS closed_trades, count(*) - count(net_pnl) AS unscored_trades,
        {sum}(net_pnl) AS realized_pnl, {sum}(fee) AS fees, min({opened}) AS first_day
    FROM {facts} GROUP BY exchange, agent_id, day
),
nights AS (
    SELECT exchange, agent_id, symbol, side, quantity, notional, {each_night} AS night FROM {facts} WHERE {opened} < day
),
instruments AS (
    SELECT exchange, agent_id, symbol, night, count(*) AS positions,
        {sum}(CASE WHEN side = 'long' THEN quantity END) AS long_quantity,
        {sum}(CASE WHEN side = 'short' THEN quantity END) AS short_quantity,
        {sum}(CASE WHEN side = 'long' THEN quantity ELSE -quantity END) AS net_quantity,
        {sum}(CASE WHEN side = 'long' THEN notional ELSE -notional END) AS net_cost
    FROM nights GROUP BY exchange, agent_id, symbol, night
),
held AS (
    SELECT i.exchange AS exchange, i.agent_id AS agent_id, i.night AS day, sum(i.positions) AS open_positions,
        sum(CASE WHEN m.price IS NULL THEN i.positions ELSE 0 END) AS unmarked_positions,
        {sum}(i.net_quantity * m.price - i.net_cost) AS open_pnl, {sum}(i.long_quantity * m.price) AS long_exposure,
        {sum}(i.short_quantity * m.price) AS short_exposure
    FROM instruments AS i
    LEFT JOIN {marks} AS m ON i.exchange = m.exchange AND i.symbol = m.symbol AND i.night = m.day
    GROUP BY i.exchange, i.agent_id, i.night
),
snapshots AS (
    SELECT exchange, agent_id, day, {wide_snapshot} AS equity
    FROM (
        SELECT exchange, agent_id, {captured} AS day, equity,
            row_number() OVER (PARTITION BY exchange, agent_id, {captured} ORDER BY captured_at DESC) AS recency
        FROM {snapshots}
    ) AS s
    WHERE recency = 1 GROUP BY exchange, agent_id, day
),
lives AS (
    SELECT exchange, agent_id, min(first_day) AS first_day, max(max(day)) OVER (PARTITION BY exchange) AS last_day
    FROM (
        SELECT exchange, agent_id, first_day, day FROM closed
        UNION ALL SELECT exchange, agent_id, day AS first_day, day FROM snapshots
    ) AS e
    GROUP BY exchange, agent_id
),
calendar AS (
    SELECT l.exchange AS exchange, l.agent_id AS agent_id, {wide_equity} AS initial_equity, {each_day} AS day
    FROM lives AS l
    LEFT JOIN {accounts} AS a ON l.exchange = a.exchange AND l.agent_id = a.agent_id
),
days AS (
    SELECT k.exchange AS exchange, k.agent_id AS agent_id, k.day AS day, k.initial_equity AS initial_equity,
        s.equity AS snapshot_equity, coalesce(c.closed_trades, 0) AS closed_trades,
        coalesce(c.unscored_trades, 0) AS unscored_trades, coalesce(c.realized_pnl, {nothing}) AS realized_pnl,
        coalesce(c.fees, {nothing}) AS fees, coalesce(h.open_positions, 0) AS open_positions,
        coalesce(h.unmarked_positions, 0) AS unmarked_positions, coalesce(h.open_pnl, {wide_nothing}) AS open_pnl,
        coalesce(h.long_exposure, {wide_nothing}) AS long_exposure,
        coalesce(h.short_exposure, {wide_nothing}) AS short_exposure
    FROM calendar AS k
    LEFT JOIN closed AS c ON k.exchange = c.exchange AND k.agent_id = c.agent_id AND k.day = c.day
    LEFT JOIN held AS h ON k.exchange = h.exchange AND k.agent_id = h.agent_id AND k.day = h.day
    LEFT JOIN snapshots AS s ON k.exchange = s.exchange AND k.agent_id = s.agent_id AND k.day = s.day
),
summed AS (
    SELECT *, {sum}(realized_pnl) OVER life AS realized_pnl_total, count(snapshot_equity) OVER life AS anchor
    FROM days
    WINDOW life AS (PARTITION BY exchange, agent_id ORDER BY day ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
),
anchored AS (
    SELECT *, realized_pnl_total + open_pnl AS pnl,
        max(snapshot_equity) OVER (PARTITION BY exchange, agent_id, anchor) AS anchor_equity,
        max(CASE WHEN snapshot_equity IS NOT NULL THEN realized_pnl_total + open_pnl END)
            OVER (PARTITION BY exchange, agent_id, anchor) AS anchor_pnl
    FROM summed
),
valued AS (
    SELECT *, CASE WHEN anchor > 0 THEN anchor_equity + pnl - anchor_pnl ELSE initial_equity + pnl END AS equity
    FROM anchored
),
compared AS (
    SELECT *,
        coalesce(lag({equity}) OVER (PARTITION BY exchange, agent_id ORDER BY day), initial_equity) AS opening_equity,
        greatest(initial_equity, max(equity) OVER (
            PARTITION BY exchange, agent_id ORDER BY day ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        )) AS peak_equity
    FROM valued
)
SELECT exchange, 'real' AS origin_group, agent_id, day, opening_equity, equity,
    {float}(equity - opening_equity) / {float}(opening_equity) AS daily_return, peak_equity,
    {float}(equity - peak_equity) / {float}(peak_equity) AS drawdown, realized_pnl, realized_pnl_total, open_pnl, fees,
    long_exposure, short_exposure, closed_trades, unscored_trades, open_positions, unmarked_positions
FROM compared
"""
LEADERBOARD = """
SELECT d.exchange AS exchange, d.origin_group AS origin_group, d.agent_id AS agent_id, d.equity AS equity,
    coalesce(t.trades, 0) AS trades, t.scored AS scored_trades, t.wins AS wins, t.net_pnl AS net_pnl,
    t.gross_pnl AS gross_pnl, t.fees AS fees, t.first_closed_at AS first_closed_at, t.last_closed_at AS last_closed_at
FROM {daily} AS d
LEFT JOIN (
    SELECT exchange, origin_group, agent_id, count(*) AS trades, count(net_pnl) AS scored, {wins} AS wins,
        {sum}(net_pnl) AS net_pnl, {sum}(gross_pnl) AS gross_pnl, {sum}(fee) AS fees,
        min(closed_at) AS first_closed_at, max(closed_at) AS last_closed_at
    FROM {facts} GROUP BY exchange, origin_group, agent_id
) AS t ON d.exchange = t.exchange AND d.origin_group = t.origin_group AND d.agent_id = t.agent_id
WHERE d.day = (SELECT max(day) FROM {daily})
"""
PATTERNS = {
    "symbol": "symbol",
    "side": "side",
    "hour": "{hour}",
    "weekday": "{weekday}",
    "holding": "CASE WHEN holding_minutes < 15 THEN '1' WHEN holding_minutes < 60 THEN '2' WHEN holding_minutes < 240"
    " THEN '3' WHEN holding_minutes < 1440 THEN '4' ELSE '5' END",
    "confidence": "CASE WHEN confidence < 0.5 THEN '1' WHEN confidence < 0.6 THEN '2' WHEN confidence < 0.7 THEN '3'"
    " WHEN confidence < 0.8 THEN '4' WHEN confidence < 0.9 THEN '5' WHEN confidence >= 0.9 THEN '6'"
    " ELSE 'not known' END",
    "prompt version": "prompt_version",
}
PATTERN = """
SELECT exchange, origin_group, agent_id, '{dimension}' AS dimension, {pattern} AS pattern, count(*) AS trades,
    {wins} AS wins, {sum}(net_pnl) AS net_pnl
FROM {facts} WHERE net_pnl IS NOT NULL GROUP BY exchange, origin_group, agent_id, pattern
"""
PROMPT_DAYS = """
WITH fills AS (
    SELECT decision_id, min(currency) AS currency, count(*) AS trades, {sum}(net_pnl) AS net_pnl, {sum}(fee) AS fees,
        sum(notional) AS notional
    FROM {facts} WHERE decision_id IS NOT NULL GROUP BY decision_id
),
units AS (
    SELECT d.exchange AS exchange, d.agent_id AS agent_id, d.prompt_version AS prompt_version, d.symbol AS symbol,
        {decided} AS day, f.currency AS currency, 1 AS decisions,
        CASE WHEN d.executed OR f.trades IS NOT NULL THEN 1 ELSE 0 END AS traded, d.outcome_correct AS outcome_correct,
        d.confidence AS confidence, d.prompt_tokens AS prompt_tokens, d.completion_tokens AS completion_tokens,
        d.cost AS cost, coalesce(f.trades, 0) AS trades, f.net_pnl AS net_pnl, f.fees AS fees, f.notional AS notional
    FROM {decisions} AS d
    LEFT JOIN fills AS f ON d.id = f.decision_id
    UNION ALL
    SELECT exchange, agent_id, prompt_version, symbol, {opened}, currency, 0, 0, NULL, NULL, NULL, NULL, NULL, 1,
        net_pnl, fee, notional
    FROM {facts} WHERE decision_id IS NULL
)
SELECT exchange, 'real' AS origin_group, agent_id, prompt_version, symbol, day,
    CASE WHEN min(currency) = max(currency) THEN max(currency) END AS currency, sum(decisions) AS decisions,
    sum(traded) AS traded, count(*) - sum(decisions) AS trades_without_decision, count(outcome_correct) AS judged,
    {correct} AS correct, count(confidence) AS confident, sum(confidence) AS confidence_sum, sum(trades) AS trades,
    count(net_pnl) AS scored, {won} AS wins, {sum}(net_pnl) AS net_pnl, {sum}(fees) AS fees, count(cost) AS costed,
    {sum}(cost) AS cost, sum(prompt_tokens) AS prompt_tokens, sum(completion_tokens) AS completion_tokens,
    count(net_pnl) AS returns, sum({ratio}) AS return_sum
FROM units
GROUP BY exchange, agent_id, prompt_version, symbol, day
"""
NET = "(net_pnl - coalesce(cost, 0))"
WORDS = {
    "postgres": {
        "notional": "quantity * entry_price",
        "minutes": "extract(epoch FROM closed_at - opened_at)::float8 / 60",
        "day": "(closed_at AT TIME ZONE 'UTC')::date",
        "opened": "(opened_at AT TIME ZONE 'UTC')::date",
        "each_night": "generate_series({opened}, day - 1, interval '1 day')::date",
        "captured": "(captured_at AT TIME ZONE 'UTC')::date",
        "each_day": "generate_series(least(l.first_day, (a.inception_at AT TIME ZONE 'UTC')::date), l.last_day,"
        " interval '1 day')::date",
        "trades": "trade_versions",
        "marks": "daily_marks",
        "accounts": "accounts",
        "snapshots": "account_equity_snapshots",
        "nothing": "0",
        "wide_nothing": "0",
        "wide_equity": "a.initial_equity",
        "wide_snapshot": "max(equity)",
        "equity": "equity",
        "wins": "count(*) FILTER (WHERE is_win)",
        "won": "count(*) FILTER (WHERE net_pnl > 0)",
        "correct": "count(*) FILTER (WHERE outcome_correct)",
        "sum": "sum",
        "float": "float8",
        "ratio": "div({net} * 1e12, nullif(notional, 0)) * 1e-12",
        "hour": "to_char(opened_at AT TIME ZONE 'UTC', 'HH24')",
        "weekday": "to_char(opened_at AT TIME ZONE 'UTC', 'ID')",
        "decided": "(d.decided_at AT TIME ZONE 'UTC')::date",
        "decisions": "decisions",
        "facts": "analytics.by_hand_trade_facts",
        "daily": "analytics.by_hand_agent_daily",
        "name": "analytics.by_hand_{mart}",
        "create": "CREATE TABLE {name} AS {query}",
    },
    "clickhouse": {
        "notional": "toDecimal256(quantity, 18) * toDecimal256(entry_price, 18)",
        "minutes": "(toUnixTimestamp64Micro(closed_at) - toUnixTimestamp64Micro(opened_at)) / 60000000",
        "day": "toDate32(closed_at)",
        "opened": "toDate32(assumeNotNull(opened_at))",
        "each_night": "arrayJoin(arrayMap(i -> addDays({opened}, i), range(toUInt32(dateDiff('day', {opened}, day)))))",
        "captured": "toDate32(captured_at)",
        "each_day": "arrayJoin(arrayMap(i -> addDays(least(l.first_day, toDate32(assumeNotNull(a.inception_at))), i),"
        " range(toUInt32(dateDiff("
        "'day', least(l.first_day, toDate32(assumeNotNull(a.inception_at))), l.last_day) + 1))))",
        "trades": "{database}.trades_history",
        "marks": "{database}.daily_marks",
        "accounts": "{database}.accounts",
        "snapshots": "{database}.account_equity_snapshots",
        "nothing": "toDecimal128(0, 18)",
        "wide_nothing": "toDecimal256(0, 36)",
        "wide_equity": "toDecimal256(a.initial_equity, 36)",
        "wide_snapshot": "toDecimal256(max(equity), 36)",
        "equity": "toNullable(equity)",
        "wins": "countIf(is_win)",
        "won": "countIf(net_pnl > 0)",
        "correct": "countIf(outcome_correct)",
        "sum": "sum",
        "float": "toFloat64",
        "ratio": "reinterpret(intDiv(reinterpret(toDecimal256({net}, 18), 'Int256') * toInt256(1000000000000)"
        " * toInt256(1000000000000000000), nullif(reinterpret(notional, 'Int256'), 0)), 'Decimal(76, 12)')",
        "hour": "leftPad(toString(toHour(assumeNotNull(opened_at))), 2, '0')",
        "weekday": "toString(toDayOfWeek(assumeNotNull(opened_at)))",
        "decided": "toDate32(d.decided_at)",
        "decisions": "{database}.agent_decisions_log",
        "facts": "{analytics}.by_hand_trade_facts",
        "daily": "{analytics}.by_hand_agent_daily",
        "name": "{analytics}.by_hand_{mart}",
        "create": "CREATE TABLE {name} ENGINE = MergeTree ORDER BY {order} AS {query}",
    },
}
ORDERS = {
    "trade_facts": "(agent_id, closed_at)",
    "agent_daily": "(agent_id, day)",
    "leaderboard": "agent_id",
    "winning_patterns": "(agent_id, dimension)",
}
INDEXES = (
    "CREATE INDEX ON analytics.by_hand_trade_facts (agent_id, day)",
    "CREATE UNIQUE INDEX ON analytics.by_hand_trade_facts (trade_id)",
    "CREATE INDEX ON analytics.by_hand_trade_facts (decision_id)",
)
TOTALS = {
    "trade_facts": ("net_pnl", "fee", "notional"),
    "agent_daily": ("equity", "peak_equity", "realized_pnl_total", "closed_trades", "open_positions"),
    "leaderboard": ("equity", "trades", "wins", "net_pnl", "fees"),
    "winning_patterns": ("trades", "wins", "net_pnl"),
    "prompt_days": ("decisions", "traded", "correct", "trades", "wins", "net_pnl", "cost", "returns", "return_sum"),
}


def statements(engine: str, database: str, analytics: str) -> dict[str, str]:
    """One statement a mart."""
    places = {"database": database, "analytics": analytics, "mart": "{mart}", "net": NET}
    places["opened"] = WORDS[engine]["opened"]
    words = {key: value.format(**places) for key, value in WORDS[engine].items() if key != "create"}
    pattern = " UNION ALL ".join(
        PATTERN.format(**words, dimension=dimension, pattern=expression.format(**words))
        for dimension, expression in PATTERNS.items()
    )
    queries = {
        "trade_facts": FACTS.format(**words),
        "agent_daily": DAILY.format(**words),
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
    """trade_facts with its indexes, then the others side by side, the leaderboard after its days."""
    made = statements("postgres", "", "")

    def run(*queries: str) -> None:
        with psycopg.connect(url, autocommit=True, options="-c work_mem=128MB") as connection:
            for query in queries:
                connection.execute(query.encode())

    run(made.pop("trade_facts"), *INDEXES)
    after = [(made.pop("agent_daily"), made.pop("leaderboard")), *((one,) for one in made.values())]
    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(lambda queries: run(*queries), after))


def build_clickhouse(client: Any, analytics: str) -> None:
    """The same in ClickHouse, one after the other as in a build of the marts that is as large."""
    settings = {"join_use_nulls": 1, "prefer_column_name_to_alias": 1, "max_insert_threads": 2}
    for query in statements("clickhouse", client.database, analytics).values():
        client.command(query, settings=settings)


def totals(analytics: str, mart: str, prefix: str = "") -> str:
    """The query of rows and sums that a mart and what was made by hand (prefix `by_hand_`) have in common."""
    sums = ", ".join(f"sum({column})" for column in TOTALS[mart])
    return f"SELECT count(*), {sums} FROM {analytics}.{prefix}{mart}"
