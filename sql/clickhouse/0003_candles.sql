-- What people read: candles as fetched, and every coarser timeframe derived from them.
-- Derived candles are never stale: hours built ahead of time are used only while nothing was written to their day since.
-- A derived candle is shown once a candle at or after its end is stored.

CREATE OR REPLACE VIEW candles_stored AS
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
    quote_volume,
    trades,
    origin,
    revision,
    ingested_at
FROM market_ohlcv FINAL
WHERE timestamp <= now64(3) - toIntervalSecond(
    transform(timeframe, ['1m', '5m', '15m', '30m', '1h', '4h', '1d'], [60, 300, 900, 1800, 3600, 14400, 86400], 1)
)
SETTINGS do_not_merge_across_partitions_select_final = 1;

CREATE OR REPLACE VIEW candles_hours AS
SELECT
    h.exchange AS exchange,
    h.symbol AS symbol,
    h.timeframe AS base,
    h.timestamp AS timestamp,
    h.open AS open,
    h.high AS high,
    h.low AS low,
    h.close AS close,
    h.volume AS volume,
    h.quote_volume AS quote_volume,
    h.trades AS trades,
    if(h.synthetic = 1, 'synthetic', 'resampled') AS origin,
    h.candles AS candles
FROM market_ohlcv_hours AS h FINAL
INNER JOIN
(
    SELECT
        exchange,
        symbol,
        timeframe,
        day,
        sum(touches) AS touches
    FROM market_days
    GROUP BY exchange, symbol, timeframe, day
    HAVING max(rolled) = touches
) AS d
    ON h.exchange = d.exchange
        AND h.symbol = d.symbol
        AND h.timeframe = d.timeframe
        AND toDate(h.timestamp) = d.day
        AND h.as_of = d.touches
UNION ALL
SELECT
    c.exchange AS exchange,
    c.symbol AS symbol,
    c.timeframe AS base,
    toDateTime64(toStartOfHour(c.timestamp), 3, 'UTC') AS hour,
    argMin(c.open, c.timestamp),
    max(c.high),
    min(c.low),
    argMax(c.close, c.timestamp),
    sumKahan(c.volume),
    if(count(c.quote_volume) = count(), sumKahan(c.quote_volume), NULL),
    if(count(c.trades) = count(), sum(toUInt64(c.trades)), NULL),
    if(max(c.origin = 'synthetic') = 1, 'synthetic', 'resampled'),
    toUInt32(count())
FROM candles_stored AS c
WHERE c.timeframe IN ('1m', '5m', '15m', '30m')
    AND (c.exchange, c.symbol, c.timeframe, toDate(c.timestamp)) IN (
        SELECT
            exchange,
            symbol,
            timeframe,
            day
        FROM market_days
        GROUP BY exchange, symbol, timeframe, day
        HAVING max(rolled) != sum(touches)
    )
GROUP BY exchange, symbol, base, hour
UNION ALL
SELECT
    c.exchange,
    c.symbol,
    c.timeframe,
    c.timestamp,
    c.open,
    c.high,
    c.low,
    c.close,
    c.volume,
    c.quote_volume,
    toUInt64(c.trades),
    toString(c.origin),
    toUInt32(1)
FROM candles_stored AS c
WHERE c.timeframe = '1h';

CREATE OR REPLACE VIEW candles_5m AS
SELECT
    exchange,
    symbol,
    '5m' AS timeframe,
    toDateTime64(bucket, 3, 'UTC') AS timestamp,
    best.1 AS open,
    best.2 AS high,
    best.3 AS low,
    best.4 AS close,
    best.5 AS volume,
    best.6 AS quote_volume,
    best.7 AS trades,
    best.8 AS origin,
    best.9 AS base,
    best.10 AS candles,
    best.11 AS expected
FROM
(
    SELECT
        p.exchange AS exchange,
        p.symbol AS symbol,
        p.bucket AS bucket,
        argMax(
            (p.open, p.high, p.low, p.close, p.volume, p.quote_volume, p.trades, p.origin, p.base, p.candles, p.expected),
            (p.candles / p.expected, p.expected)
        ) AS best
    FROM
    (
        SELECT
            c.exchange AS exchange,
            c.symbol AS symbol,
            c.timeframe AS base,
            toStartOfInterval(c.timestamp, INTERVAL 5 MINUTE) AS bucket,
            argMin(c.open, c.timestamp) AS open,
            max(c.high) AS high,
            min(c.low) AS low,
            argMax(c.close, c.timestamp) AS close,
            sumKahan(c.volume) AS volume,
            if(count(c.quote_volume) = count(), sumKahan(c.quote_volume), NULL) AS quote_volume,
            if(count(c.trades) = count(), sum(toUInt64(c.trades)), NULL) AS trades,
            multiIf(max(c.origin = 'synthetic') = 1, 'synthetic', c.timeframe = '5m', toString(any(c.origin)), 'resampled') AS origin,
            toUInt32(count()) AS candles,
            toUInt32(300 / transform(c.timeframe, ['1m', '5m'], [60, 300], 300)) AS expected
        FROM candles_stored AS c
        WHERE c.timeframe IN ('1m', '5m')
        GROUP BY exchange, symbol, base, bucket
    ) AS p
    INNER JOIN
    (
        SELECT
            exchange,
            symbol,
            max(head + toIntervalSecond(transform(timeframe, ['1m', '5m', '15m', '30m', '1h', '4h', '1d'], [60, 300, 900, 1800, 3600, 14400, 86400], 1))) AS closed
        FROM market_days
        GROUP BY exchange, symbol
    ) AS m
        ON p.exchange = m.exchange AND p.symbol = m.symbol
    WHERE p.bucket + INTERVAL 5 MINUTE <= m.closed
    GROUP BY exchange, symbol, bucket
);

CREATE OR REPLACE VIEW candles_15m AS
SELECT
    exchange,
    symbol,
    '15m' AS timeframe,
    toDateTime64(bucket, 3, 'UTC') AS timestamp,
    best.1 AS open,
    best.2 AS high,
    best.3 AS low,
    best.4 AS close,
    best.5 AS volume,
    best.6 AS quote_volume,
    best.7 AS trades,
    best.8 AS origin,
    best.9 AS base,
    best.10 AS candles,
    best.11 AS expected
FROM
(
    SELECT
        p.exchange AS exchange,
        p.symbol AS symbol,
        p.bucket AS bucket,
        argMax(
            (p.open, p.high, p.low, p.close, p.volume, p.quote_volume, p.trades, p.origin, p.base, p.candles, p.expected),
            (p.candles / p.expected, p.expected)
        ) AS best
    FROM
    (
        SELECT
            c.exchange AS exchange,
            c.symbol AS symbol,
            c.timeframe AS base,
            toStartOfInterval(c.timestamp, INTERVAL 15 MINUTE) AS bucket,
            argMin(c.open, c.timestamp) AS open,
            max(c.high) AS high,
            min(c.low) AS low,
            argMax(c.close, c.timestamp) AS close,
            sumKahan(c.volume) AS volume,
            if(count(c.quote_volume) = count(), sumKahan(c.quote_volume), NULL) AS quote_volume,
            if(count(c.trades) = count(), sum(toUInt64(c.trades)), NULL) AS trades,
            multiIf(max(c.origin = 'synthetic') = 1, 'synthetic', c.timeframe = '15m', toString(any(c.origin)), 'resampled') AS origin,
            toUInt32(count()) AS candles,
            toUInt32(900 / transform(c.timeframe, ['1m', '5m', '15m'], [60, 300, 900], 900)) AS expected
        FROM candles_stored AS c
        WHERE c.timeframe IN ('1m', '5m', '15m')
        GROUP BY exchange, symbol, base, bucket
    ) AS p
    INNER JOIN
    (
        SELECT
            exchange,
            symbol,
            max(head + toIntervalSecond(transform(timeframe, ['1m', '5m', '15m', '30m', '1h', '4h', '1d'], [60, 300, 900, 1800, 3600, 14400, 86400], 1))) AS closed
        FROM market_days
        GROUP BY exchange, symbol
    ) AS m
        ON p.exchange = m.exchange AND p.symbol = m.symbol
    WHERE p.bucket + INTERVAL 15 MINUTE <= m.closed
    GROUP BY exchange, symbol, bucket
);

CREATE OR REPLACE VIEW candles_30m AS
SELECT
    exchange,
    symbol,
    '30m' AS timeframe,
    toDateTime64(bucket, 3, 'UTC') AS timestamp,
    best.1 AS open,
    best.2 AS high,
    best.3 AS low,
    best.4 AS close,
    best.5 AS volume,
    best.6 AS quote_volume,
    best.7 AS trades,
    best.8 AS origin,
    best.9 AS base,
    best.10 AS candles,
    best.11 AS expected
FROM
(
    SELECT
        p.exchange AS exchange,
        p.symbol AS symbol,
        p.bucket AS bucket,
        argMax(
            (p.open, p.high, p.low, p.close, p.volume, p.quote_volume, p.trades, p.origin, p.base, p.candles, p.expected),
            (p.candles / p.expected, p.expected)
        ) AS best
    FROM
    (
        SELECT
            c.exchange AS exchange,
            c.symbol AS symbol,
            c.timeframe AS base,
            toStartOfInterval(c.timestamp, INTERVAL 30 MINUTE) AS bucket,
            argMin(c.open, c.timestamp) AS open,
            max(c.high) AS high,
            min(c.low) AS low,
            argMax(c.close, c.timestamp) AS close,
            sumKahan(c.volume) AS volume,
            if(count(c.quote_volume) = count(), sumKahan(c.quote_volume), NULL) AS quote_volume,
            if(count(c.trades) = count(), sum(toUInt64(c.trades)), NULL) AS trades,
            multiIf(max(c.origin = 'synthetic') = 1, 'synthetic', c.timeframe = '30m', toString(any(c.origin)), 'resampled') AS origin,
            toUInt32(count()) AS candles,
            toUInt32(1800 / transform(c.timeframe, ['1m', '5m', '15m', '30m'], [60, 300, 900, 1800], 1800)) AS expected
        FROM candles_stored AS c
        WHERE c.timeframe IN ('1m', '5m', '15m', '30m')
        GROUP BY exchange, symbol, base, bucket
    ) AS p
    INNER JOIN
    (
        SELECT
            exchange,
            symbol,
            max(head + toIntervalSecond(transform(timeframe, ['1m', '5m', '15m', '30m', '1h', '4h', '1d'], [60, 300, 900, 1800, 3600, 14400, 86400], 1))) AS closed
        FROM market_days
        GROUP BY exchange, symbol
    ) AS m
        ON p.exchange = m.exchange AND p.symbol = m.symbol
    WHERE p.bucket + INTERVAL 30 MINUTE <= m.closed
    GROUP BY exchange, symbol, bucket
);

CREATE OR REPLACE VIEW candles_1h AS
SELECT
    exchange,
    symbol,
    '1h' AS timeframe,
    toDateTime64(bucket, 3, 'UTC') AS timestamp,
    best.1 AS open,
    best.2 AS high,
    best.3 AS low,
    best.4 AS close,
    best.5 AS volume,
    best.6 AS quote_volume,
    best.7 AS trades,
    best.8 AS origin,
    best.9 AS base,
    best.10 AS candles,
    best.11 AS expected
FROM
(
    SELECT
        p.exchange AS exchange,
        p.symbol AS symbol,
        p.bucket AS bucket,
        argMax(
            (p.open, p.high, p.low, p.close, p.volume, p.quote_volume, p.trades, p.origin, p.base, p.candles, p.expected),
            (p.candles / p.expected, p.expected)
        ) AS best
    FROM
    (
        SELECT
            c.exchange AS exchange,
            c.symbol AS symbol,
            c.base AS base,
            toStartOfInterval(c.timestamp, INTERVAL 1 HOUR) AS bucket,
            argMin(c.open, c.timestamp) AS open,
            max(c.high) AS high,
            min(c.low) AS low,
            argMax(c.close, c.timestamp) AS close,
            sumKahan(c.volume) AS volume,
            if(count(c.quote_volume) = count(), sumKahan(c.quote_volume), NULL) AS quote_volume,
            if(count(c.trades) = count(), sum(c.trades), NULL) AS trades,
            multiIf(max(c.origin = 'synthetic') = 1, 'synthetic', c.base = '1h', toString(any(c.origin)), 'resampled') AS origin,
            toUInt32(sum(c.candles)) AS candles,
            toUInt32(3600 / transform(c.base, ['1m', '5m', '15m', '30m', '1h'], [60, 300, 900, 1800, 3600], 3600)) AS expected
        FROM candles_hours AS c
        WHERE c.base IN ('1m', '5m', '15m', '30m', '1h')
        GROUP BY exchange, symbol, base, bucket
    ) AS p
    INNER JOIN
    (
        SELECT
            exchange,
            symbol,
            max(head + toIntervalSecond(transform(timeframe, ['1m', '5m', '15m', '30m', '1h', '4h', '1d'], [60, 300, 900, 1800, 3600, 14400, 86400], 1))) AS closed
        FROM market_days
        GROUP BY exchange, symbol
    ) AS m
        ON p.exchange = m.exchange AND p.symbol = m.symbol
    WHERE p.bucket + INTERVAL 1 HOUR <= m.closed
    GROUP BY exchange, symbol, bucket
);

CREATE OR REPLACE VIEW candles_hours_and_longer AS
SELECT
    exchange,
    symbol,
    base,
    timestamp,
    open,
    high,
    low,
    close,
    volume,
    quote_volume,
    trades,
    origin,
    candles
FROM candles_hours
UNION ALL
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
    quote_volume,
    toUInt64(trades),
    toString(origin),
    toUInt32(1)
FROM candles_stored
WHERE timeframe IN ('4h', '1d');

CREATE OR REPLACE VIEW candles_4h AS
SELECT
    exchange,
    symbol,
    '4h' AS timeframe,
    toDateTime64(bucket, 3, 'UTC') AS timestamp,
    best.1 AS open,
    best.2 AS high,
    best.3 AS low,
    best.4 AS close,
    best.5 AS volume,
    best.6 AS quote_volume,
    best.7 AS trades,
    best.8 AS origin,
    best.9 AS base,
    best.10 AS candles,
    best.11 AS expected
FROM
(
    SELECT
        p.exchange AS exchange,
        p.symbol AS symbol,
        p.bucket AS bucket,
        argMax(
            (p.open, p.high, p.low, p.close, p.volume, p.quote_volume, p.trades, p.origin, p.base, p.candles, p.expected),
            (p.candles / p.expected, p.expected)
        ) AS best
    FROM
    (
        SELECT
            c.exchange AS exchange,
            c.symbol AS symbol,
            c.base AS base,
            toStartOfInterval(c.timestamp, INTERVAL 4 HOUR) AS bucket,
            argMin(c.open, c.timestamp) AS open,
            max(c.high) AS high,
            min(c.low) AS low,
            argMax(c.close, c.timestamp) AS close,
            sumKahan(c.volume) AS volume,
            if(count(c.quote_volume) = count(), sumKahan(c.quote_volume), NULL) AS quote_volume,
            if(count(c.trades) = count(), sum(c.trades), NULL) AS trades,
            multiIf(max(c.origin = 'synthetic') = 1, 'synthetic', c.base = '4h', toString(any(c.origin)), 'resampled') AS origin,
            toUInt32(sum(c.candles)) AS candles,
            toUInt32(14400 / transform(c.base, ['1m', '5m', '15m', '30m', '1h', '4h'], [60, 300, 900, 1800, 3600, 14400], 14400)) AS expected
        FROM candles_hours_and_longer AS c
        WHERE c.base IN ('1m', '5m', '15m', '30m', '1h', '4h')
        GROUP BY exchange, symbol, base, bucket
    ) AS p
    INNER JOIN
    (
        SELECT
            exchange,
            symbol,
            max(head + toIntervalSecond(transform(timeframe, ['1m', '5m', '15m', '30m', '1h', '4h', '1d'], [60, 300, 900, 1800, 3600, 14400, 86400], 1))) AS closed
        FROM market_days
        GROUP BY exchange, symbol
    ) AS m
        ON p.exchange = m.exchange AND p.symbol = m.symbol
    WHERE p.bucket + INTERVAL 4 HOUR <= m.closed
    GROUP BY exchange, symbol, bucket
);

CREATE OR REPLACE VIEW candles_1d AS
SELECT
    exchange,
    symbol,
    '1d' AS timeframe,
    toDateTime64(bucket, 3, 'UTC') AS timestamp,
    best.1 AS open,
    best.2 AS high,
    best.3 AS low,
    best.4 AS close,
    best.5 AS volume,
    best.6 AS quote_volume,
    best.7 AS trades,
    best.8 AS origin,
    best.9 AS base,
    best.10 AS candles,
    best.11 AS expected
FROM
(
    SELECT
        p.exchange AS exchange,
        p.symbol AS symbol,
        p.bucket AS bucket,
        argMax(
            (p.open, p.high, p.low, p.close, p.volume, p.quote_volume, p.trades, p.origin, p.base, p.candles, p.expected),
            (p.candles / p.expected, p.expected)
        ) AS best
    FROM
    (
        SELECT
            c.exchange AS exchange,
            c.symbol AS symbol,
            c.base AS base,
            toStartOfInterval(c.timestamp, INTERVAL 1 DAY) AS bucket,
            argMin(c.open, c.timestamp) AS open,
            max(c.high) AS high,
            min(c.low) AS low,
            argMax(c.close, c.timestamp) AS close,
            sumKahan(c.volume) AS volume,
            if(count(c.quote_volume) = count(), sumKahan(c.quote_volume), NULL) AS quote_volume,
            if(count(c.trades) = count(), sum(c.trades), NULL) AS trades,
            multiIf(max(c.origin = 'synthetic') = 1, 'synthetic', c.base = '1d', toString(any(c.origin)), 'resampled') AS origin,
            toUInt32(sum(c.candles)) AS candles,
            toUInt32(86400 / transform(c.base, ['1m', '5m', '15m', '30m', '1h', '4h', '1d'], [60, 300, 900, 1800, 3600, 14400, 86400], 86400)) AS expected
        FROM candles_hours_and_longer AS c
        WHERE c.base IN ('1m', '5m', '15m', '30m', '1h', '4h', '1d')
        GROUP BY exchange, symbol, base, bucket
    ) AS p
    INNER JOIN
    (
        SELECT
            exchange,
            symbol,
            max(head + toIntervalSecond(transform(timeframe, ['1m', '5m', '15m', '30m', '1h', '4h', '1d'], [60, 300, 900, 1800, 3600, 14400, 86400], 1))) AS closed
        FROM market_days
        GROUP BY exchange, symbol
    ) AS m
        ON p.exchange = m.exchange AND p.symbol = m.symbol
    WHERE p.bucket + INTERVAL 1 DAY <= m.closed
    GROUP BY exchange, symbol, bucket
);

CREATE OR REPLACE VIEW candles AS
SELECT
    c.exchange AS exchange,
    c.symbol AS symbol,
    '1m' AS timeframe,
    c.timestamp AS timestamp,
    c.open AS open,
    c.high AS high,
    c.low AS low,
    c.close AS close,
    c.volume AS volume,
    c.quote_volume AS quote_volume,
    toUInt64(c.trades) AS trades,
    toString(c.origin) AS origin,
    '1m' AS base,
    toUInt32(1) AS candles,
    toUInt32(1) AS expected
FROM candles_stored AS c
-- Without the alias the name would mean the constant above, and every stored candle would pass for 1m.
WHERE c.timeframe = '1m'
UNION ALL
SELECT * FROM candles_5m
UNION ALL
SELECT * FROM candles_15m
UNION ALL
SELECT * FROM candles_30m
UNION ALL
SELECT * FROM candles_1h
UNION ALL
SELECT * FROM candles_4h
UNION ALL
SELECT * FROM candles_1d;

-- ClickHouse takes comments of a view's columns in a column list with types, or afterwards: here, so that types stay derived.

ALTER TABLE candles_stored
    COMMENT COLUMN exchange 'Venue; sandbox is made up.',
    COMMENT COLUMN symbol 'Unified symbol such as BTC/USDT.',
    COMMENT COLUMN timeframe 'Length of the candle, such as 5m.',
    COMMENT COLUMN timestamp 'Open time of the candle, UTC.',
    COMMENT COLUMN open 'First price, in quote currency.',
    COMMENT COLUMN high 'Highest price, in quote currency.',
    COMMENT COLUMN low 'Lowest price, in quote currency.',
    COMMENT COLUMN close 'Last price, in quote currency.',
    COMMENT COLUMN volume 'Traded volume, in base currency.',
    COMMENT COLUMN quote_volume 'Traded volume in quote currency; NULL where any part does not say.',
    COMMENT COLUMN trades 'Number of trades; NULL where any part does not say.',
    COMMENT COLUMN origin 'venue, dump, resampled or synthetic; synthetic if any part is.',
    COMMENT COLUMN revision 'How many times the values of this candle were corrected.',
    COMMENT COLUMN ingested_at 'When this revision was written, UTC.',
    MODIFY COMMENT 'Candles as fetched, every closed one once, newest revision.';

ALTER TABLE candles_hours
    COMMENT COLUMN exchange 'Venue; sandbox is made up.',
    COMMENT COLUMN symbol 'Unified symbol such as BTC/USDT.',
    COMMENT COLUMN base 'Timeframe of the stored candles that it is made of.',
    COMMENT COLUMN timestamp 'Open time of the candle, UTC.',
    COMMENT COLUMN open 'First price, in quote currency.',
    COMMENT COLUMN high 'Highest price, in quote currency.',
    COMMENT COLUMN low 'Lowest price, in quote currency.',
    COMMENT COLUMN close 'Last price, in quote currency.',
    COMMENT COLUMN volume 'Traded volume, in base currency.',
    COMMENT COLUMN quote_volume 'Traded volume in quote currency; NULL where any part does not say.',
    COMMENT COLUMN trades 'Number of trades; NULL where any part does not say.',
    COMMENT COLUMN origin 'venue, dump, resampled or synthetic; synthetic if any part is.',
    COMMENT COLUMN candles 'How many stored candles it is made of.',
    MODIFY COMMENT 'Hours: built ahead of time where nothing was written to their day since, else added up now. Not all of them closed: read candles_1h.';

ALTER TABLE candles_hours_and_longer
    COMMENT COLUMN exchange 'Venue; sandbox is made up.',
    COMMENT COLUMN symbol 'Unified symbol such as BTC/USDT.',
    COMMENT COLUMN base 'Timeframe of the stored candles that it is made of.',
    COMMENT COLUMN timestamp 'Open time of the candle, UTC.',
    COMMENT COLUMN open 'First price, in quote currency.',
    COMMENT COLUMN high 'Highest price, in quote currency.',
    COMMENT COLUMN low 'Lowest price, in quote currency.',
    COMMENT COLUMN close 'Last price, in quote currency.',
    COMMENT COLUMN volume 'Traded volume, in base currency.',
    COMMENT COLUMN quote_volume 'Traded volume in quote currency; NULL where any part does not say.',
    COMMENT COLUMN trades 'Number of trades; NULL where any part does not say.',
    COMMENT COLUMN origin 'venue, dump, resampled or synthetic; synthetic if any part is.',
    COMMENT COLUMN candles 'How many stored candles it is made of.',
    MODIFY COMMENT 'candles_hours and what is stored in longer timeframes: what candles_4h and candles_1d add up.';

ALTER TABLE candles_5m
    COMMENT COLUMN exchange 'Venue; sandbox is made up.',
    COMMENT COLUMN symbol 'Unified symbol such as BTC/USDT.',
    COMMENT COLUMN timeframe 'Length of the candle, such as 5m.',
    COMMENT COLUMN timestamp 'Open time of the candle, UTC.',
    COMMENT COLUMN open 'First price, in quote currency.',
    COMMENT COLUMN high 'Highest price, in quote currency.',
    COMMENT COLUMN low 'Lowest price, in quote currency.',
    COMMENT COLUMN close 'Last price, in quote currency.',
    COMMENT COLUMN volume 'Traded volume, in base currency.',
    COMMENT COLUMN quote_volume 'Traded volume in quote currency; NULL where any part does not say.',
    COMMENT COLUMN trades 'Number of trades; NULL where any part does not say.',
    COMMENT COLUMN origin 'venue, dump, resampled or synthetic; synthetic if any part is.',
    COMMENT COLUMN base 'Timeframe of the stored candles that it is made of.',
    COMMENT COLUMN candles 'How many stored candles it is made of.',
    COMMENT COLUMN expected 'How many stored candles it could be made of.',
    MODIFY COMMENT 'Closed candles of 5 minutes, from the finest stored candles that cover them best.';

ALTER TABLE candles_15m
    COMMENT COLUMN exchange 'Venue; sandbox is made up.',
    COMMENT COLUMN symbol 'Unified symbol such as BTC/USDT.',
    COMMENT COLUMN timeframe 'Length of the candle, such as 5m.',
    COMMENT COLUMN timestamp 'Open time of the candle, UTC.',
    COMMENT COLUMN open 'First price, in quote currency.',
    COMMENT COLUMN high 'Highest price, in quote currency.',
    COMMENT COLUMN low 'Lowest price, in quote currency.',
    COMMENT COLUMN close 'Last price, in quote currency.',
    COMMENT COLUMN volume 'Traded volume, in base currency.',
    COMMENT COLUMN quote_volume 'Traded volume in quote currency; NULL where any part does not say.',
    COMMENT COLUMN trades 'Number of trades; NULL where any part does not say.',
    COMMENT COLUMN origin 'venue, dump, resampled or synthetic; synthetic if any part is.',
    COMMENT COLUMN base 'Timeframe of the stored candles that it is made of.',
    COMMENT COLUMN candles 'How many stored candles it is made of.',
    COMMENT COLUMN expected 'How many stored candles it could be made of.',
    MODIFY COMMENT 'Closed candles of 15 minutes, from the finest stored candles that cover them best.';

ALTER TABLE candles_30m
    COMMENT COLUMN exchange 'Venue; sandbox is made up.',
    COMMENT COLUMN symbol 'Unified symbol such as BTC/USDT.',
    COMMENT COLUMN timeframe 'Length of the candle, such as 5m.',
    COMMENT COLUMN timestamp 'Open time of the candle, UTC.',
    COMMENT COLUMN open 'First price, in quote currency.',
    COMMENT COLUMN high 'Highest price, in quote currency.',
    COMMENT COLUMN low 'Lowest price, in quote currency.',
    COMMENT COLUMN close 'Last price, in quote currency.',
    COMMENT COLUMN volume 'Traded volume, in base currency.',
    COMMENT COLUMN quote_volume 'Traded volume in quote currency; NULL where any part does not say.',
    COMMENT COLUMN trades 'Number of trades; NULL where any part does not say.',
    COMMENT COLUMN origin 'venue, dump, resampled or synthetic; synthetic if any part is.',
    COMMENT COLUMN base 'Timeframe of the stored candles that it is made of.',
    COMMENT COLUMN candles 'How many stored candles it is made of.',
    COMMENT COLUMN expected 'How many stored candles it could be made of.',
    MODIFY COMMENT 'Closed candles of 30 minutes, from the finest stored candles that cover them best.';

ALTER TABLE candles_1h
    COMMENT COLUMN exchange 'Venue; sandbox is made up.',
    COMMENT COLUMN symbol 'Unified symbol such as BTC/USDT.',
    COMMENT COLUMN timeframe 'Length of the candle, such as 5m.',
    COMMENT COLUMN timestamp 'Open time of the candle, UTC.',
    COMMENT COLUMN open 'First price, in quote currency.',
    COMMENT COLUMN high 'Highest price, in quote currency.',
    COMMENT COLUMN low 'Lowest price, in quote currency.',
    COMMENT COLUMN close 'Last price, in quote currency.',
    COMMENT COLUMN volume 'Traded volume, in base currency.',
    COMMENT COLUMN quote_volume 'Traded volume in quote currency; NULL where any part does not say.',
    COMMENT COLUMN trades 'Number of trades; NULL where any part does not say.',
    COMMENT COLUMN origin 'venue, dump, resampled or synthetic; synthetic if any part is.',
    COMMENT COLUMN base 'Timeframe of the stored candles that it is made of.',
    COMMENT COLUMN candles 'How many stored candles it is made of.',
    COMMENT COLUMN expected 'How many stored candles it could be made of.',
    MODIFY COMMENT 'Closed candles of an hour, from the finest stored candles that cover them best.';

ALTER TABLE candles_4h
    COMMENT COLUMN exchange 'Venue; sandbox is made up.',
    COMMENT COLUMN symbol 'Unified symbol such as BTC/USDT.',
    COMMENT COLUMN timeframe 'Length of the candle, such as 5m.',
    COMMENT COLUMN timestamp 'Open time of the candle, UTC.',
    COMMENT COLUMN open 'First price, in quote currency.',
    COMMENT COLUMN high 'Highest price, in quote currency.',
    COMMENT COLUMN low 'Lowest price, in quote currency.',
    COMMENT COLUMN close 'Last price, in quote currency.',
    COMMENT COLUMN volume 'Traded volume, in base currency.',
    COMMENT COLUMN quote_volume 'Traded volume in quote currency; NULL where any part does not say.',
    COMMENT COLUMN trades 'Number of trades; NULL where any part does not say.',
    COMMENT COLUMN origin 'venue, dump, resampled or synthetic; synthetic if any part is.',
    COMMENT COLUMN base 'Timeframe of the stored candles that it is made of.',
    COMMENT COLUMN candles 'How many stored candles it is made of.',
    COMMENT COLUMN expected 'How many stored candles it could be made of.',
    MODIFY COMMENT 'Closed candles of 4 hours, from the finest stored candles that cover them best.';

ALTER TABLE candles_1d
    COMMENT COLUMN exchange 'Venue; sandbox is made up.',
    COMMENT COLUMN symbol 'Unified symbol such as BTC/USDT.',
    COMMENT COLUMN timeframe 'Length of the candle, such as 5m.',
    COMMENT COLUMN timestamp 'Open time of the candle, UTC.',
    COMMENT COLUMN open 'First price, in quote currency.',
    COMMENT COLUMN high 'Highest price, in quote currency.',
    COMMENT COLUMN low 'Lowest price, in quote currency.',
    COMMENT COLUMN close 'Last price, in quote currency.',
    COMMENT COLUMN volume 'Traded volume, in base currency.',
    COMMENT COLUMN quote_volume 'Traded volume in quote currency; NULL where any part does not say.',
    COMMENT COLUMN trades 'Number of trades; NULL where any part does not say.',
    COMMENT COLUMN origin 'venue, dump, resampled or synthetic; synthetic if any part is.',
    COMMENT COLUMN base 'Timeframe of the stored candles that it is made of.',
    COMMENT COLUMN candles 'How many stored candles it is made of.',
    COMMENT COLUMN expected 'How many stored candles it could be made of.',
    MODIFY COMMENT 'Closed candles of a UTC day, from the finest stored candles that cover them best.';

ALTER TABLE candles
    COMMENT COLUMN exchange 'Venue; sandbox is made up.',
    COMMENT COLUMN symbol 'Unified symbol such as BTC/USDT.',
    COMMENT COLUMN timeframe 'Length of the candle, such as 5m.',
    COMMENT COLUMN timestamp 'Open time of the candle, UTC.',
    COMMENT COLUMN open 'First price, in quote currency.',
    COMMENT COLUMN high 'Highest price, in quote currency.',
    COMMENT COLUMN low 'Lowest price, in quote currency.',
    COMMENT COLUMN close 'Last price, in quote currency.',
    COMMENT COLUMN volume 'Traded volume, in base currency.',
    COMMENT COLUMN quote_volume 'Traded volume in quote currency; NULL where any part does not say.',
    COMMENT COLUMN trades 'Number of trades; NULL where any part does not say.',
    COMMENT COLUMN origin 'venue, dump, resampled or synthetic; synthetic if any part is.',
    COMMENT COLUMN base 'Timeframe of the stored candles that it is made of.',
    COMMENT COLUMN candles 'How many stored candles it is made of.',
    COMMENT COLUMN expected 'How many stored candles it could be made of.',
    MODIFY COMMENT 'Closed candles of every timeframe. Filter by exchange, symbol, timeframe and time.';
