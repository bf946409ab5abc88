-- The next due decisions after a place in the order of instrument and time. Without a side here: trades may give one.
SELECT
    q.exchange,
    q.symbol,
    q.decided_at,
    q.decision_id,
    (extract(EPOCH FROM d.decided_at) * 1000000)::bigint AS decided,
    d.action,
    d.take_profit::float8 AS take_profit,
    d.stop_loss::float8 AS stop_loss,
    d.trade_id,
    d.updated_at AS decision_version
FROM ops.outcome_queue AS q
INNER JOIN decisions AS d ON q.decision_id = d.id
WHERE q.is_due AND (q.exchange, q.symbol, q.decided_at, q.decision_id) > (%(exchange)s, %(symbol)s, %(decided_at)s, %(id)s)
ORDER BY q.exchange, q.symbol, q.decided_at, q.decision_id
LIMIT %(rows)s
