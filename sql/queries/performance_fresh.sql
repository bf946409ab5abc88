-- The same of trades that are not archived in this version, open ones among them.
SELECT
    t.agent_id,
    t.exchange,
    t.symbol,
    event.hour,
    sum(event.closed)::bigint AS closed,
    sum(event.won)::bigint AS won,
    sum(event.lost)::bigint AS lost,
    sum(event.net) AS net,
    sum(event.size) AS size,
    sum(event.cost) AS cost,
    bool_or(t.origin NOT IN ('live', 'recorded', 'repaired')) AS made_up,
    (extract(EPOCH FROM max(t.updated_at)) * 1000000)::bigint AS version
FROM (
    SELECT
        *,
        CASE WHEN opened_at IS NULL OR quantity IS NULL OR entry_price IS NULL THEN 0 WHEN side = 'long' THEN quantity ELSE -quantity END
            AS units
    FROM trades AS stored
    WHERE stored.status IN ('open', 'closed') AND NOT EXISTS (
        SELECT FROM ops.archive_marks AS m WHERE m.policy = 'trades' AND m.version = stored.updated_at AND m.key = stored.id
    )
) AS t
CROSS JOIN LATERAL (
    SELECT
        ceil(extract(EPOCH FROM coalesce(t.opened_at, t.closed_at)) / 3600)::bigint AS full_hour,
        0 AS closed,
        0 AS won,
        0 AS lost,
        0::numeric AS net,
        t.units AS size,
        coalesce(t.units * t.entry_price, 0) AS cost
    UNION ALL
    SELECT
        ceil(extract(EPOCH FROM t.closed_at) / 3600)::bigint,
        1,
        coalesce((t.net_pnl > 0)::int, 0),
        coalesce((t.net_pnl < 0)::int, 0),
        coalesce(t.net_pnl, 0),
        -t.units,
        coalesce(-t.units * t.entry_price, 0)
    WHERE t.status = 'closed'
) AS happened
CROSS JOIN LATERAL (
    SELECT
        CASE WHEN happened.full_hour <= %(split)s THEN (happened.full_hour + 23) / 24 * 24 ELSE happened.full_hour END AS hour,
        happened.closed,
        happened.won,
        happened.lost,
        happened.net,
        happened.size,
        happened.cost
) AS event
WHERE event.hour <= %(last)s
GROUP BY t.agent_id, t.exchange, t.symbol, event.hour
