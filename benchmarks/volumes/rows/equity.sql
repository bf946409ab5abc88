-- Equity of every account, each hour of {equity_days} days.
INSERT INTO account_equity_snapshots (
    agent_id, exchange, captured_at, equity, balance, realized_pnl, unrealized_pnl, created_at, updated_at
)
SELECT
    format('agent-%s', lpad(agent::text, 3, '0')), 'hyperliquid', captured_at, equity, equity - unrealized, equity - 10000,
    unrealized, captured_at, captured_at
FROM (
    SELECT
        agent,
        date_trunc('hour', now()) - hour * interval '1 hour' AS captured_at,
        round((10000 + 500 * sin(hour / 300.0 + agent) + 100 * random())::numeric, 2) AS equity,
        round((200 * random() - 100)::numeric, 2) AS unrealized
    FROM generate_series(0, {equity_days} * 24) AS hour, generate_series(1, {agents}) AS agent
) AS drawn
ON CONFLICT DO NOTHING
