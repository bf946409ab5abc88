-- Queues the decisions of changed trades: (id, decision_id, version) come as arrays from both stores.
UPDATE ops.outcome_queue AS queued
SET is_due = TRUE
FROM (
    SELECT
        linked.decision_id,
        max(changed.version) AS version
    FROM unnest(%(ids)s::text [], %(decisions)s::text [], %(versions)s::timestamptz []) AS changed (id, decision_id, version)
    CROSS JOIN LATERAL (
        SELECT changed.decision_id AS decision_id WHERE changed.decision_id IS NOT NULL
        UNION
        SELECT d.id FROM decisions AS d WHERE d.trade_id = changed.id
    ) AS linked
    GROUP BY linked.decision_id
) AS news
WHERE
    queued.decision_id = news.decision_id AND NOT queued.is_due
    AND (queued.trade_version IS NULL OR queued.trade_version < news.version)
