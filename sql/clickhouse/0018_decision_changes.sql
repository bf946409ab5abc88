-- Versions of decisions of the last days as they came, as trade_changes has those of trades.

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
    ingested_at DateTime64(6, 'UTC') COMMENT 'When it arrived here (UTC).' CODEC(DoubleDelta, LZ4)
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
