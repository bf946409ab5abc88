-- The drawn decisions as the {batch}th of {batches} stretches of {days} days; those of the last 90 days are not archived.
INSERT INTO decisions (
    id, agent_id, exchange, symbol, timeframe, action, confidence, technical_score, news_score, final_score, entry_price,
    reasoning, market_snapshot, executed, skip_reason, trade_id, prompt_version, model_version, prompt_tokens,
    completion_tokens, cost, actual_pnl_percent, outcome_correct, outcome_recorded_at, decided_at, archived_at,
    created_at, updated_at, recommendation
)
SELECT
    lpad(to_hex(key), 8, '0') || '-0000-7000-9000-000000000000',
    agent_id,
    'hyperliquid',
    symbol,
    '1h',
    action,
    confidence,
    technical,
    news,
    final,
    price,
    reasoning,
    snapshot,
    traded,
    CASE WHEN NOT traded THEN 'low_confidence' END,
    CASE WHEN traded THEN lpad(to_hex(key), 8, '0') || '-0000-7000-8000-000000000000' END,
    'v' || (1 + rank % 12),
    'model-' || rank % 7,
    1000 + key % 3000,
    100 + key % 500,
    0.003,
    pnl_percent,
    correct,
    CASE WHEN traded THEN least(now(), decided_at + interval '1 day') END,
    decided_at,
    CASE WHEN decided_at < now() - interval '90 days' THEN decided_at + interval '90 days' END,
    decided_at,
    decided_at,
    upper(action)
FROM (
    SELECT
        drawn_decisions.*,
        {batch} * {drawn} + number AS key,
        now() - (1 - ({batch} + (number + 0.5) / {drawn}) / {batches}) * interval '{days} days' AS decided_at
    FROM drawn_decisions
    WHERE {batch} * {drawn} + number < {decisions}
    OFFSET 0
) AS placed
