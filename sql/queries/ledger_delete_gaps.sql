DELETE FROM ops.ingest_gaps
WHERE exchange = %(exchange)s AND symbol = %(symbol)s AND timeframe = %(timeframe)s
    AND gap_start >= %(window_start)s AND gap_start < %(window_end)s
