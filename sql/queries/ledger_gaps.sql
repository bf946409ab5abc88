SELECT
    exchange,
    symbol,
    timeframe,
    gap_start,
    gap_end,
    state,
    cause,
    answers,
    first_seen_at,
    checked_at
FROM ops.ingest_gaps
WHERE gap_start >= %(start)s AND gap_start < %(end)s
