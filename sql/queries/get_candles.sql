-- GetCandles: the last `n` closed candles of a market in any timeframe from 1m to 1d, newest first.
--
-- Parameters: exchange, symbol, timeframe (String), n (UInt32). Columns: timestamp (open time, UTC), open, high, low, close,
-- volume, quote_volume, trades, origin, candles (how many stored candles it was made of).
-- `market_days` bounds the read to the days that hold the last n candles, so that old partitions stay closed. Below an
-- hour the stored candles are added up; from an hour on, hours built ahead of time, except on days written to since.
WITH
    multiIf(
        {timeframe:String} = '1m', 60,
        {timeframe:String} = '5m', 300,
        {timeframe:String} = '15m', 900,
        {timeframe:String} = '30m', 1800,
        {timeframe:String} = '1h', 3600,
        {timeframe:String} = '4h', 14400,
        {timeframe:String} = '1d', 86400,
        0
    ) AS step,
    stale AS
    (
        SELECT day
        FROM market_days
        WHERE step >= 3600 AND exchange = {exchange:String} AND symbol = {symbol:String}
        GROUP BY timeframe, day
        HAVING sum(touches) != max(rolled)
    ),
    (
        SELECT toDateTime64(
            arrayFirst((day, seen) -> seen > {n:UInt32}, groupArray(day), arrayCumSum(groupArray(most))), 3, 'UTC'
        )
        FROM
        (
            SELECT day, max(intDiv(candles * base + step - 1, step)) AS most
            FROM
            (
                SELECT day, candles, transform(timeframe, ['1m', '5m', '15m', '30m', '1h', '4h', '1d'], [60, 300, 900, 1800, 3600, 14400, 86400], 0) AS base
                FROM market_days
                WHERE exchange = {exchange:String} AND symbol = {symbol:String}
            )
            WHERE base BETWEEN 1 AND step
            GROUP BY day
            ORDER BY day DESC
        )
    ) AS first_day
SELECT
    toDateTime64(bucket, 3, 'UTC') AS timestamp,
    o AS open,
    h AS high,
    l AS low,
    c AS close,
    v AS volume,
    q AS quote_volume,
    t AS trades,
    kind AS origin,
    pieces AS candles
FROM
(
    SELECT
        base,
        toStartOfInterval(timestamp, toIntervalSecond(step)) AS bucket,
        argMin(open, timestamp) AS o,
        max(high) AS h,
        min(low) AS l,
        argMax(close, timestamp) AS c,
        sumKahan(volume) AS v,
        if(count(quote_volume) = count(), sumKahan(quote_volume), NULL) AS q,
        if(count(trades) = count(), sum(trades), NULL) AS t,
        if(max(origin) = 'synthetic' OR base = step, toString(max(origin)), 'resampled') AS kind,
        toUInt32(sum(candles)) AS pieces,
        max(max(last)) OVER () AS closed
    FROM
    (
        SELECT
            transform(timeframe, ['1m', '5m', '15m', '30m', '1h', '4h', '1d'], [60, 300, 900, 1800, 3600, 14400, 86400], 0) AS base,
            timestamp,
            open,
            high,
            low,
            close,
            volume,
            quote_volume,
            trades,
            origin,
            1 AS candles,
            timestamp + toIntervalSecond(base) AS last
        FROM market_ohlcv FINAL
        WHERE exchange = {exchange:String}
            AND symbol = {symbol:String}
            AND base BETWEEN 1 AND step
            AND (step < 3600 OR toDate(timestamp) IN stale)
        UNION ALL
        SELECT
            transform(timeframe, ['1m', '5m', '15m', '30m', '1h', '4h', '1d'], [60, 300, 900, 1800, 3600, 14400, 86400], 0) AS base,
            timestamp,
            open,
            high,
            low,
            close,
            volume,
            quote_volume,
            trades,
            if(synthetic = 1, 'synthetic', 'resampled')::Enum8('venue' = 1, 'dump' = 2, 'resampled' = 3, 'synthetic' = 4),
            candles,
            last
        FROM market_ohlcv_hours FINAL
        WHERE step >= 3600
            AND exchange = {exchange:String}
            AND symbol = {symbol:String}
            AND toDate(timestamp) NOT IN stale
    )
    WHERE timestamp >= first_day
    GROUP BY base, bucket
)
WHERE bucket + toIntervalSecond(step) <= least(closed, now64(3))
ORDER BY bucket DESC, pieces * base DESC, base
LIMIT 1 BY bucket
LIMIT {n:UInt32}
SETTINGS do_not_merge_across_partitions_select_final = 1;
