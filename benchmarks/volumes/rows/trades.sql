-- The drawn trades as the {batch}th of {batches} stretches of {days} days; open ones once. Those of the last day are not
-- archived yet.
INSERT INTO trades (
    id, agent_id, exchange, symbol, side, status, quantity, leverage, confidence, entry_price, exit_price, gross_pnl,
    net_pnl, pnl_percent, fee, entry_fee, exit_fee, opened_at, closed_at, exit_reason, entry_order_id, exit_order_id,
    prompt_version, archived_at, created_at, updated_at, side_upper, quantity_signed, opened_at_ms, closed_at_ms,
    entry_oid, exit_oid, duration_seconds
)
SELECT
    lpad(to_hex(key), 8, '0') || '-0000-7000-8000-000000000000',
    agent_id,
    'hyperliquid',
    symbol,
    side,
    CASE WHEN is_open THEN 'open' ELSE 'closed' END,
    quantity,
    leverage,
    confidence,
    entry,
    outcome,
    gross,
    gross - 2 * fee,
    pnl_percent,
    CASE WHEN is_open THEN fee ELSE 2 * fee END,
    fee,
    CASE WHEN NOT is_open THEN fee END,
    opened_at,
    closed_at,
    CASE WHEN NOT is_open THEN (ARRAY['tp_hit', 'sl_hit', 'manual'])[1 + key % 3] END,
    (100000000000 + 2 * key)::text,
    CASE WHEN NOT is_open THEN (100000000001 + 2 * key)::text END,
    'v' || (1 + rank % 12),
    CASE WHEN closed_at < now() - interval '1 day' THEN closed_at + interval '10 minutes' END,
    opened_at,
    coalesce(closed_at, opened_at),
    upper(side),
    CASE side WHEN 'short' THEN -quantity ELSE quantity END,
    ops.epoch_ms(opened_at),
    ops.epoch_ms(closed_at),
    100000000000 + 2 * key,
    CASE WHEN NOT is_open THEN 100000000001 + 2 * key END,
    floor(extract(EPOCH FROM closed_at - opened_at))
FROM (
    SELECT
        drawn_trades.*,
        CASE WHEN is_open THEN {trades} + number ELSE {batch} * {drawn} + number END AS key,
        CASE WHEN NOT is_open THEN ended END AS closed_at,
        CASE WHEN is_open THEN now() ELSE ended END - lasting AS opened_at
    FROM drawn_trades
    CROSS JOIN LATERAL (
        SELECT now() - (1 - ({batch} + (number + 0.5) / {drawn}) / {batches}) * interval '{days} days' AS ended
    ) AS timed
    WHERE is_open = {open} AND (is_open OR {batch} * {drawn} + number < {trades})
    OFFSET 0
) AS placed
