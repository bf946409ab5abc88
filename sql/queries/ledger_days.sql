SELECT
    (window_start AT TIME ZONE 'UTC')::date::text AS day,
    exchange,
    symbol,
    timeframe,
    state,
    expected,
    got,
    confirmed_empty,
    expected - got - confirmed_empty AS missing,
    quarantined,
    corrections,
    cause
FROM ops.ingest_windows
WHERE window_start >= %(start)s AND window_start < %(end)s
ORDER BY window_start, exchange, symbol, timeframe
