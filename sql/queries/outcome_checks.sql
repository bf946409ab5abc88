-- Among what changed after `since`: decisions without an outcome, outcomes that contradict themselves (how many, one of them),
-- finished horizons in markets that are collected, and how many of those have holes. Older ones were checked by the run that
-- made them.
SELECT
    (
        SELECT count(*)
        FROM decisions AS d
        LEFT JOIN decision_outcomes AS o ON d.id = o.decision_id
        WHERE o.decision_id IS NULL AND d.updated_at >= %(since)s AND d.updated_at < %(began)s
    ) AS unseen,
    count(*) FILTER (WHERE checked.wrong) AS wrong,
    min(checked.decision_id) FILTER (WHERE checked.wrong) AS example,
    count(*) FILTER (WHERE checked.state IN ('scored', 'gap')) AS finished,
    count(*) FILTER (WHERE checked.state = 'gap') AS lacking
FROM (
    SELECT
        decision_id,
        state,
        state = 'scored' AND NOT (
            entry_at >= decided_at AND exit_at > entry_at AND entry_price > 0 AND exit_price > 0
            AND (
                stake = 'stay_out'
                OR (
                    max_favorable_percent + 1e-9 >= gross_percent AND max_adverse_percent + 1e-9 >= -gross_percent
                    AND net_percent <= gross_percent AND is_correct = (net_percent > 0)
                )
            )
        ) AS wrong
    FROM decision_outcomes
    WHERE updated_at >= %(since)s
) AS checked
