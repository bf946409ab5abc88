-- The headline of each outcome on its decision, unless the application wrote an outcome of its own: its trades' money
-- where it has closed ones, and the barrier's verdict, which judges traded and skipped decisions alike.
WITH headline AS (
    SELECT
        o.decision_id,
        r.decision_version,
        q.projected_at,
        coalesce(o.trade_pnl, o.pnl) AS pnl,
        CASE WHEN o.trade_pnl IS NULL THEN o.net_percent ELSE o.trade_percent END AS percent,
        o.max_favorable_percent,
        o.max_adverse_percent,
        CASE WHEN o.trade_pnl IS NULL THEN o.hold_minutes ELSE o.trade_hold_minutes END AS minutes,
        coalesce(o.is_correct, o.is_trade_correct) AS is_correct
    FROM outcome_batch AS r
    INNER JOIN decision_outcomes AS o ON r.decision_id = o.decision_id
    INNER JOIN ops.outcome_queue AS q ON r.decision_id = q.decision_id
),

projected AS (
    UPDATE decisions AS d
    SET
        actual_pnl = h.pnl,
        actual_pnl_percent = h.percent,
        max_favorable = h.max_favorable_percent,
        max_adverse = h.max_adverse_percent,
        hold_duration_minutes = h.minutes,
        outcome_correct = h.is_correct,
        outcome_recorded_at = CASE WHEN h.is_correct IS NOT NULL OR h.pnl IS NOT NULL THEN clock_timestamp() END
    FROM headline AS h
    WHERE
        d.id = h.decision_id AND d.updated_at = h.decision_version
        AND (
            d.outcome_recorded_at = h.projected_at
            OR (d.outcome_recorded_at IS NULL AND d.outcome_correct IS NULL AND d.actual_pnl IS NULL)
        )
        AND (
            d.actual_pnl, d.actual_pnl_percent, d.max_favorable, d.max_adverse, d.hold_duration_minutes, d.outcome_correct
        ) IS DISTINCT FROM (h.pnl, h.percent, h.max_favorable_percent, h.max_adverse_percent, h.minutes, h.is_correct)
    RETURNING d.id, d.updated_at, d.outcome_recorded_at
)

UPDATE ops.outcome_queue AS q
SET decision_version = p.updated_at, projected_at = p.outcome_recorded_at
FROM projected AS p
WHERE q.decision_id = p.id
