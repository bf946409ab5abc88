SELECT
    exchange,
    symbol,
    timeframe,
    window_start,
    state,
    expected,
    got,
    confirmed_empty,
    rechecked_at
FROM ops.ingest_windows
WHERE window_start >= %(start)s AND window_start < %(end)s
