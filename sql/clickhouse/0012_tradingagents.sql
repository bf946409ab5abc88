-- Facade of the tradingagents design: its names over the canonical tables. tradingagents.X is read, tradingagents_write.X is inserted into; plain
-- views of ClickHouse refuse INSERT (docs/clickhouse.md says what else was tried).
-- The design prints no columns for these tables (its document names them only); the canonical names stand.

CREATE DATABASE IF NOT EXISTS tradingagents COMMENT 'Facade of the tradingagents design.';

CREATE DATABASE IF NOT EXISTS tradingagents_write COMMENT 'Doors of the tradingagents design: tables of the same names to INSERT into.';

CREATE OR REPLACE VIEW tradingagents.market_data
(
    timestamp DateTime64(3, 'UTC') COMMENT 'Open time of the candle (UTC).',
    symbol LowCardinality(String) COMMENT 'Instrument.',
    exchange LowCardinality(String) COMMENT 'Venue.',
    timeframe LowCardinality(String) COMMENT 'Timeframe, such as 1d.',
    open Float64 COMMENT 'First price, in quote currency.',
    high Float64 COMMENT 'Highest price, in quote currency.',
    low Float64 COMMENT 'Lowest price, in quote currency.',
    close Float64 COMMENT 'Last price, in quote currency.',
    volume Float64 COMMENT 'Traded volume, in base currency.',
    quote_volume Nullable(Float64) COMMENT 'Traded volume in quote currency; NULL where unknown.',
    trades Nullable(UInt64) COMMENT 'Number of trades; NULL where unknown.'
)
AS SELECT
    timestamp,
    symbol,
    exchange,
    timeframe,
    open,
    high,
    low,
    close,
    volume,
    quote_volume,
    trades
FROM candles
WHERE (exchange = 'sandbox') = ((SELECT exchange FROM home_exchange) = 'sandbox')
COMMENT 'Closed candles of all symbols and timeframes.';

CREATE TABLE IF NOT EXISTS tradingagents_write.market_data
(
    timestamp DateTime64(3, 'UTC') COMMENT 'Open time of the candle (UTC).',
    symbol LowCardinality(String) COMMENT 'Instrument.',
    exchange LowCardinality(String) COMMENT 'Venue.',
    timeframe LowCardinality(String) COMMENT 'Timeframe, such as 1d.',
    open Float64 COMMENT 'First price, in quote currency.',
    high Float64 COMMENT 'Highest price, in quote currency.',
    low Float64 COMMENT 'Lowest price, in quote currency.',
    close Float64 COMMENT 'Last price, in quote currency.',
    volume Float64 COMMENT 'Traded volume, in base currency.',
    quote_volume Nullable(Float64) COMMENT 'Traded volume in quote currency; NULL where unknown.',
    trades Nullable(UInt32) COMMENT 'Number of trades; NULL where unknown.'
)
ENGINE = Null
COMMENT 'INSERT here what the design inserts into market_data; read tradingagents.market_data. Keeps nothing itself.';

CREATE MATERIALIZED VIEW IF NOT EXISTS tradingagents_write.market_data_feed TO market_ohlcv AS
SELECT
    timestamp,
    symbol,
    exchange,
    timeframe,
    open,
    high,
    low,
    close,
    volume,
    quote_volume,
    trades
FROM tradingagents_write.market_data AS i
WHERE timestamp + toIntervalSecond(transform(timeframe, ['1m', '5m', '15m', '30m', '1h', '4h', '1d'], [60, 300, 900, 1800, 3600, 14400, 86400], 1)) <= now64(3)
COMMENT 'Lands rows of tradingagents_write.market_data in market_ohlcv.';

CREATE OR REPLACE VIEW tradingagents.technical_indicators
(
    timestamp DateTime64(3, 'UTC') COMMENT 'Open time of the candle that it belongs to (UTC).',
    symbol LowCardinality(String) COMMENT 'Instrument.',
    exchange LowCardinality(String) COMMENT 'Venue.',
    timeframe LowCardinality(String) COMMENT 'Candles that it was computed from.',
    indicator LowCardinality(String) COMMENT 'Name, such as rsi or macd_signal.',
    parameters LowCardinality(String) COMMENT 'Its parameters, such as 14 or 12,26,9.',
    value Float64 COMMENT 'The value.',
    computed_at DateTime64(3, 'UTC') COMMENT 'When it was computed (UTC); the version of the row.'
)
AS SELECT
    timestamp,
    symbol,
    exchange,
    timeframe,
    indicator,
    parameters,
    value,
    computed_at
FROM technical_indicators
WHERE (exchange = 'sandbox') = ((SELECT exchange FROM home_exchange) = 'sandbox')
COMMENT 'RSI, MACD, moving averages and others.';

CREATE TABLE IF NOT EXISTS tradingagents_write.technical_indicators
(
    timestamp DateTime64(3, 'UTC') COMMENT 'Open time of the candle that it belongs to (UTC).',
    symbol LowCardinality(String) COMMENT 'Instrument.',
    exchange LowCardinality(String) COMMENT 'Venue.',
    timeframe LowCardinality(String) COMMENT 'Candles that it was computed from.',
    indicator LowCardinality(String) COMMENT 'Name, such as rsi or macd_signal.',
    parameters LowCardinality(String) COMMENT 'Its parameters, such as 14 or 12,26,9.',
    value Float64 COMMENT 'The value.',
    computed_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When it was computed (UTC); the version of the row.'
)
ENGINE = Null
COMMENT 'INSERT here what the design inserts into technical_indicators; read tradingagents.technical_indicators. Keeps nothing itself.';

CREATE MATERIALIZED VIEW IF NOT EXISTS tradingagents_write.technical_indicators_feed TO technical_indicators_versions AS
SELECT
    timestamp,
    symbol,
    exchange,
    timeframe,
    indicator,
    parameters,
    value,
    computed_at
FROM tradingagents_write.technical_indicators AS i
COMMENT 'Lands rows of tradingagents_write.technical_indicators in technical_indicators_versions.';

CREATE OR REPLACE VIEW tradingagents.realtime_quotes
(
    timestamp DateTime64(3, 'UTC') COMMENT 'When the quote was true (UTC).',
    symbol LowCardinality(String) COMMENT 'Instrument.',
    exchange LowCardinality(String) COMMENT 'Venue.',
    bid Nullable(Float64) COMMENT 'Best bid, in quote currency.',
    bid_size Nullable(Float64) COMMENT 'Size at the best bid, in base currency.',
    ask Nullable(Float64) COMMENT 'Best ask, in quote currency.',
    ask_size Nullable(Float64) COMMENT 'Size at the best ask, in base currency.',
    price Nullable(Float64) COMMENT 'Price of the last trade.',
    volume Nullable(Float64) COMMENT 'Volume of 24 hours.',
    change_percent_24h Nullable(Float64) COMMENT 'Change over 24 hours in percent.'
)
AS SELECT
    timestamp,
    symbol,
    exchange,
    bid,
    bid_size,
    ask,
    ask_size,
    last AS price,
    volume_24h AS volume,
    change_percent_24h
FROM market_tickers
WHERE timestamp > now64(3) - INTERVAL 1 HOUR AND (exchange = 'sandbox') = ((SELECT exchange FROM home_exchange) = 'sandbox')
COMMENT 'Quotes of the last hour; older ones stay in market_tickers.';

CREATE TABLE IF NOT EXISTS tradingagents_write.realtime_quotes
(
    timestamp DateTime64(3, 'UTC') COMMENT 'When the quote was true (UTC).',
    symbol LowCardinality(String) COMMENT 'Instrument.',
    exchange LowCardinality(String) COMMENT 'Venue.',
    bid Nullable(Float64) COMMENT 'Best bid, in quote currency.',
    bid_size Nullable(Float64) COMMENT 'Size at the best bid, in base currency.',
    ask Nullable(Float64) COMMENT 'Best ask, in quote currency.',
    ask_size Nullable(Float64) COMMENT 'Size at the best ask, in base currency.',
    price Nullable(Float64) COMMENT 'Price of the last trade.',
    volume Nullable(Float64) COMMENT 'Volume of 24 hours.',
    change_percent_24h Nullable(Float64) COMMENT 'Change over 24 hours in percent.'
)
ENGINE = Null
COMMENT 'INSERT here what the design inserts into realtime_quotes; read tradingagents.realtime_quotes. Keeps nothing itself.';

CREATE MATERIALIZED VIEW IF NOT EXISTS tradingagents_write.realtime_quotes_feed TO market_tickers_versions AS
SELECT
    timestamp,
    symbol,
    exchange,
    bid,
    bid_size,
    ask,
    ask_size,
    price AS last,
    volume AS volume_24h,
    change_percent_24h
FROM tradingagents_write.realtime_quotes AS i
COMMENT 'Lands rows of tradingagents_write.realtime_quotes in market_tickers_versions.';

CREATE OR REPLACE VIEW tradingagents.ml_features
(
    timestamp DateTime64(3, 'UTC') COMMENT 'Moment that the features describe (UTC).',
    symbol LowCardinality(String) COMMENT 'Instrument.',
    exchange LowCardinality(String) COMMENT 'Venue.',
    timeframe LowCardinality(String) COMMENT 'Candles that they were computed from.',
    feature_set LowCardinality(String) COMMENT 'Name of the set.',
    feature_version LowCardinality(String) COMMENT 'Version of its definition.',
    features Map(LowCardinality(String), Float64) COMMENT 'The features by name.',
    as_of Nullable(DateTime64(3, 'UTC')) COMMENT 'Newest time of any input (UTC).',
    lineage String COMMENT 'JSON: what they were computed from.',
    computed_at DateTime64(3, 'UTC') COMMENT 'When they were computed (UTC); the version of the row.'
)
AS SELECT
    timestamp,
    symbol,
    exchange,
    timeframe,
    feature_set,
    feature_version,
    features,
    as_of,
    lineage,
    computed_at
FROM ml_features
WHERE (exchange = 'sandbox') = ((SELECT exchange FROM home_exchange) = 'sandbox')
COMMENT 'Feature vectors with the version of their definition.';

CREATE TABLE IF NOT EXISTS tradingagents_write.ml_features
(
    timestamp DateTime64(3, 'UTC') COMMENT 'Moment that the features describe (UTC).',
    symbol LowCardinality(String) COMMENT 'Instrument.',
    exchange LowCardinality(String) COMMENT 'Venue.',
    timeframe LowCardinality(String) COMMENT 'Candles that they were computed from.',
    feature_set LowCardinality(String) COMMENT 'Name of the set.',
    feature_version LowCardinality(String) COMMENT 'Version of its definition.',
    features Map(LowCardinality(String), Float64) COMMENT 'The features by name.',
    as_of Nullable(DateTime64(3, 'UTC')) COMMENT 'Newest time of any input (UTC).',
    lineage String DEFAULT '{}' COMMENT 'JSON: what they were computed from.',
    computed_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When they were computed (UTC); the version of the row.'
)
ENGINE = Null
COMMENT 'INSERT here what the design inserts into ml_features; read tradingagents.ml_features. Keeps nothing itself.';

CREATE MATERIALIZED VIEW IF NOT EXISTS tradingagents_write.ml_features_feed TO ml_features_versions AS
SELECT
    timestamp,
    symbol,
    exchange,
    timeframe,
    feature_set,
    feature_version,
    features,
    as_of,
    lineage,
    computed_at
FROM tradingagents_write.ml_features AS i
COMMENT 'Lands rows of tradingagents_write.ml_features in ml_features_versions.';
