-- The last price of one market in each full hour of (first, last].
SELECT
    intDiv(toUnixTimestamp64Milli(timestamp) + {step:Int64} + 3599999, 3600000) AS hour,
    argMax(close, timestamp) AS price
FROM candles_stored
WHERE exchange = {exchange:String}
    AND symbol = {symbol:String}
    AND timeframe = {timeframe:String}
    AND timestamp >= fromUnixTimestamp64Milli({first:Int64} * 3600000 - {step:Int64} + 1, 'UTC')
    AND timestamp <= fromUnixTimestamp64Milli({last:Int64} * 3600000 - {step:Int64}, 'UTC')
    AND (origin != 'synthetic' OR exchange = 'sandbox')
GROUP BY hour
ORDER BY hour
