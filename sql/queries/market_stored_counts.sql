-- Stored candles per market and UTC day in [start, end), and when the oldest of them was written (epoch ms).
SELECT
    exchange,
    symbol,
    timeframe,
    toDate(timestamp) AS day,
    count() AS candles,
    toUnixTimestamp64Milli(min(ingested_at)) AS since
FROM candles_stored
WHERE timestamp >= {start:DateTime64(3, 'UTC')} AND timestamp < {end:DateTime64(3, 'UTC')}
GROUP BY exchange, symbol, timeframe, day;
