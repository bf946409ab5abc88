"""Closed trades of ten agents, as an application would have left them."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import psycopg

from benchmarks.volumes.bulk import without_indexes, without_triggers

AGENTS = 10
MANY = 10_000  # from here on, triggers do not fire
FILL = b"""
INSERT INTO trades (
    id, agent_id, exchange, symbol, side, side_upper, trade_type, status, quantity, quantity_signed, leverage,
    confidence, entry_price, exit_price, gross_pnl, net_pnl, pnl_percent, fee, entry_fee, exit_fee, opened_at,
    closed_at, opened_at_ms, closed_at_ms, entry_reason, exit_reason, entry_order_id, exit_order_id, prompt_version,
    decision_id, details
)
SELECT
    gen_random_uuid(), 'agent-' || i %% 10, 'hyperliquid', (ARRAY['BTC', 'ETH', 'SOL'])[1 + i %% 3], 'long', 'LONG',
    'perp', 'closed', q, q, 1 + i %% 20, round(random()::numeric, 3), (random() * 60000 + 1)::numeric(20, 4),
    (random() * 60000 + 1)::numeric(20, 4), (random() * 100 - 50)::numeric(20, 8),
    (random() * 100 - 50)::numeric(20, 8), (random() * 10 - 5)::numeric(10, 4), random()::numeric(20, 8),
    random()::numeric(20, 8), random()::numeric(20, 8), t - interval '2 hours', t,
    ops.epoch_ms(t - interval '2 hours'), ops.epoch_ms(t),
    'Momentum above the 20 day average with rising volume; risk 1%% of equity, target twice the risk.',
    (ARRAY['tp_hit', 'sl_hit', 'manual'])[1 + i %% 3], i::text, (i + 1)::text, 'v' || i %% 7, gen_random_uuid(),
    '{"note": "x"}'
FROM (
    SELECT i, timestamptz '2015-01-01 00:00:00+00' + i * interval '31 seconds' AS t,
        (random() * 10 + 0.001)::numeric(20, 6) AS q
    FROM generate_series(%s::bigint, %s::bigint) AS i
) AS made
"""
STATES = b"""
INSERT INTO agent_states (agent_id, symbol, balance, initial_balance, equity)
SELECT id, 'BTC', 10000, 10000, 10000 FROM agents ON CONFLICT DO NOTHING
"""


def agents(owner: psycopg.Connection[Any]) -> None:
    """The agents, each with a state."""
    owner.execute(
        "INSERT INTO agents (id, display_name) SELECT 'agent-' || i, i::text FROM generate_series(0, %s) AS i"
        " ON CONFLICT DO NOTHING",
        [AGENTS - 1],
    )
    owner.execute(STATES)


def trades(owner: psycopg.Connection[Any], rows: int, first: int) -> int:
    """`rows` closed trades, numbered from `first`; returns the number of the next one.

    Few of them go through triggers as an application's do; the first many come without triggers and indexes.
    """
    with ExitStack() as until_end:
        if rows >= MANY:
            until_end.enter_context(without_triggers(owner))
            if first == 1:
                until_end.enter_context(without_indexes(owner, "trades"))
        owner.execute(FILL, [first, first + rows - 1])
    if rows >= MANY:
        owner.execute("VACUUM ANALYZE trades")
        owner.execute("CHECKPOINT")
    return first + rows
