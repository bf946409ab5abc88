INSERT INTO ops.ingest_gaps (
    exchange, symbol, timeframe, gap_start, gap_end, state, cause, answers, first_seen_at, checked_at
)
VALUES (
    %(exchange)s, %(symbol)s, %(timeframe)s, %(gap_start)s, %(gap_end)s, %(state)s, %(cause)s, %(answers)s,
    %(first_seen_at)s, %(checked_at)s
)
