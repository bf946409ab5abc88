-- Takes a batch out of the queue; a decision that changed in the meantime stays in it. Runs before outcome_project.sql.
UPDATE ops.outcome_queue AS q
SET
    is_due = FALSE,
    state = r.state,
    window_end = to_timestamp(r.window_end / 1000.0),
    method = r.method,
    trade_version = r.trade_version
FROM outcome_batch AS r
WHERE q.decision_id = r.decision_id AND q.decision_version = r.decision_version
