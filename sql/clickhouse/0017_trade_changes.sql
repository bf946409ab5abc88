-- Versions of trades of the last days as they came. trades_history_versions forgets a version when it merges it with the
-- next one; a build of the marts asks for the versions up to its cut, and an incremental one for nothing else. Without its time the ORDER BY is that of
-- trades_history_versions: a cluster keeps both on one shard.

CREATE TABLE IF NOT EXISTS trade_changes
(
    id String COMMENT 'Stable id, chosen by the writer.',
    updated_at DateTime64(6, 'UTC') COMMENT 'Version: when the row last changed in PostgreSQL (UTC).' CODEC(DoubleDelta, LZ4),
    status LowCardinality(String) COMMENT 'closed, or what a closed trade was turned into later.',
    agent_id LowCardinality(String) COMMENT 'Who traded.',
    exchange LowCardinality(String) COMMENT 'Venue; sandbox for generated data.',
    symbol LowCardinality(String) COMMENT 'Instrument, as the venue names it.',
    side Enum8('long' = 1, 'short' = 2) COMMENT 'Carries the sign: quantity is always positive.',
    currency LowCardinality(String) COMMENT 'Currency of prices, fees and PnL.',
    decision_id Nullable(String) COMMENT 'Decision that led to the trade.',
    prompt_version LowCardinality(Nullable(String)) COMMENT 'Prompt version behind the decision.',
    quantity Nullable(Decimal(38, 18)) COMMENT 'Size in units of the base asset, positive; NULL where the writer did not say.',
    leverage Nullable(Decimal(38, 18)) COMMENT 'Multiple of the margin.',
    confidence Nullable(Decimal(38, 18)) COMMENT 'The agent''s own probability of being right, 0 to 1.',
    entry_price Nullable(Decimal(38, 18)) COMMENT 'Average entry price, in the currency per unit.',
    exit_price Nullable(Decimal(38, 18)) COMMENT 'Average exit price, in the currency per unit.',
    stop_loss Nullable(Decimal(38, 18)) COMMENT 'Planned stop price.',
    take_profit Nullable(Decimal(38, 18)) COMMENT 'Planned target price.',
    gross_pnl Nullable(Decimal(38, 18)) COMMENT 'PnL before fees, in the currency.',
    net_pnl Nullable(Decimal(38, 18)) COMMENT 'PnL after all fees, as the venue accounts it.',
    fee Nullable(Decimal(38, 18)) COMMENT 'All fees of the trade, in the currency.',
    opened_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When the position was entered (UTC).',
    closed_at DateTime64(6, 'UTC') COMMENT 'When the position was left (UTC).',
    origin LowCardinality(String) COMMENT 'live, recorded, repaired, paper, simulated or handmade.',
    ingested_at DateTime64(6, 'UTC') COMMENT 'When it arrived here (UTC).' CODEC(DoubleDelta, LZ4)
)
ENGINE = MergeTree
PARTITION BY toYYYYMMDD(ingested_at)
ORDER BY (updated_at, agent_id, id)
TTL toDateTime(ingested_at) + INTERVAL 7 DAY
SETTINGS ttl_only_drop_parts = 1
COMMENT 'What came into trades_history_versions in the last 7 days, every version, without words and documents. Read by the marts.';

CREATE MATERIALIZED VIEW IF NOT EXISTS trade_changes_feed TO trade_changes AS
SELECT
    id, updated_at, status, agent_id, exchange, symbol, side, currency, decision_id, prompt_version, quantity, leverage,
    confidence, entry_price, exit_price, stop_loss, take_profit, gross_pnl, net_pnl, fee, opened_at, closed_at, origin, ingested_at
FROM trades_history_versions
COMMENT 'Feeds trade_changes.';
