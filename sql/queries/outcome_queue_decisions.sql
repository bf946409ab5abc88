-- Queues decisions that are new or changed since a moment; safe to repeat.
INSERT INTO ops.outcome_queue AS queued (decision_id, exchange, symbol, decided_at, decision_version)
SELECT
    d.id,
    d.exchange,
    d.symbol,
    d.decided_at,
    d.updated_at
FROM decisions AS d
LEFT JOIN ops.outcome_queue AS known ON d.id = known.decision_id
WHERE d.updated_at >= %(since)s AND (known.decision_id IS NULL OR known.decision_version < d.updated_at)
ON CONFLICT (decision_id) DO UPDATE SET
    exchange = excluded.exchange,
    symbol = excluded.symbol,
    decided_at = excluded.decided_at,
    decision_version = excluded.decision_version,
    is_due = TRUE
WHERE queued.decision_version < excluded.decision_version
