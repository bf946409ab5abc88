-- Queues decisions about one instrument whose outcome hangs on candles of [start, end), as far as their horizon is over.
UPDATE ops.outcome_queue
SET is_due = TRUE
WHERE
    exchange = %(exchange)s AND symbol = %(symbol)s AND NOT is_due AND state <> 'no_side'
    AND (NOT %(gaps_only)s OR state = 'gap')
    AND decided_at < %(end)s::timestamptz + %(lookback)s AND window_end > %(start)s
    AND decided_at + %(horizon)s <= %(head)s
