-- Versions of the last days as they came, of what marts read beside trades. A table of versions forgets one when it merges it
-- with the next; a build of the marts asks for the one that counted at its cut. Without its time an ORDER BY is that of the
-- table of versions: a cluster keeps both on one shard. A row that changes twice between two copies has a version that only
-- PostgreSQL saw: the copy brings it here itself.

CREATE TABLE IF NOT EXISTS decision_changes
(
    id String COMMENT 'Stable id, chosen by the writer.',
    updated_at DateTime64(6, 'UTC') COMMENT 'Version: when the row last changed in PostgreSQL (UTC).' CODEC(DoubleDelta, LZ4),
    agent_id LowCardinality(String) COMMENT 'Who decided.',
    exchange LowCardinality(String) COMMENT 'Venue; sandbox for generated data.',
    symbol LowCardinality(String) COMMENT 'Instrument, as the venue names it.',
    cycle_id Nullable(Int64) COMMENT 'Decision cycle that it belongs to.',
    trade_id Nullable(String) COMMENT 'Trade that it led to.',
    prompt_version LowCardinality(Nullable(String)) COMMENT 'Prompt version behind it.',
    action LowCardinality(Nullable(String)) COMMENT 'long, short, hold or close; NULL where the answer could not be read.',
    origin LowCardinality(String) COMMENT 'live, recorded, repaired, paper, simulated or handmade.',
    confidence Nullable(Decimal(38, 18)) COMMENT 'The agent''s own probability of being right, 0 to 1.',
    leverage Nullable(Decimal(38, 18)) COMMENT 'Planned multiple of the margin.',
    cost Nullable(Decimal(38, 18)) COMMENT 'What the model cost, in USD.',
    prompt_tokens Nullable(Int64) COMMENT 'Tokens sent.',
    completion_tokens Nullable(Int64) COMMENT 'Tokens received.',
    executed Nullable(Bool) COMMENT 'Whether it was traded.',
    outcome_correct Nullable(Bool) COMMENT 'Whether the direction was right.',
    decided_at DateTime64(6, 'UTC') COMMENT 'When it was decided (UTC).',
    outcome_recorded_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When the outcome was written (UTC).',
    ingested_at DateTime64(6, 'UTC') DEFAULT now64(6) COMMENT 'When it arrived here (UTC).' CODEC(DoubleDelta, LZ4)
)
ENGINE = MergeTree
PARTITION BY toYYYYMMDD(ingested_at)
ORDER BY (updated_at, agent_id, id)
TTL toDateTime(ingested_at) + INTERVAL 7 DAY
SETTINGS ttl_only_drop_parts = 1
COMMENT 'What came into agent_decisions_log_versions in the last 7 days, every version, without words and documents. Read by the marts.';

CREATE MATERIALIZED VIEW IF NOT EXISTS decision_changes_feed TO decision_changes AS
SELECT
    id, updated_at, agent_id, exchange, symbol, cycle_id, trade_id, prompt_version, action, origin, confidence, leverage, cost,
    prompt_tokens, completion_tokens, executed, outcome_correct, decided_at, outcome_recorded_at, ingested_at
FROM agent_decisions_log_versions
COMMENT 'Feeds decision_changes.';

CREATE TABLE IF NOT EXISTS agent_changes
(
    id String COMMENT 'Stable id, chosen by the writer.',
    display_name String COMMENT 'Name for people.',
    origin LowCardinality(String) COMMENT 'live, recorded, repaired, paper, simulated or handmade.',
    updated_at DateTime64(6, 'UTC') COMMENT 'Version: when the row last changed in PostgreSQL (UTC).' CODEC(DoubleDelta, LZ4),
    ingested_at DateTime64(6, 'UTC') DEFAULT now64(6) COMMENT 'When it arrived here (UTC).' CODEC(DoubleDelta, LZ4)
)
ENGINE = MergeTree
PARTITION BY toYYYYMMDD(ingested_at)
ORDER BY (updated_at, id)
TTL toDateTime(ingested_at) + INTERVAL 7 DAY
SETTINGS ttl_only_drop_parts = 1
COMMENT 'What came into agents_versions in the last 7 days, every version. Read by the marts.';

CREATE MATERIALIZED VIEW IF NOT EXISTS agent_changes_feed TO agent_changes AS
SELECT id, display_name, origin, updated_at, ingested_at
FROM agents_versions
COMMENT 'Feeds agent_changes.';

CREATE TABLE IF NOT EXISTS account_changes
(
    agent_id LowCardinality(String) COMMENT 'Owner.',
    exchange LowCardinality(String) COMMENT 'Venue of the account.',
    base_currency LowCardinality(String) COMMENT 'Currency of all money of the account.',
    initial_equity Nullable(Decimal(38, 18)) COMMENT 'Equity at inception, in the base currency.',
    inception_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When the account started (UTC).',
    origin LowCardinality(String) COMMENT 'live, recorded, repaired, paper, simulated or handmade.',
    updated_at DateTime64(6, 'UTC') COMMENT 'Version: when the row last changed in PostgreSQL (UTC).' CODEC(DoubleDelta, LZ4),
    ingested_at DateTime64(6, 'UTC') DEFAULT now64(6) COMMENT 'When it arrived here (UTC).' CODEC(DoubleDelta, LZ4)
)
ENGINE = MergeTree
PARTITION BY toYYYYMMDD(ingested_at)
ORDER BY (updated_at, agent_id, exchange)
TTL toDateTime(ingested_at) + INTERVAL 7 DAY
SETTINGS ttl_only_drop_parts = 1
COMMENT 'What came into accounts_versions in the last 7 days, every version. Read by the marts.';

CREATE MATERIALIZED VIEW IF NOT EXISTS account_changes_feed TO account_changes AS
SELECT agent_id, exchange, base_currency, initial_equity, inception_at, origin, updated_at, ingested_at
FROM accounts_versions
COMMENT 'Feeds account_changes.';

CREATE TABLE IF NOT EXISTS account_equity_snapshot_changes
(
    agent_id LowCardinality(String) COMMENT 'Owner of the account.',
    exchange LowCardinality(String) COMMENT 'Venue of the account.',
    captured_at DateTime64(6, 'UTC') COMMENT 'When the value was true (UTC).' CODEC(DoubleDelta, LZ4),
    equity Decimal(38, 18) COMMENT 'Balance plus open PnL, in the base currency.',
    origin LowCardinality(String) COMMENT 'live, recorded, repaired, paper, simulated or handmade.',
    updated_at DateTime64(6, 'UTC') COMMENT 'Version: when the row last changed in PostgreSQL (UTC).' CODEC(DoubleDelta, LZ4),
    ingested_at DateTime64(6, 'UTC') DEFAULT now64(6) COMMENT 'When it arrived here (UTC).' CODEC(DoubleDelta, LZ4)
)
ENGINE = MergeTree
PARTITION BY toYYYYMMDD(ingested_at)
ORDER BY (updated_at, agent_id, exchange, captured_at)
TTL toDateTime(ingested_at) + INTERVAL 7 DAY
SETTINGS ttl_only_drop_parts = 1
COMMENT 'What came into account_equity_snapshots_versions in the last 7 days, every version. Read by the marts.';

CREATE MATERIALIZED VIEW IF NOT EXISTS account_equity_snapshot_changes_feed TO account_equity_snapshot_changes AS
SELECT agent_id, exchange, captured_at, equity, origin, updated_at, ingested_at
FROM account_equity_snapshots_versions
COMMENT 'Feeds account_equity_snapshot_changes.';

CREATE TABLE IF NOT EXISTS daily_mark_changes
(
    exchange LowCardinality(String) COMMENT 'Venue of the trades; sandbox for generated data.',
    symbol LowCardinality(String) COMMENT 'Instrument, as the venue of the trades names it.',
    day Date32 COMMENT 'UTC day.',
    price Decimal(38, 18) COMMENT 'Close of the last candle of the day, in the quote currency per unit.',
    updated_at DateTime64(6, 'UTC') COMMENT 'Version: when the row last changed in PostgreSQL (UTC).' CODEC(DoubleDelta, LZ4),
    ingested_at DateTime64(6, 'UTC') DEFAULT now64(6) COMMENT 'When it arrived here (UTC).' CODEC(DoubleDelta, LZ4)
)
ENGINE = MergeTree
PARTITION BY toYYYYMMDD(ingested_at)
ORDER BY (updated_at, exchange, symbol, day)
TTL toDateTime(ingested_at) + INTERVAL 7 DAY
SETTINGS ttl_only_drop_parts = 1
COMMENT 'What came into daily_marks_versions in the last 7 days, every version. Read by the marts.';

CREATE MATERIALIZED VIEW IF NOT EXISTS daily_mark_changes_feed TO daily_mark_changes AS
SELECT exchange, symbol, day, price, updated_at, ingested_at
FROM daily_marks_versions
COMMENT 'Feeds daily_mark_changes.';
