-- Orders that are finished: filled, cancelled, rejected or expired.
-- Version of a row = its updated_at in PostgreSQL; identity = its ORDER BY and nothing else (see 0002_trading.sql).
-- Types, codecs and the index that finds a row by its id alone: docs/clickhouse.md, measured by benchmarks/bench_tables.py.

CREATE TABLE IF NOT EXISTS orders_history_versions
(
    id String COMMENT 'Stable id, chosen by the writer.' CODEC(ZSTD(1)),
    agent_id LowCardinality(String) COMMENT 'Who ordered.',
    user_id Nullable(String) COMMENT 'Owner of the account.' CODEC(ZSTD(1)),
    exchange LowCardinality(String) COMMENT 'Venue; sandbox for generated data.',
    symbol LowCardinality(String) COMMENT 'Instrument, as the venue names it.',
    side Enum8('buy' = 1, 'sell' = 2) COMMENT 'buy or sell.',
    type LowCardinality(String) COMMENT 'Kind of order, such as market, limit or stop_market.',
    status LowCardinality(String) COMMENT 'filled, cancelled, rejected or expired; pending or open when a finished order was opened again later.',
    quantity Nullable(Decimal(38, 18)) COMMENT 'Ordered size in units of the base asset.' CODEC(ZSTD(1)),
    filled_quantity Nullable(Decimal(38, 18)) COMMENT 'Filled size in units of the base asset.' CODEC(ZSTD(1)),
    price Nullable(Decimal(38, 18)) COMMENT 'Limit price, in the quote currency per unit.' CODEC(ZSTD(1)),
    stop_price Nullable(Decimal(38, 18)) COMMENT 'Trigger price, in the quote currency per unit.' CODEC(ZSTD(1)),
    average_price Nullable(Decimal(38, 18)) COMMENT 'Average price of the fills, in the quote currency per unit.' CODEC(ZSTD(1)),
    fee Nullable(Decimal(38, 18)) COMMENT 'Fee of all fills, in fee_currency.' CODEC(ZSTD(1)),
    fee_currency LowCardinality(Nullable(String)) COMMENT 'Currency of the fee.',
    reduce_only Bool DEFAULT false COMMENT 'Whether it could only make a position smaller.',
    venue_order_id Nullable(String) COMMENT 'Order id at the venue.' CODEC(ZSTD(1)),
    client_order_id Nullable(String) COMMENT 'Order id that the writer sent to the venue.' CODEC(ZSTD(1)),
    trade_id Nullable(String) COMMENT 'Trade that it belongs to.' CODEC(ZSTD(1)),
    position_id Nullable(String) COMMENT 'Position that it belongs to.' CODEC(ZSTD(1)),
    decision_id Nullable(String) COMMENT 'Decision that led to it.' CODEC(ZSTD(1)),
    submitted_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When it was sent to the venue (UTC).' CODEC(ZSTD(1)),
    filled_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When it was filled completely (UTC).' CODEC(ZSTD(1)),
    cancelled_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When it was cancelled (UTC).' CODEC(ZSTD(1)),
    finished_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When it reached its last status (UTC).' CODEC(ZSTD(1)),
    error_message Nullable(String) COMMENT 'Why it was refused, in the venue''s words.' CODEC(ZSTD(3)),
    origin LowCardinality(String) COMMENT 'live, recorded, repaired, paper, simulated or handmade.',
    details String DEFAULT '{}' COMMENT 'JSON object: fields of the source that have no column here.' CODEC(ZSTD(3)),
    created_at DateTime64(6, 'UTC') COMMENT 'When PostgreSQL learned of it (UTC).' CODEC(ZSTD(1)),
    updated_at DateTime64(6, 'UTC') COMMENT 'Version: when the row last changed in PostgreSQL (UTC).' CODEC(ZSTD(1)),
    ingested_at DateTime64(6, 'UTC') DEFAULT now64(6) COMMENT 'When it arrived here (UTC).' CODEC(ZSTD(1)),
    INDEX by_id id TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = ReplacingMergeTree(updated_at)
PARTITION BY toYYYYMM(created_at)
ORDER BY (agent_id, id)
COMMENT 'Finished orders, all versions: read the view orders_history.';

CREATE OR REPLACE VIEW orders_history
(
    id String COMMENT 'Stable id, chosen by the writer.',
    agent_id LowCardinality(String) COMMENT 'Who ordered.',
    user_id Nullable(String) COMMENT 'Owner of the account.',
    exchange LowCardinality(String) COMMENT 'Venue; sandbox for generated data.',
    symbol LowCardinality(String) COMMENT 'Instrument, as the venue names it.',
    side Enum8('buy' = 1, 'sell' = 2) COMMENT 'buy or sell.',
    type LowCardinality(String) COMMENT 'Kind of order, such as market, limit or stop_market.',
    status LowCardinality(String) COMMENT 'filled, cancelled, rejected or expired; pending or open when a finished order was opened again later.',
    quantity Nullable(Decimal(38, 18)) COMMENT 'Ordered size in units of the base asset.',
    filled_quantity Nullable(Decimal(38, 18)) COMMENT 'Filled size in units of the base asset.',
    price Nullable(Decimal(38, 18)) COMMENT 'Limit price, in the quote currency per unit.',
    stop_price Nullable(Decimal(38, 18)) COMMENT 'Trigger price, in the quote currency per unit.',
    average_price Nullable(Decimal(38, 18)) COMMENT 'Average price of the fills, in the quote currency per unit.',
    fee Nullable(Decimal(38, 18)) COMMENT 'Fee of all fills, in fee_currency.',
    fee_currency LowCardinality(Nullable(String)) COMMENT 'Currency of the fee.',
    reduce_only Bool COMMENT 'Whether it could only make a position smaller.',
    venue_order_id Nullable(String) COMMENT 'Order id at the venue.',
    client_order_id Nullable(String) COMMENT 'Order id that the writer sent to the venue.',
    trade_id Nullable(String) COMMENT 'Trade that it belongs to.',
    position_id Nullable(String) COMMENT 'Position that it belongs to.',
    decision_id Nullable(String) COMMENT 'Decision that led to it.',
    submitted_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When it was sent to the venue (UTC).',
    filled_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When it was filled completely (UTC).',
    cancelled_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When it was cancelled (UTC).',
    finished_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When it reached its last status (UTC).',
    error_message Nullable(String) COMMENT 'Why it was refused, in the venue''s words.',
    origin LowCardinality(String) COMMENT 'live, recorded, repaired, paper, simulated or handmade.',
    details String COMMENT 'JSON object: fields of the source that have no column here.',
    created_at DateTime64(6, 'UTC') COMMENT 'When PostgreSQL learned of it (UTC).',
    updated_at DateTime64(6, 'UTC') COMMENT 'Version: when the row last changed in PostgreSQL (UTC).',
    ingested_at DateTime64(6, 'UTC') COMMENT 'When it arrived here (UTC).'
)
AS SELECT * FROM orders_history_versions FINAL WHERE status NOT IN ('pending', 'open')
COMMENT 'Every finished order once, newest version.';
