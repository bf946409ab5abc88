-- Derived candles of one market in [start, end) that are made of all the candles they could have.
SELECT
    toUnixTimestamp64Milli(timestamp) AS time,
    open,
    high,
    low,
    close,
    volume
FROM candles
WHERE exchange = {exchange:String}
    AND symbol = {symbol:String}
    AND timeframe = {timeframe:String}
    AND timestamp >= {start:DateTime64(3, 'UTC')}
    AND timestamp < {end:DateTime64(3, 'UTC')}
ORDER BY time;
