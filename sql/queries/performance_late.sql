-- Days whose snapshots are older than a trade of theirs that was written or corrected in the last week. Reads the week's
-- changes and the snapshots of their hours, whatever the length of the history.
WITH changed AS
(
    SELECT
        agent_id,
        exchange,
        closed_at,
        toStartOfHour(closed_at - INTERVAL 1 MICROSECOND) + INTERVAL 1 HOUR AS hour,
        updated_at
    FROM trade_changes
    WHERE status = 'closed' AND updated_at > now64(6) - INTERVAL 7 DAY
)
SELECT DISTINCT toDate(t.closed_at) AS day
FROM changed AS t
INNER JOIN
(
    SELECT
        agent_id,
        exchange,
        timestamp,
        updated_at
    FROM agent_performance
    WHERE JSONExtractString(details, 'by') = 'candlehouse'
        AND (agent_id, exchange, timestamp) GLOBAL IN (SELECT agent_id, exchange, hour FROM changed)
) AS s
    ON t.agent_id = s.agent_id AND t.exchange = s.exchange AND t.hour = s.timestamp
WHERE t.updated_at > s.updated_at
ORDER BY day
