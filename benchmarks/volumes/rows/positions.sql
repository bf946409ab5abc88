-- Positions: {open_rows} open ones, and {closed} closed ones that nobody has removed.
INSERT INTO positions (
    id, agent_id, exchange, symbol, side, status, quantity, leverage, confidence, entry_price, exit_price, current_price,
    unrealized_pnl, fee, opened_at, closed_at, synced_at, details, created_at, updated_at, side_upper, quantity_signed,
    opened_at_ms, closed_at_ms
)
SELECT
    md5('position' || number)::uuid::text,
    format('agent-%s', lpad(agent::text, 3, '0')),
    'hyperliquid',
    format('%s-%s', symbol, number % 97),
    side,
    CASE WHEN closed_at IS NULL THEN 'open' ELSE 'closed' END,
    quantity,
    leverage,
    confidence,
    entry,
    CASE WHEN closed_at IS NOT NULL THEN entry * 1.01 END,
    entry * 1.002,
    CASE WHEN closed_at IS NULL THEN round(entry * quantity * 0.002, 6) END,
    round(entry * quantity * 0.00045, 8),
    opened_at,
    closed_at,
    now(),
    jsonb_build_object('invalidation', 'close below ' || round(entry * 0.97, 2)),
    opened_at,
    now(),
    upper(side),
    CASE side WHEN 'short' THEN -quantity ELSE quantity END,
    ops.epoch_ms(opened_at),
    ops.epoch_ms(closed_at)
FROM (
    SELECT
        number,
        CASE WHEN number < {open_rows} THEN {open_rank} ELSE {rank} END AS agent,
        (ARRAY['BTC', 'ETH', 'SOL', 'BNB', 'DOGE', 'XRP'])[1 + floor(random() * 6)::int] AS symbol,
        CASE WHEN random() < 0.7 THEN 'long' ELSE 'short' END AS side,
        round((0.001 + random() * 3)::numeric, 5) AS quantity,
        (1 + floor(random() * 20))::numeric AS leverage,
        round((0.5 + random() / 2)::numeric, 2) AS confidence,
        round((10 + 60000 * random() ^ 4)::numeric, 4) AS entry,
        now() - random() * interval '30 days' - interval '1 day' AS opened_at,
        CASE WHEN number >= {open_rows} THEN now() - random() * interval '1 day' END AS closed_at
    FROM generate_series(0, {open_rows} + {closed} - 1) AS number
) AS drawn
