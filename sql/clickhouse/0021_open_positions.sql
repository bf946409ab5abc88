-- Positions that are still open count in every day since their entry. Each cut of the marts brings the whole list.

CREATE TABLE IF NOT EXISTS mart_positions
(
    cut Int64 COMMENT 'The cut (ops.mart_cuts in PostgreSQL).',
    trade_id String COMMENT 'Id of the trade.',
    agent_id LowCardinality(String) COMMENT 'Who holds it.',
    exchange LowCardinality(String) COMMENT 'Venue; sandbox for generated data.',
    symbol LowCardinality(String) COMMENT 'Instrument, as the venue names it.',
    side Enum8('long' = 1, 'short' = 2) COMMENT 'Carries the sign: quantity is always positive.',
    currency LowCardinality(String) COMMENT 'Currency of prices and PnL.',
    origin LowCardinality(String) COMMENT 'live, recorded, repaired, paper, simulated or handmade.',
    quantity Nullable(Decimal(38, 18)) COMMENT 'Size in units of the base asset, positive; NULL where the writer did not say.',
    entry_price Nullable(Decimal(38, 18)) COMMENT 'Average entry price, in the currency per unit.',
    opened_at DateTime64(6, 'UTC') COMMENT 'When the position was entered (UTC).',
    version DateTime64(6, 'UTC') COMMENT 'Version of the trade (UTC).' CODEC(DoubleDelta, LZ4),
    ingested_at DateTime64(6, 'UTC') DEFAULT now64(6) COMMENT 'When it arrived here (UTC).' CODEC(DoubleDelta, LZ4)
)
ENGINE = MergeTree
PARTITION BY toYYYYMMDD(ingested_at)
ORDER BY (cut, agent_id, trade_id)
TTL toDateTime(ingested_at) + INTERVAL 7 DAY
SETTINGS ttl_only_drop_parts = 1
COMMENT 'Positions that were open at the cuts of the marts of the last 7 days, or closed but not yet proven to be here.';
