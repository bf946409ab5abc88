-- Per market in [start, end): rows, distinct open times, rows that no market can have, and jumps of the close.
SELECT
    exchange,
    symbol,
    timeframe,
    count() AS candles,
    uniqExact(timestamp) AS open_times,
    countIf(NOT (
        isFinite(open) AND isFinite(high) AND isFinite(low) AND isFinite(close) AND isFinite(volume)
        AND low > 0 AND volume >= 0 AND low <= least(open, close) AND high >= greatest(open, close)
    )) AS insane,
    countIf(abs(change) > {jump:Float64}) AS jumps,
    argMaxIf(timestamp, abs(change), isFinite(change)) AS largest_at,
    maxIf(abs(change), isFinite(change)) AS largest
FROM
(
    SELECT
        exchange,
        symbol,
        timeframe,
        timestamp,
        open,
        high,
        low,
        close,
        volume,
        close / lagInFrame(close, 1, close) OVER (PARTITION BY exchange, symbol, timeframe ORDER BY timestamp) - 1 AS change
    FROM candles_stored
    WHERE timestamp >= {start:DateTime64(3, 'UTC')} AND timestamp < {end:DateTime64(3, 'UTC')}
)
GROUP BY exchange, symbol, timeframe
ORDER BY exchange, symbol, timeframe;
