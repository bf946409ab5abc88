INSERT INTO ops.candle_disputes AS d (exchange, symbol, timeframe, "timestamp", field, derived, venue)
VALUES (%(exchange)s, %(symbol)s, %(timeframe)s, %(timestamp)s, %(field)s, %(derived)s, %(venue)s)
ON CONFLICT (exchange, symbol, timeframe, "timestamp", field) DO UPDATE SET
    derived = excluded.derived, venue = excluded.venue, last_seen_at = now()
