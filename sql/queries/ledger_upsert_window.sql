INSERT INTO ops.ingest_windows AS w (
    exchange, symbol, timeframe, window_start, window_end, state, expected, got, confirmed_empty, quarantined, corrections,
    cause, rechecked_at, checked_at, run_id
)
VALUES (
    %(exchange)s, %(symbol)s, %(timeframe)s, %(window_start)s, %(window_end)s, %(state)s, %(expected)s, %(got)s,
    %(confirmed_empty)s, %(quarantined)s, %(corrections)s, %(cause)s, %(rechecked_at)s, %(checked_at)s, %(run_id)s
)
ON CONFLICT (exchange, symbol, timeframe, window_start) DO UPDATE SET
    state = excluded.state,
    expected = excluded.expected,
    got = excluded.got,
    confirmed_empty = excluded.confirmed_empty,
    quarantined = excluded.quarantined,
    corrections = w.corrections + excluded.corrections,
    cause = excluded.cause,
    tries = w.tries + 1,
    rechecked_at = coalesce(excluded.rechecked_at, w.rechecked_at),
    checked_at = excluded.checked_at,
    run_id = excluded.run_id
