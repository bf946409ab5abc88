-- Candles of one market in [start, end) for scoring; made up ones are real in the sandbox only.
SELECT
    toUnixTimestamp64Milli(timestamp) AS time,
    open,
    high,
    low,
    close
FROM candles_stored
WHERE exchange = {exchange:String}
    AND symbol = {symbol:String}
    AND timeframe = {timeframe:String}
    AND timestamp >= fromUnixTimestamp64Milli({start:Int64}, 'UTC')
    AND timestamp < fromUnixTimestamp64Milli({end:Int64}, 'UTC')
    AND (origin != 'synthetic' OR exchange = 'sandbox')
ORDER BY time;
