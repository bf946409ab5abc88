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
    transform(toDate(hour), {days:Array(Date)}, {touches:Array(UInt64)}, toUInt64(0))
FROM market_ohlcv AS c FINAL
WHERE c.exchange = {exchange:String}
    AND c.symbol = {symbol:String}
    AND c.timeframe = {timeframe:String}
    AND c.timestamp >= toDateTime64({first:Date}, 3, 'UTC')
    AND c.timestamp < toDateTime64({last:Date} + 1, 3, 'UTC')
    AND toDate(c.timestamp) IN {days:Array(Date)}
GROUP BY c.exchange, c.symbol, c.timeframe, hour
SETTINGS do_not_merge_across_partitions_select_final = 1;
