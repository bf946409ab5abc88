-- Quotes, order books and price ticks, and the one setting that facades need.
-- Prices of venues are Float64 as in market_ohlcv (they send at most 17 digits); price_ticks is a copy of PostgreSQL's exact
-- numerics. The time is part of each identity, so versions of a row always meet in one partition and FINAL may work partition
-- by partition.

CREATE TABLE IF NOT EXISTS house_settings
(
    name LowCardinality(String) COMMENT 'exchange: the home exchange that facades without an exchange column show and write.',
    value String COMMENT 'The value; an empty one is as good as none.',
    updated_at DateTime64(6, 'UTC') DEFAULT now64(6) COMMENT 'Version: when it was set (UTC).'
)
ENGINE = ReplacingMergeTree(updated_at)
ORDER BY name
COMMENT 'What PostgreSQL keeps in its setting candlehouse.exchange: read by the facades. Set with INSERT.';

CREATE OR REPLACE VIEW home_exchange
(
    exchange String COMMENT 'house_settings, name exchange; empty where none is set.',
    of_new_rows String COMMENT 'Exchange of rows that are inserted through a facade without that column: exchange, else hyperliquid.'
)
AS SELECT
    ifNull(argMax(value, updated_at), '') AS exchange,
    if(exchange = '', 'hyperliquid', exchange) AS of_new_rows
FROM house_settings
WHERE name = 'exchange'
COMMENT 'One row: the home exchange of facades without an exchange column.';

CREATE OR REPLACE VIEW home_markets
(
    symbol LowCardinality(String) COMMENT 'Unified symbol.',
    exchange LowCardinality(String) COMMENT 'The one exchange whose candles a facade without an exchange column shows.'
)
AS SELECT
    d.symbol AS symbol,
    min(d.exchange) AS exchange
FROM market_days AS d
WHERE if((SELECT exchange FROM home_exchange) = '', d.exchange != 'sandbox', d.exchange = (SELECT exchange FROM home_exchange))
GROUP BY d.symbol
COMMENT 'Home exchange per symbol; where none is set the first by name, never the sandbox.';

CREATE TABLE IF NOT EXISTS market_tickers_versions
(
    exchange LowCardinality(String) COMMENT 'Venue; sandbox for generated data.',
    symbol LowCardinality(String) COMMENT 'Instrument, as the venue names it.',
    timestamp DateTime64(3, 'UTC') COMMENT 'When the venue says the figures were true (UTC).' CODEC(Delta, ZSTD(1)),
    bid Nullable(Float64) COMMENT 'Best bid, in quote currency.' CODEC(ZSTD(3)),
    bid_size Nullable(Float64) COMMENT 'Size at the best bid, in base currency.' CODEC(ZSTD(3)),
    ask Nullable(Float64) COMMENT 'Best ask, in quote currency.' CODEC(ZSTD(3)),
    ask_size Nullable(Float64) COMMENT 'Size at the best ask, in base currency.' CODEC(ZSTD(3)),
    last Nullable(Float64) COMMENT 'Price of the last trade, in quote currency.' CODEC(ZSTD(3)),
    open_24h Nullable(Float64) COMMENT 'Price 24 hours before, in quote currency.' CODEC(ZSTD(3)),
    high_24h Nullable(Float64) COMMENT 'Highest price of the last 24 hours, in quote currency.' CODEC(ZSTD(3)),
    low_24h Nullable(Float64) COMMENT 'Lowest price of the last 24 hours, in quote currency.' CODEC(ZSTD(3)),
    volume_24h Nullable(Float64) COMMENT 'Volume of the last 24 hours, in base currency.' CODEC(ZSTD(3)),
    quote_volume_24h Nullable(Float64) COMMENT 'Volume of the last 24 hours, in quote currency.' CODEC(ZSTD(3)),
    change_percent_24h Nullable(Float64) COMMENT 'Change over 24 hours in percent, as the venue gives it.' CODEC(ZSTD(3)),
    mark_price Nullable(Float64) COMMENT 'Mark price of a derivative, in quote currency.' CODEC(ZSTD(3)),
    index_price Nullable(Float64) COMMENT 'Index price of a derivative, in quote currency.' CODEC(ZSTD(3)),
    funding_rate Nullable(Float64) COMMENT 'Current funding rate as a fraction per funding interval.' CODEC(ZSTD(3)),
    open_interest Nullable(Float64) COMMENT 'Open interest, in contracts or base currency as the venue counts.' CODEC(ZSTD(3)),
    origin LowCardinality(String) DEFAULT 'live' COMMENT 'live, recorded, repaired, paper, simulated or handmade.',
    details String DEFAULT '{}' COMMENT 'JSON object: fields of the source that have no column here.' CODEC(ZSTD(3)),
    ingested_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'Version: when this row was written (UTC).' CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree(ingested_at)
PARTITION BY toYYYYMM(timestamp)
ORDER BY (exchange, symbol, timestamp)
COMMENT 'Ticker snapshots (quotes), all versions: read the view market_tickers.';

CREATE OR REPLACE VIEW market_tickers
(
    exchange LowCardinality(String) COMMENT 'Venue; sandbox for generated data.',
    symbol LowCardinality(String) COMMENT 'Instrument, as the venue names it.',
    timestamp DateTime64(3, 'UTC') COMMENT 'When the venue says the figures were true (UTC).',
    bid Nullable(Float64) COMMENT 'Best bid, in quote currency.',
    bid_size Nullable(Float64) COMMENT 'Size at the best bid, in base currency.',
    ask Nullable(Float64) COMMENT 'Best ask, in quote currency.',
    ask_size Nullable(Float64) COMMENT 'Size at the best ask, in base currency.',
    last Nullable(Float64) COMMENT 'Price of the last trade, in quote currency.',
    open_24h Nullable(Float64) COMMENT 'Price 24 hours before, in quote currency.',
    high_24h Nullable(Float64) COMMENT 'Highest price of the last 24 hours, in quote currency.',
    low_24h Nullable(Float64) COMMENT 'Lowest price of the last 24 hours, in quote currency.',
    volume_24h Nullable(Float64) COMMENT 'Volume of the last 24 hours, in base currency.',
    quote_volume_24h Nullable(Float64) COMMENT 'Volume of the last 24 hours, in quote currency.',
    change_percent_24h Nullable(Float64) COMMENT 'Change over 24 hours in percent, as the venue gives it.',
    mark_price Nullable(Float64) COMMENT 'Mark price of a derivative, in quote currency.',
    index_price Nullable(Float64) COMMENT 'Index price of a derivative, in quote currency.',
    funding_rate Nullable(Float64) COMMENT 'Current funding rate as a fraction per funding interval.',
    open_interest Nullable(Float64) COMMENT 'Open interest, in contracts or base currency as the venue counts.',
    origin LowCardinality(String) COMMENT 'live, recorded, repaired, paper, simulated or handmade.',
    details String COMMENT 'JSON object: fields of the source that have no column here.',
    ingested_at DateTime64(3, 'UTC') COMMENT 'Version: when this row was written (UTC).'
)
AS SELECT * FROM market_tickers_versions FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1
COMMENT 'Every ticker snapshot once, newest version.';

CREATE TABLE IF NOT EXISTS market_orderbook_versions
(
    exchange LowCardinality(String) COMMENT 'Venue; sandbox for generated data.',
    symbol LowCardinality(String) COMMENT 'Instrument, as the venue names it.',
    timestamp DateTime64(3, 'UTC') COMMENT 'When the venue says the book looked like this (UTC).' CODEC(Delta, ZSTD(1)),
    sequence Nullable(UInt64) COMMENT 'Number of the update at the venue, where it has one.' CODEC(ZSTD(1)),
    bid_prices Array(Float64) COMMENT 'Bid prices from the best down, in quote currency.' CODEC(ZSTD(3)),
    bid_sizes Array(Float64) COMMENT 'Sizes at bid_prices, in base currency.' CODEC(ZSTD(3)),
    ask_prices Array(Float64) COMMENT 'Ask prices from the best up, in quote currency.' CODEC(ZSTD(3)),
    ask_sizes Array(Float64) COMMENT 'Sizes at ask_prices, in base currency.' CODEC(ZSTD(3)),
    origin LowCardinality(String) DEFAULT 'live' COMMENT 'live, recorded, repaired, paper, simulated or handmade.',
    ingested_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'Version: when this row was written (UTC).' CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree(ingested_at)
PARTITION BY toYYYYMM(timestamp)
ORDER BY (exchange, symbol, timestamp)
COMMENT 'Order book snapshots, all versions: read the view market_orderbook.';

CREATE OR REPLACE VIEW market_orderbook
(
    exchange LowCardinality(String) COMMENT 'Venue; sandbox for generated data.',
    symbol LowCardinality(String) COMMENT 'Instrument, as the venue names it.',
    timestamp DateTime64(3, 'UTC') COMMENT 'When the venue says the book looked like this (UTC).',
    sequence Nullable(UInt64) COMMENT 'Number of the update at the venue, where it has one.',
    bid_prices Array(Float64) COMMENT 'Bid prices from the best down, in quote currency.',
    bid_sizes Array(Float64) COMMENT 'Sizes at bid_prices, in base currency.',
    ask_prices Array(Float64) COMMENT 'Ask prices from the best up, in quote currency.',
    ask_sizes Array(Float64) COMMENT 'Sizes at ask_prices, in base currency.',
    origin LowCardinality(String) COMMENT 'live, recorded, repaired, paper, simulated or handmade.',
    ingested_at DateTime64(3, 'UTC') COMMENT 'Version: when this row was written (UTC).'
)
AS SELECT * FROM market_orderbook_versions FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1
COMMENT 'Every order book snapshot once, newest version.';

CREATE TABLE IF NOT EXISTS price_ticks_versions
(
    id Int64 COMMENT 'Id given by PostgreSQL; not the identity.' CODEC(ZSTD(1)),
    exchange LowCardinality(String) COMMENT 'Venue; sandbox for generated data.',
    symbol LowCardinality(String) COMMENT 'Instrument, as the venue names it.',
    priced_at DateTime64(6, 'UTC') COMMENT 'When the price was true (UTC).' CODEC(Delta, ZSTD(1)),
    price Decimal(38, 18) COMMENT 'Price in the quote currency per unit.' CODEC(ZSTD(1)),
    origin LowCardinality(String) COMMENT 'live, recorded, repaired, paper, simulated or handmade.',
    created_at DateTime64(6, 'UTC') COMMENT 'When PostgreSQL learned of it (UTC).' CODEC(Delta, ZSTD(1)),
    updated_at DateTime64(6, 'UTC') COMMENT 'Version: when the row last changed in PostgreSQL (UTC).' CODEC(Delta, ZSTD(1)),
    ingested_at DateTime64(6, 'UTC') DEFAULT now64(6) COMMENT 'When it arrived here (UTC).' CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree(updated_at)
PARTITION BY toYYYYMM(priced_at)
ORDER BY (exchange, symbol, priced_at, price)
COMMENT 'Archive of price_ticks, all versions: read the view price_ticks.';

CREATE OR REPLACE VIEW price_ticks
(
    id Int64 COMMENT 'Id given by PostgreSQL; not the identity.',
    exchange LowCardinality(String) COMMENT 'Venue; sandbox for generated data.',
    symbol LowCardinality(String) COMMENT 'Instrument, as the venue names it.',
    priced_at DateTime64(6, 'UTC') COMMENT 'When the price was true (UTC).',
    price Decimal(38, 18) COMMENT 'Price in the quote currency per unit.',
    origin LowCardinality(String) COMMENT 'live, recorded, repaired, paper, simulated or handmade.',
    created_at DateTime64(6, 'UTC') COMMENT 'When PostgreSQL learned of it (UTC).',
    updated_at DateTime64(6, 'UTC') COMMENT 'Version: when the row last changed in PostgreSQL (UTC).',
    ingested_at DateTime64(6, 'UTC') COMMENT 'When it arrived here (UTC).'
)
AS SELECT * FROM price_ticks_versions FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1
COMMENT 'Every archived price once, newest version.';
