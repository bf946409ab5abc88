-- Candles: what was fetched, what is known about each day, and hours added up ahead of time.
-- Why this order key, these codecs and this way of deriving timeframes: docs/candles.md, measured by
-- benchmarks/bench_layout.py.

CREATE TABLE IF NOT EXISTS market_ohlcv
(
    exchange LowCardinality(String) COMMENT 'Venue as named in candlehouse.toml; sandbox is made up.',
    symbol LowCardinality(String) COMMENT 'Unified symbol such as BTC/USDT.',
    timeframe LowCardinality(String) COMMENT 'Timeframe that was fetched, such as 1m; coarser ones are derived in views.',
    timestamp DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)) COMMENT 'Open time of the candle, UTC.',
    open Float64 CODEC(ZSTD(3)) COMMENT 'First price, in quote currency.',
    high Float64 CODEC(ZSTD(3)) COMMENT 'Highest price, in quote currency.',
    low Float64 CODEC(ZSTD(3)) COMMENT 'Lowest price, in quote currency.',
    close Float64 CODEC(ZSTD(3)) COMMENT 'Last price, in quote currency.',
    volume Float64 CODEC(ZSTD(3)) COMMENT 'Traded volume, in base currency.',
    quote_volume Nullable(Float64) CODEC(ZSTD(3)) COMMENT 'Traded volume in quote currency; NULL where the source does not say.',
    trades Nullable(UInt32) CODEC(ZSTD(3)) COMMENT 'Number of trades; NULL where the source does not say.',
    origin Enum8('venue' = 1, 'dump' = 2, 'resampled' = 3, 'synthetic' = 4) DEFAULT 'venue'
        COMMENT 'Where the row comes from: the venue itself, its bulk files, finer candles, or made up.',
    revision UInt32 DEFAULT 0 COMMENT 'How many times the values of this candle were corrected.',
    ingested_at DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(ZSTD(1)) COMMENT 'When this revision was written, UTC.',
    version UInt64 MATERIALIZED toUInt64(revision)
        + multiIf(origin IN ('venue', 'dump'), 2, origin = 'resampled', 1, 0) * toUInt64(4294967296) CODEC(ZSTD(1))
        COMMENT 'Which row wins: a real candle beats a resampled one beats a made up one, then the later revision.'
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(timestamp)
ORDER BY (exchange, symbol, timeframe, timestamp)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'Candles as fetched, closed ones only. One row per exchange, symbol, timeframe and open time, after FINAL. Read it through candles_stored or candles.';

CREATE TABLE IF NOT EXISTS market_ohlcv_revisions
(
    exchange LowCardinality(String) COMMENT 'Venue.',
    symbol LowCardinality(String) COMMENT 'Unified symbol.',
    timeframe LowCardinality(String) COMMENT 'Timeframe that was fetched.',
    timestamp DateTime64(3, 'UTC') COMMENT 'Open time of the candle, UTC.',
    revision UInt32 COMMENT 'The revision that these values were.',
    open Float64 COMMENT 'First price of that revision.',
    high Float64 COMMENT 'Highest price of that revision.',
    low Float64 COMMENT 'Lowest price of that revision.',
    close Float64 COMMENT 'Last price of that revision.',
    volume Float64 COMMENT 'Volume of that revision, in base currency.',
    quote_volume Nullable(Float64) COMMENT 'Volume of that revision, in quote currency.',
    trades Nullable(UInt32) COMMENT 'Number of trades of that revision.',
    origin Enum8('venue' = 1, 'dump' = 2, 'resampled' = 3, 'synthetic' = 4) COMMENT 'Where that revision came from.',
    ingested_at DateTime64(3, 'UTC') COMMENT 'When that revision was written, UTC.',
    replaced_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When it was found to be replaced, UTC.'
)
ENGINE = ReplacingMergeTree(replaced_at)
PARTITION BY toYYYYMM(timestamp)
ORDER BY (exchange, symbol, timeframe, timestamp, revision)
COMMENT 'Values that a venue later corrected: one row per replaced revision of a candle.';

CREATE TABLE IF NOT EXISTS market_days
(
    exchange LowCardinality(String) COMMENT 'Venue.',
    symbol LowCardinality(String) COMMENT 'Unified symbol.',
    timeframe LowCardinality(String) COMMENT 'Timeframe that was fetched.',
    day Date COMMENT 'UTC day of the open times.',
    candles SimpleAggregateFunction(max, UInt32) COMMENT 'At least so many candles are stored; the collector writes the exact number after each batch.',
    head SimpleAggregateFunction(max, DateTime64(3, 'UTC')) COMMENT 'Last open time written on this day, UTC.',
    touches SimpleAggregateFunction(sum, UInt64) COMMENT 'Grows with every write to this day.',
    rolled SimpleAggregateFunction(max, UInt64) COMMENT 'The touches that market_ohlcv_hours was last built from. The hours are true while both are equal.'
)
ENGINE = AggregatingMergeTree
ORDER BY (exchange, symbol, timeframe, day)
SETTINGS index_granularity = 512
COMMENT 'One row per market and day, after aggregation: bounds reads and says which derived rows are still true.';

CREATE MATERIALIZED VIEW IF NOT EXISTS market_days_feed TO market_days AS
SELECT
    exchange,
    symbol,
    timeframe,
    toDate(timestamp, 'UTC') AS day,
    toUInt32(uniqExact(timestamp)) AS candles,
    max(timestamp) AS head,
    toUInt64(1) AS touches,
    toUInt64(0) AS rolled
FROM market_ohlcv
GROUP BY exchange, symbol, timeframe, day
COMMENT 'Marks the days of every INSERT into market_ohlcv.';

CREATE TABLE IF NOT EXISTS market_ohlcv_hours
(
    exchange LowCardinality(String) COMMENT 'Venue.',
    symbol LowCardinality(String) COMMENT 'Unified symbol.',
    timeframe LowCardinality(String) COMMENT 'Timeframe of the candles that were added up.',
    timestamp DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)) COMMENT 'Open time of the hour, UTC.',
    open Float64 CODEC(ZSTD(3)) COMMENT 'First price.',
    high Float64 CODEC(ZSTD(3)) COMMENT 'Highest price.',
    low Float64 CODEC(ZSTD(3)) COMMENT 'Lowest price.',
    close Float64 CODEC(ZSTD(3)) COMMENT 'Last price.',
    volume Float64 CODEC(ZSTD(3)) COMMENT 'Volume in base currency.',
    quote_volume Nullable(Float64) CODEC(ZSTD(3)) COMMENT 'Volume in quote currency; NULL if any candle lacks it.',
    trades Nullable(UInt64) CODEC(ZSTD(3)) COMMENT 'Number of trades; NULL if any candle lacks it.',
    synthetic UInt8 COMMENT '1 if any candle of the hour was made up.',
    candles UInt32 COMMENT 'How many candles were added up.',
    last DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)) COMMENT 'End of the last candle that was added up, UTC.',
    as_of UInt64 COMMENT 'market_days.touches, read before the candles were.'
)
ENGINE = ReplacingMergeTree(as_of)
PARTITION BY toYear(timestamp)
ORDER BY (exchange, symbol, timeframe, timestamp)
COMMENT 'Hours added up ahead of time. Only rows whose as_of is still market_days.touches are read; others are added up on the fly.';

CREATE TABLE IF NOT EXISTS daily_marks_versions
(
    exchange LowCardinality(String) COMMENT 'Venue of the trades; sandbox for generated data.',
    symbol LowCardinality(String) COMMENT 'Instrument, as the venue of the trades names it.',
    day Date32 COMMENT 'UTC day.',
    price Decimal(38, 18) COMMENT 'Close of the last candle of the day, in the quote currency per unit.' CODEC(ZSTD(1)),
    priced_at DateTime64(6, 'UTC') COMMENT 'When that candle ended (UTC).' CODEC(DoubleDelta, ZSTD(1)),
    market_exchange LowCardinality(String) COMMENT 'Venue of the candles.',
    market_symbol LowCardinality(String) COMMENT 'Market of the candles.',
    created_at DateTime64(6, 'UTC') COMMENT 'When the mark was first taken (UTC).' CODEC(DoubleDelta, ZSTD(1)),
    updated_at DateTime64(6, 'UTC') COMMENT 'Version: when the row last changed in PostgreSQL (UTC).' CODEC(DoubleDelta, ZSTD(1)),
    ingested_at DateTime64(6, 'UTC') DEFAULT now64(6) COMMENT 'When it arrived here (UTC).' CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = ReplacingMergeTree(updated_at)
ORDER BY (exchange, symbol, day)
COMMENT 'Copy of daily_marks, all versions: read the view daily_marks.';

CREATE OR REPLACE VIEW daily_marks
(
    exchange LowCardinality(String) COMMENT 'Venue of the trades; sandbox for generated data.',
    symbol LowCardinality(String) COMMENT 'Instrument, as the venue of the trades names it.',
    day Date32 COMMENT 'UTC day.',
    price Decimal(38, 18) COMMENT 'Close of the last candle of the day, in the quote currency per unit.',
    priced_at DateTime64(6, 'UTC') COMMENT 'When that candle ended (UTC).',
    market_exchange LowCardinality(String) COMMENT 'Venue of the candles.',
    market_symbol LowCardinality(String) COMMENT 'Market of the candles.',
    created_at DateTime64(6, 'UTC') COMMENT 'When the mark was first taken (UTC).',
    updated_at DateTime64(6, 'UTC') COMMENT 'Version: when the row last changed in PostgreSQL (UTC).',
    ingested_at DateTime64(6, 'UTC') COMMENT 'When it arrived here (UTC).'
)
AS SELECT * FROM daily_marks_versions FINAL
COMMENT 'Last price of each UTC day for the instruments that agents held, newest version.';
