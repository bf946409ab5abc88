-- Days whose snapshots are older than a trade of theirs that was written or corrected in the last week.
SELECT DISTINCT toDate(t.closed_at) AS day
FROM trades_history AS t
INNER JOIN
(
    SELECT
        agent_id,
        exchange,
        timestamp,
        updated_at
    FROM agent_performance
    WHERE JSONExtractString(details, 'by') = 'candlehouse'
) AS s
    ON t.agent_id = s.agent_id AND t.exchange = s.exchange
        AND s.timestamp = toStartOfHour(t.closed_at - INTERVAL 1 MICROSECOND) + INTERVAL 1 HOUR
WHERE t.updated_at > now64(6) - INTERVAL 7 DAY AND t.updated_at > s.updated_at
ORDER BY day
