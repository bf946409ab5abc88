-- Adds up the hours of some days of one market. `touches` were read before: a write in between makes the result stale at
-- once instead of wrong.
INSERT INTO market_ohlcv_hours
(
    exchange, symbol, timeframe, timestamp, open, high, low, close, volume, quote_volume, trades, synthetic, candles, last,
    as_of
)
SELECT
    c.exchange,
    c.symbol,
    c.timeframe,
    toStartOfHour(c.timestamp) AS hour,
    argMin(c.open, c.timestamp),
    max(c.high),
    min(c.low),
    argMax(c.close, c.timestamp),
    sumKahan(c.volume),
    if(count(c.quote_volume) = count(), sumKahan(c.quote_volume), NULL),
    if(count(c.trades) = count(), sum(toUInt64(c.trades)), NULL),
    max(c.origin = 'synthetic'),
    count(),
    max(c.timestamp) + toIntervalSecond(multiIf(c.timeframe = '1m', 60, c.timeframe = '5m', 300, c.timeframe = '15m', 900, 1800)),
    any(transform(toDate(c.timestamp), {days:Array(Date)}, {touches:Array(UInt64)}, toUInt64(0)))
FROM candles_stored AS c
WHERE c.exchange = {exchange:String}
    AND c.symbol = {symbol:String}
    AND c.timeframe = {timeframe:String}
    AND c.timestamp >= toDateTime64({first:Date}, 3, 'UTC')
    AND c.timestamp < toDateTime64({last:Date} + 1, 3, 'UTC')
    AND has({days:Array(Date)}, toDate(c.timestamp))
GROUP BY c.exchange, c.symbol, c.timeframe, hour;
