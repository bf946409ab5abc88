SELECT
    exchange,
    symbol,
    timeframe,
    window_start::date AS day,
    state,
    expected - got - confirmed_empty AS missing,
    cause
FROM ops.ingest_windows
WHERE window_start >= %(start)s AND window_start < %(end)s AND state IN ('partial', 'missing', 'failed')
ORDER BY missing DESC, exchange, symbol, window_start
