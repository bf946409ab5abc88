-- Finished days whose hours were not built from their present candles, with the number that says which candles they are.
SELECT
    exchange,
    symbol,
    timeframe,
    toStartOfMonth(day) AS month,
    groupArray(day) AS days,
    groupArray(touched) AS touches
FROM
(
    SELECT
        exchange,
        symbol,
        timeframe,
        day,
        sum(touches) AS touched
    FROM market_days
    WHERE day < {before:Date} AND timeframe IN ('1m', '5m', '15m', '30m')
    GROUP BY exchange, symbol, timeframe, day
    HAVING touched != max(rolled)
)
GROUP BY exchange, symbol, timeframe, month
ORDER BY exchange, symbol, timeframe, month;
