-- Stored candles of one market in [start, end), in order of time; times are epoch milliseconds.
SELECT
    toUnixTimestamp64Milli(timestamp) AS time,
    open,
    high,
    low,
    close,
    volume,
    quote_volume,
    trades,
    revision,
    toString(origin) AS origin,
    toUnixTimestamp64Milli(ingested_at) AS ingested_at
FROM candles_stored
WHERE exchange = {exchange:String}
    AND symbol = {symbol:String}
    AND timeframe = {timeframe:String}
    AND timestamp >= {start:DateTime64(3, 'UTC')}
    AND timestamp < {end:DateTime64(3, 'UTC')}
ORDER BY candles_stored.timestamp;
