-- What agents did, thought and said: performance by the hour, and the archives of PostgreSQL's tables of the same names.
-- Version of a row = its updated_at in PostgreSQL; identity = its ORDER BY and nothing else (see 0002_trading.sql).
-- Columns that are jsonb in PostgreSQL are JSON text here, byte for byte, so that the archive can prove them equal.

CREATE TABLE IF NOT EXISTS agent_performance_versions
(
    agent_id LowCardinality(String) COMMENT 'Who traded.',
    exchange LowCardinality(String) COMMENT 'Venue of the account; sandbox for generated data, empty for all accounts together.',
    timestamp DateTime64(3, 'UTC') COMMENT 'Hour, or moment, that the figures are of (UTC).' CODEC(DoubleDelta, ZSTD(1)),
    balance Nullable(Decimal(38, 18)) COMMENT 'Cash without open PnL, in the base currency.' CODEC(ZSTD(1)),
    equity Nullable(Decimal(38, 18)) COMMENT 'Balance plus open PnL, in the base currency.' CODEC(ZSTD(1)),
    pnl Nullable(Decimal(38, 18)) COMMENT 'Net PnL since inception, in the base currency.' CODEC(ZSTD(1)),
    pnl_percent Nullable(Float64) COMMENT 'Net PnL since inception in percent of the initial equity.' CODEC(ZSTD(3)),
    total_trades UInt32 DEFAULT 0 COMMENT 'Closed trades so far.' CODEC(ZSTD(1)),
    winning_trades UInt32 DEFAULT 0 COMMENT 'Closed trades with net PnL above zero.' CODEC(ZSTD(1)),
    losing_trades UInt32 DEFAULT 0 COMMENT 'Closed trades with net PnL below zero.' CODEC(ZSTD(1)),
    win_rate Nullable(Float64) COMMENT 'winning_trades / total_trades, 0 to 1 unless a facade''s writer counts otherwise; NULL without trades.' CODEC(ZSTD(3)),
    sharpe_ratio Nullable(Float64) COMMENT 'Sharpe ratio so far, from daily equity over 365 days; NULL while unknown.' CODEC(ZSTD(3)),
    max_drawdown Nullable(Float64) COMMENT 'Largest fall from a peak so far as a fraction, 0 to 1, unless a facade''s writer counts otherwise.' CODEC(ZSTD(3)),
    current_drawdown Nullable(Float64) COMMENT 'Fall from the last peak as a fraction.' CODEC(ZSTD(3)),
    origin LowCardinality(String) DEFAULT 'live' COMMENT 'live, recorded, repaired, paper, simulated or handmade.',
    details String DEFAULT '{}' COMMENT 'JSON object: fields of the source that have no column here.' CODEC(ZSTD(3)),
    updated_at DateTime64(6, 'UTC') DEFAULT now64(6) COMMENT 'Version: when it was computed (UTC).' CODEC(DoubleDelta, ZSTD(1)),
    ingested_at DateTime64(6, 'UTC') DEFAULT now64(6) COMMENT 'When it arrived here (UTC).' CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = ReplacingMergeTree(updated_at)
PARTITION BY toYYYYMM(timestamp)
ORDER BY (agent_id, exchange, timestamp)
COMMENT 'Performance of agents over time, all versions: read the view agent_performance.';

CREATE OR REPLACE VIEW agent_performance
(
    agent_id LowCardinality(String) COMMENT 'Who traded.',
    exchange LowCardinality(String) COMMENT 'Venue of the account; sandbox for generated data, empty for all accounts together.',
    timestamp DateTime64(3, 'UTC') COMMENT 'Hour, or moment, that the figures are of (UTC).',
    balance Nullable(Decimal(38, 18)) COMMENT 'Cash without open PnL, in the base currency.',
    equity Nullable(Decimal(38, 18)) COMMENT 'Balance plus open PnL, in the base currency.',
    pnl Nullable(Decimal(38, 18)) COMMENT 'Net PnL since inception, in the base currency.',
    pnl_percent Nullable(Float64) COMMENT 'Net PnL since inception in percent of the initial equity.',
    total_trades UInt32 COMMENT 'Closed trades so far.',
    winning_trades UInt32 COMMENT 'Closed trades with net PnL above zero.',
    losing_trades UInt32 COMMENT 'Closed trades with net PnL below zero.',
    win_rate Nullable(Float64) COMMENT 'winning_trades / total_trades, 0 to 1 unless a facade''s writer counts otherwise; NULL without trades.',
    sharpe_ratio Nullable(Float64) COMMENT 'Sharpe ratio so far, from daily equity over 365 days; NULL while unknown.',
    max_drawdown Nullable(Float64) COMMENT 'Largest fall from a peak so far as a fraction, 0 to 1, unless a facade''s writer counts otherwise.',
    current_drawdown Nullable(Float64) COMMENT 'Fall from the last peak as a fraction.',
    origin LowCardinality(String) COMMENT 'live, recorded, repaired, paper, simulated or handmade.',
    details String COMMENT 'JSON object: fields of the source that have no column here.',
    updated_at DateTime64(6, 'UTC') COMMENT 'Version: when it was computed (UTC).',
    ingested_at DateTime64(6, 'UTC') COMMENT 'When it arrived here (UTC).'
)
AS SELECT * FROM agent_performance_versions FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1
COMMENT 'Every performance snapshot once, as last computed.';

CREATE TABLE IF NOT EXISTS agent_decisions_log_versions
(
    id String COMMENT 'Stable id, chosen by the writer.' CODEC(ZSTD(1)),
    agent_id LowCardinality(String) COMMENT 'Who decided.',
    user_id Nullable(String) COMMENT 'Owner of the account.' CODEC(ZSTD(1)),
    exchange LowCardinality(String) COMMENT 'Venue; sandbox for generated data.',
    symbol LowCardinality(String) COMMENT 'Instrument, as the venue names it.',
    timeframe LowCardinality(Nullable(String)) COMMENT 'Candles that it looked at, such as 1h.',
    action LowCardinality(Nullable(String)) COMMENT 'long, short, hold or close; NULL where the answer could not be read.',
    confidence Nullable(Decimal(38, 18)) COMMENT 'The agent''s own probability of being right, 0 to 1.' CODEC(ZSTD(1)),
    technical_score Nullable(Decimal(38, 18)) COMMENT 'Score of the technical signals, in the agent''s scale.' CODEC(ZSTD(1)),
    news_score Nullable(Decimal(38, 18)) COMMENT 'Score of the news, in the agent''s scale.' CODEC(ZSTD(1)),
    onchain_score Nullable(Decimal(38, 18)) COMMENT 'Score of on-chain data, in the agent''s scale.' CODEC(ZSTD(1)),
    sentiment_score Nullable(Decimal(38, 18)) COMMENT 'Score of the sentiment, in the agent''s scale.' CODEC(ZSTD(1)),
    final_score Nullable(Decimal(38, 18)) COMMENT 'Score that led to the action.' CODEC(ZSTD(1)),
    entry_price Nullable(Decimal(38, 18)) COMMENT 'Planned entry price.' CODEC(ZSTD(1)),
    stop_loss Nullable(Decimal(38, 18)) COMMENT 'Planned stop price.' CODEC(ZSTD(1)),
    take_profit Nullable(Decimal(38, 18)) COMMENT 'Planned target price.' CODEC(ZSTD(1)),
    quantity Nullable(Decimal(38, 18)) COMMENT 'Planned size in units of the base asset.' CODEC(ZSTD(1)),
    leverage Nullable(Decimal(38, 18)) COMMENT 'Planned multiple of the margin.' CODEC(ZSTD(1)),
    reasoning Nullable(String) COMMENT 'Why, in the agent''s words.' CODEC(ZSTD(3)),
    market_snapshot Nullable(String) COMMENT 'JSON: the market as the agent saw it.' CODEC(ZSTD(3)),
    raw_response Nullable(String) COMMENT 'JSON: the model''s answer as it came.' CODEC(ZSTD(3)),
    chart_image_path Nullable(String) COMMENT 'Picture that it looked at.' CODEC(ZSTD(3)),
    executed Nullable(Bool) COMMENT 'Whether it was traded.',
    skip_reason Nullable(String) COMMENT 'Why it was not traded.' CODEC(ZSTD(3)),
    trade_id Nullable(String) COMMENT 'Trade that it led to.' CODEC(ZSTD(1)),
    order_id Nullable(String) COMMENT 'Order that it led to.' CODEC(ZSTD(1)),
    cycle_id Nullable(Int64) COMMENT 'Decision cycle that it belongs to.' CODEC(ZSTD(1)),
    prompt_version LowCardinality(Nullable(String)) COMMENT 'Prompt version behind it.',
    model_version LowCardinality(Nullable(String)) COMMENT 'Model behind it.',
    deployment_id LowCardinality(Nullable(String)) COMMENT 'Deployment of the agent.',
    config_id LowCardinality(Nullable(String)) COMMENT 'Configuration of the agent.',
    analysis_duration_ms Nullable(Decimal(38, 18)) COMMENT 'How long it took, in milliseconds.' CODEC(ZSTD(1)),
    prompt_tokens Nullable(Int64) COMMENT 'Tokens sent.' CODEC(ZSTD(1)),
    completion_tokens Nullable(Int64) COMMENT 'Tokens received.' CODEC(ZSTD(1)),
    cost Nullable(Decimal(38, 18)) COMMENT 'What the model cost, in USD.' CODEC(ZSTD(1)),
    actual_pnl Nullable(Decimal(38, 18)) COMMENT 'Net PnL that came of it, or would have.' CODEC(ZSTD(1)),
    actual_pnl_percent Nullable(Decimal(38, 18)) COMMENT 'The same in percent of the entry.' CODEC(ZSTD(1)),
    max_favorable Nullable(Decimal(38, 18)) COMMENT 'Best excursion before the exit, in the unit of the writer that scored it.' CODEC(ZSTD(1)),
    max_adverse Nullable(Decimal(38, 18)) COMMENT 'Worst excursion before the exit, in the unit of the writer that scored it.' CODEC(ZSTD(1)),
    hold_duration_minutes Nullable(Decimal(38, 18)) COMMENT 'How long it was held, in minutes.' CODEC(ZSTD(1)),
    outcome_correct Nullable(Bool) COMMENT 'Whether the direction was right.',
    outcome_recorded_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When the outcome was written (UTC).' CODEC(ZSTD(1)),
    decided_at DateTime64(6, 'UTC') COMMENT 'When it was decided (UTC).' CODEC(ZSTD(1)),
    origin LowCardinality(String) COMMENT 'live, recorded, repaired, paper, simulated or handmade.',
    details String DEFAULT '{}' COMMENT 'JSON object: fields of the source that have no column here.' CODEC(ZSTD(3)),
    created_at DateTime64(6, 'UTC') COMMENT 'When PostgreSQL learned of it (UTC).' CODEC(ZSTD(1)),
    updated_at DateTime64(6, 'UTC') COMMENT 'Version: when the row last changed in PostgreSQL (UTC).' CODEC(ZSTD(1)),
    ingested_at DateTime64(6, 'UTC') DEFAULT now64(6) COMMENT 'When it arrived here (UTC).' CODEC(ZSTD(1)),
    INDEX by_id id TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = ReplacingMergeTree(updated_at)
PARTITION BY toYYYYMM(decided_at)
ORDER BY (agent_id, id)
COMMENT 'Archive of decisions, all versions: read the view agent_decisions_log.';

CREATE OR REPLACE VIEW agent_decisions_log
(
    id String COMMENT 'Stable id, chosen by the writer.',
    agent_id LowCardinality(String) COMMENT 'Who decided.',
    user_id Nullable(String) COMMENT 'Owner of the account.',
    exchange LowCardinality(String) COMMENT 'Venue; sandbox for generated data.',
    symbol LowCardinality(String) COMMENT 'Instrument, as the venue names it.',
    timeframe LowCardinality(Nullable(String)) COMMENT 'Candles that it looked at, such as 1h.',
    action LowCardinality(Nullable(String)) COMMENT 'long, short, hold or close; NULL where the answer could not be read.',
    confidence Nullable(Decimal(38, 18)) COMMENT 'The agent''s own probability of being right, 0 to 1.',
    technical_score Nullable(Decimal(38, 18)) COMMENT 'Score of the technical signals, in the agent''s scale.',
    news_score Nullable(Decimal(38, 18)) COMMENT 'Score of the news, in the agent''s scale.',
    onchain_score Nullable(Decimal(38, 18)) COMMENT 'Score of on-chain data, in the agent''s scale.',
    sentiment_score Nullable(Decimal(38, 18)) COMMENT 'Score of the sentiment, in the agent''s scale.',
    final_score Nullable(Decimal(38, 18)) COMMENT 'Score that led to the action.',
    entry_price Nullable(Decimal(38, 18)) COMMENT 'Planned entry price.',
    stop_loss Nullable(Decimal(38, 18)) COMMENT 'Planned stop price.',
    take_profit Nullable(Decimal(38, 18)) COMMENT 'Planned target price.',
    quantity Nullable(Decimal(38, 18)) COMMENT 'Planned size in units of the base asset.',
    leverage Nullable(Decimal(38, 18)) COMMENT 'Planned multiple of the margin.',
    reasoning Nullable(String) COMMENT 'Why, in the agent''s words.',
    market_snapshot Nullable(String) COMMENT 'JSON: the market as the agent saw it.',
    raw_response Nullable(String) COMMENT 'JSON: the model''s answer as it came.',
    chart_image_path Nullable(String) COMMENT 'Picture that it looked at.',
    executed Nullable(Bool) COMMENT 'Whether it was traded.',
    skip_reason Nullable(String) COMMENT 'Why it was not traded.',
    trade_id Nullable(String) COMMENT 'Trade that it led to.',
    order_id Nullable(String) COMMENT 'Order that it led to.',
    cycle_id Nullable(Int64) COMMENT 'Decision cycle that it belongs to.',
    prompt_version LowCardinality(Nullable(String)) COMMENT 'Prompt version behind it.',
    model_version LowCardinality(Nullable(String)) COMMENT 'Model behind it.',
    deployment_id LowCardinality(Nullable(String)) COMMENT 'Deployment of the agent.',
    config_id LowCardinality(Nullable(String)) COMMENT 'Configuration of the agent.',
    analysis_duration_ms Nullable(Decimal(38, 18)) COMMENT 'How long it took, in milliseconds.',
    prompt_tokens Nullable(Int64) COMMENT 'Tokens sent.',
    completion_tokens Nullable(Int64) COMMENT 'Tokens received.',
    cost Nullable(Decimal(38, 18)) COMMENT 'What the model cost, in USD.',
    actual_pnl Nullable(Decimal(38, 18)) COMMENT 'Net PnL that came of it, or would have.',
    actual_pnl_percent Nullable(Decimal(38, 18)) COMMENT 'The same in percent of the entry.',
    max_favorable Nullable(Decimal(38, 18)) COMMENT 'Best excursion before the exit, in the unit of the writer that scored it.',
    max_adverse Nullable(Decimal(38, 18)) COMMENT 'Worst excursion before the exit, in the unit of the writer that scored it.',
    hold_duration_minutes Nullable(Decimal(38, 18)) COMMENT 'How long it was held, in minutes.',
    outcome_correct Nullable(Bool) COMMENT 'Whether the direction was right.',
    outcome_recorded_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When the outcome was written (UTC).',
    decided_at DateTime64(6, 'UTC') COMMENT 'When it was decided (UTC).',
    origin LowCardinality(String) COMMENT 'live, recorded, repaired, paper, simulated or handmade.',
    details String COMMENT 'JSON object: fields of the source that have no column here.',
    created_at DateTime64(6, 'UTC') COMMENT 'When PostgreSQL learned of it (UTC).',
    updated_at DateTime64(6, 'UTC') COMMENT 'Version: when the row last changed in PostgreSQL (UTC).',
    ingested_at DateTime64(6, 'UTC') COMMENT 'When it arrived here (UTC).'
)
AS SELECT * FROM agent_decisions_log_versions FINAL
COMMENT 'Every archived decision once, newest version.';

CREATE TABLE IF NOT EXISTS decision_cycles_versions
(
    id Int64 COMMENT 'Id given by PostgreSQL.' CODEC(ZSTD(1)),
    agent_id LowCardinality(String) COMMENT 'Whose row it is.',
    cycle_number Nullable(Int64) COMMENT 'Number of the cycle as the agent counts.' CODEC(ZSTD(1)),
    prompt_digest Nullable(String) COMMENT 'Digest of the prompt.' CODEC(ZSTD(1)),
    prompt_version LowCardinality(Nullable(String)) COMMENT 'Prompt version.',
    cot_trace Nullable(String) COMMENT 'Chain of thought.' CODEC(ZSTD(3)),
    decisions Nullable(String) COMMENT 'JSON: what was decided.' CODEC(ZSTD(3)),
    success Nullable(Bool) COMMENT 'Whether the cycle went through.',
    error_message Nullable(String) COMMENT 'Why it did not.' CODEC(ZSTD(3)),
    executed_at DateTime64(6, 'UTC') COMMENT 'When it ran (UTC).' CODEC(ZSTD(1)),
    origin LowCardinality(String) COMMENT 'live, recorded, repaired, paper, simulated or handmade.',
    details String DEFAULT '{}' COMMENT 'JSON object: fields of the source that have no column here.' CODEC(ZSTD(3)),
    created_at DateTime64(6, 'UTC') COMMENT 'When PostgreSQL learned of it (UTC).' CODEC(ZSTD(1)),
    updated_at DateTime64(6, 'UTC') COMMENT 'Version: when the row last changed in PostgreSQL (UTC).' CODEC(ZSTD(1)),
    ingested_at DateTime64(6, 'UTC') DEFAULT now64(6) COMMENT 'When it arrived here (UTC).' CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(updated_at)
PARTITION BY toYYYYMM(executed_at)
ORDER BY (agent_id, id)
COMMENT 'Archive of decision_cycles, all versions: read the view decision_cycles.';

CREATE OR REPLACE VIEW decision_cycles
(
    id Int64 COMMENT 'Id given by PostgreSQL.',
    agent_id LowCardinality(String) COMMENT 'Whose row it is.',
    cycle_number Nullable(Int64) COMMENT 'Number of the cycle as the agent counts.',
    prompt_digest Nullable(String) COMMENT 'Digest of the prompt.',
    prompt_version LowCardinality(Nullable(String)) COMMENT 'Prompt version.',
    cot_trace Nullable(String) COMMENT 'Chain of thought.',
    decisions Nullable(String) COMMENT 'JSON: what was decided.',
    success Nullable(Bool) COMMENT 'Whether the cycle went through.',
    error_message Nullable(String) COMMENT 'Why it did not.',
    executed_at DateTime64(6, 'UTC') COMMENT 'When it ran (UTC).',
    origin LowCardinality(String) COMMENT 'live, recorded, repaired, paper, simulated or handmade.',
    details String COMMENT 'JSON object: fields of the source that have no column here.',
    created_at DateTime64(6, 'UTC') COMMENT 'When PostgreSQL learned of it (UTC).',
    updated_at DateTime64(6, 'UTC') COMMENT 'Version: when the row last changed in PostgreSQL (UTC).',
    ingested_at DateTime64(6, 'UTC') COMMENT 'When it arrived here (UTC).'
)
AS SELECT * FROM decision_cycles_versions FINAL
COMMENT 'Every archived cycle once, newest version.';

CREATE TABLE IF NOT EXISTS agent_reasoning_sessions_versions
(
    id String COMMENT 'Stable id, chosen by the writer.' CODEC(ZSTD(1)),
    session_id Nullable(String) COMMENT 'Id of the session at the writer.' CODEC(ZSTD(1)),
    agent_id LowCardinality(String) COMMENT 'Whose row it is.',
    decision_id Nullable(String) COMMENT 'Decision that came of it.' CODEC(ZSTD(1)),
    observation Nullable(String) COMMENT 'What the agent saw.' CODEC(ZSTD(3)),
    recalled_memories Nullable(String) COMMENT 'JSON: memories that it recalled.' CODEC(ZSTD(3)),
    generated_options Nullable(String) COMMENT 'JSON: options that it thought of.' CODEC(ZSTD(3)),
    evaluations Nullable(String) COMMENT 'JSON: how it judged them.' CODEC(ZSTD(3)),
    final_reasoning Nullable(String) COMMENT 'Why it chose.' CODEC(ZSTD(3)),
    decision Nullable(String) COMMENT 'JSON: what it chose.' CODEC(ZSTD(3)),
    chain_of_thought Nullable(String) COMMENT 'JSON: its steps.' CODEC(ZSTD(3)),
    executed Bool DEFAULT false COMMENT 'Whether it acted on it.',
    is_interrupted Bool DEFAULT false COMMENT 'Whether it was stopped in the middle.',
    checkpoint_state Nullable(String) COMMENT 'JSON: where it stopped.' CODEC(ZSTD(3)),
    checkpoint_history Nullable(String) COMMENT 'JSON: steps until then.' CODEC(ZSTD(3)),
    started_at DateTime64(6, 'UTC') COMMENT 'When it began (UTC).' CODEC(ZSTD(1)),
    completed_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When it ended (UTC).' CODEC(ZSTD(1)),
    duration_ms Nullable(Int64) COMMENT 'How long it took, in milliseconds.' CODEC(ZSTD(1)),
    origin LowCardinality(String) COMMENT 'live, recorded, repaired, paper, simulated or handmade.',
    details String DEFAULT '{}' COMMENT 'JSON object: fields of the source that have no column here.' CODEC(ZSTD(3)),
    created_at DateTime64(6, 'UTC') COMMENT 'When PostgreSQL learned of it (UTC).' CODEC(ZSTD(1)),
    updated_at DateTime64(6, 'UTC') COMMENT 'Version: when the row last changed in PostgreSQL (UTC).' CODEC(ZSTD(1)),
    ingested_at DateTime64(6, 'UTC') DEFAULT now64(6) COMMENT 'When it arrived here (UTC).' CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(updated_at)
PARTITION BY toYYYYMM(started_at)
ORDER BY (agent_id, id)
COMMENT 'Archive of agent_reasoning_sessions, all versions: read the view agent_reasoning_sessions.';

CREATE OR REPLACE VIEW agent_reasoning_sessions
(
    id String COMMENT 'Stable id, chosen by the writer.',
    session_id Nullable(String) COMMENT 'Id of the session at the writer.',
    agent_id LowCardinality(String) COMMENT 'Whose row it is.',
    decision_id Nullable(String) COMMENT 'Decision that came of it.',
    observation Nullable(String) COMMENT 'What the agent saw.',
    recalled_memories Nullable(String) COMMENT 'JSON: memories that it recalled.',
    generated_options Nullable(String) COMMENT 'JSON: options that it thought of.',
    evaluations Nullable(String) COMMENT 'JSON: how it judged them.',
    final_reasoning Nullable(String) COMMENT 'Why it chose.',
    decision Nullable(String) COMMENT 'JSON: what it chose.',
    chain_of_thought Nullable(String) COMMENT 'JSON: its steps.',
    executed Bool COMMENT 'Whether it acted on it.',
    is_interrupted Bool COMMENT 'Whether it was stopped in the middle.',
    checkpoint_state Nullable(String) COMMENT 'JSON: where it stopped.',
    checkpoint_history Nullable(String) COMMENT 'JSON: steps until then.',
    started_at DateTime64(6, 'UTC') COMMENT 'When it began (UTC).',
    completed_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When it ended (UTC).',
    duration_ms Nullable(Int64) COMMENT 'How long it took, in milliseconds.',
    origin LowCardinality(String) COMMENT 'live, recorded, repaired, paper, simulated or handmade.',
    details String COMMENT 'JSON object: fields of the source that have no column here.',
    created_at DateTime64(6, 'UTC') COMMENT 'When PostgreSQL learned of it (UTC).',
    updated_at DateTime64(6, 'UTC') COMMENT 'Version: when the row last changed in PostgreSQL (UTC).',
    ingested_at DateTime64(6, 'UTC') COMMENT 'When it arrived here (UTC).'
)
AS SELECT * FROM agent_reasoning_sessions_versions FINAL
COMMENT 'Every archived session once, newest version.';

CREATE TABLE IF NOT EXISTS agent_reflections_versions
(
    id String COMMENT 'Stable id, chosen by the writer.' CODEC(ZSTD(1)),
    agent_id LowCardinality(String) COMMENT 'Whose row it is.',
    trade_id Nullable(String) COMMENT 'Trade that it is about.' CODEC(ZSTD(1)),
    analysis Nullable(String) COMMENT 'What the agent says.' CODEC(ZSTD(3)),
    what_worked Array(String) COMMENT 'What went well; empty where PostgreSQL has NULL, like the next two.' CODEC(ZSTD(3)),
    what_didnt_work Array(String) COMMENT 'What did not.' CODEC(ZSTD(3)),
    key_lessons Array(String) COMMENT 'What it learned.' CODEC(ZSTD(3)),
    suggested_adjustments Nullable(String) COMMENT 'JSON: what it would change.' CODEC(ZSTD(3)),
    confidence_in_analysis Nullable(Decimal(38, 18)) COMMENT 'How sure it is, 0 to 1.' CODEC(ZSTD(1)),
    origin LowCardinality(String) COMMENT 'live, recorded, repaired, paper, simulated or handmade.',
    details String DEFAULT '{}' COMMENT 'JSON object: fields of the source that have no column here.' CODEC(ZSTD(3)),
    created_at DateTime64(6, 'UTC') COMMENT 'When PostgreSQL learned of it (UTC).' CODEC(ZSTD(1)),
    updated_at DateTime64(6, 'UTC') COMMENT 'Version: when the row last changed in PostgreSQL (UTC).' CODEC(ZSTD(1)),
    ingested_at DateTime64(6, 'UTC') DEFAULT now64(6) COMMENT 'When it arrived here (UTC).' CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(updated_at)
PARTITION BY toYYYYMM(created_at)
ORDER BY (agent_id, id)
COMMENT 'Archive of agent_reflections, all versions: read the view agent_reflections.';

CREATE OR REPLACE VIEW agent_reflections
(
    id String COMMENT 'Stable id, chosen by the writer.',
    agent_id LowCardinality(String) COMMENT 'Whose row it is.',
    trade_id Nullable(String) COMMENT 'Trade that it is about.',
    analysis Nullable(String) COMMENT 'What the agent says.',
    what_worked Array(String) COMMENT 'What went well; empty where PostgreSQL has NULL, like the next two.',
    what_didnt_work Array(String) COMMENT 'What did not.',
    key_lessons Array(String) COMMENT 'What it learned.',
    suggested_adjustments Nullable(String) COMMENT 'JSON: what it would change.',
    confidence_in_analysis Nullable(Decimal(38, 18)) COMMENT 'How sure it is, 0 to 1.',
    origin LowCardinality(String) COMMENT 'live, recorded, repaired, paper, simulated or handmade.',
    details String COMMENT 'JSON object: fields of the source that have no column here.',
    created_at DateTime64(6, 'UTC') COMMENT 'When PostgreSQL learned of it (UTC).',
    updated_at DateTime64(6, 'UTC') COMMENT 'Version: when the row last changed in PostgreSQL (UTC).',
    ingested_at DateTime64(6, 'UTC') COMMENT 'When it arrived here (UTC).'
)
AS SELECT * FROM agent_reflections_versions FINAL
COMMENT 'Every archived reflection once, newest version.';

CREATE TABLE IF NOT EXISTS conversations_versions
(
    id Int64 COMMENT 'Id given by PostgreSQL.' CODEC(ZSTD(1)),
    source_id Nullable(String) COMMENT 'Stable id at the source.' CODEC(ZSTD(1)),
    agent_id LowCardinality(String) COMMENT 'Whose row it is.',
    started_at Nullable(DateTime64(6, 'UTC')) COMMENT 'Time of the first message (UTC).' CODEC(ZSTD(1)),
    origin LowCardinality(String) COMMENT 'live, recorded, repaired, paper, simulated or handmade.',
    details String DEFAULT '{}' COMMENT 'JSON object: fields of the source that have no column here.' CODEC(ZSTD(3)),
    created_at DateTime64(6, 'UTC') COMMENT 'When PostgreSQL learned of it (UTC).' CODEC(ZSTD(1)),
    updated_at DateTime64(6, 'UTC') COMMENT 'Version: when the row last changed in PostgreSQL (UTC).' CODEC(ZSTD(1)),
    ingested_at DateTime64(6, 'UTC') DEFAULT now64(6) COMMENT 'When it arrived here (UTC).' CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(updated_at)
PARTITION BY toYYYYMM(created_at)
ORDER BY (agent_id, id)
COMMENT 'Archive of conversations, all versions: read the view conversations.';

CREATE OR REPLACE VIEW conversations
(
    id Int64 COMMENT 'Id given by PostgreSQL.',
    source_id Nullable(String) COMMENT 'Stable id at the source.',
    agent_id LowCardinality(String) COMMENT 'Whose row it is.',
    started_at Nullable(DateTime64(6, 'UTC')) COMMENT 'Time of the first message (UTC).',
    origin LowCardinality(String) COMMENT 'live, recorded, repaired, paper, simulated or handmade.',
    details String COMMENT 'JSON object: fields of the source that have no column here.',
    created_at DateTime64(6, 'UTC') COMMENT 'When PostgreSQL learned of it (UTC).',
    updated_at DateTime64(6, 'UTC') COMMENT 'Version: when the row last changed in PostgreSQL (UTC).',
    ingested_at DateTime64(6, 'UTC') COMMENT 'When it arrived here (UTC).'
)
AS SELECT * FROM conversations_versions FINAL
COMMENT 'Every archived conversation once, newest version.';

CREATE TABLE IF NOT EXISTS conversation_messages_versions
(
    id Int64 COMMENT 'Id given by PostgreSQL.' CODEC(ZSTD(1)),
    conversation_id Int64 COMMENT 'Thread of the message.' CODEC(ZSTD(1)),
    position_in_thread Nullable(Int32) COMMENT 'Place in the thread from 0.' CODEC(ZSTD(1)),
    role LowCardinality(String) COMMENT 'system, user or assistant.',
    content String COMMENT 'The text.' CODEC(ZSTD(3)),
    sent_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When it was sent (UTC).' CODEC(ZSTD(1)),
    details String DEFAULT '{}' COMMENT 'JSON object: fields of the source that have no column here.' CODEC(ZSTD(3)),
    created_at DateTime64(6, 'UTC') COMMENT 'When PostgreSQL learned of it (UTC).' CODEC(ZSTD(1)),
    updated_at DateTime64(6, 'UTC') COMMENT 'Version: when the row last changed in PostgreSQL (UTC).' CODEC(ZSTD(1)),
    ingested_at DateTime64(6, 'UTC') DEFAULT now64(6) COMMENT 'When it arrived here (UTC).' CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(updated_at)
PARTITION BY toYYYYMM(created_at)
ORDER BY (conversation_id, id)
COMMENT 'Archive of conversation_messages, all versions: read the view conversation_messages.';

CREATE OR REPLACE VIEW conversation_messages
(
    id Int64 COMMENT 'Id given by PostgreSQL.',
    conversation_id Int64 COMMENT 'Thread of the message.',
    position_in_thread Nullable(Int32) COMMENT 'Place in the thread from 0.',
    role LowCardinality(String) COMMENT 'system, user or assistant.',
    content String COMMENT 'The text.',
    sent_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When it was sent (UTC).',
    details String COMMENT 'JSON object: fields of the source that have no column here.',
    created_at DateTime64(6, 'UTC') COMMENT 'When PostgreSQL learned of it (UTC).',
    updated_at DateTime64(6, 'UTC') COMMENT 'Version: when the row last changed in PostgreSQL (UTC).',
    ingested_at DateTime64(6, 'UTC') COMMENT 'When it arrived here (UTC).'
)
AS SELECT * FROM conversation_messages_versions FINAL
COMMENT 'Every archived message once, newest version.';

CREATE TABLE IF NOT EXISTS agent_analysis_results_versions
(
    id String COMMENT 'Id of the document.' CODEC(ZSTD(1)),
    document String COMMENT 'JSON: the document as it was written.' CODEC(ZSTD(3)),
    agent_id LowCardinality(Nullable(String)) COMMENT 'document.agent_id.',
    agent_type LowCardinality(Nullable(String)) COMMENT 'document.agent_type, such as market_analyst.',
    session_id Nullable(String) COMMENT 'document.session_id.' CODEC(ZSTD(1)),
    user_id Nullable(String) COMMENT 'document.user_id.' CODEC(ZSTD(1)),
    symbol LowCardinality(Nullable(String)) COMMENT 'document.symbol.',
    market LowCardinality(Nullable(String)) COMMENT 'document.market, such as US.',
    direction LowCardinality(Nullable(String)) COMMENT 'document.predictions.direction.',
    confidence Nullable(Decimal(38, 18)) COMMENT 'document.predictions.confidence, 0 to 1.' CODEC(ZSTD(1)),
    validation_status LowCardinality(Nullable(String)) COMMENT 'document.validation_status.',
    analysis_timestamp Nullable(DateTime64(6, 'UTC')) COMMENT 'document.analysis_timestamp (UTC).' CODEC(ZSTD(1)),
    expires_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When the collection may forget it (UTC); nothing is forgotten here.' CODEC(ZSTD(1)),
    origin LowCardinality(String) COMMENT 'live, recorded, repaired, paper, simulated or handmade.',
    created_at DateTime64(6, 'UTC') COMMENT 'When PostgreSQL learned of it (UTC).' CODEC(ZSTD(1)),
    updated_at DateTime64(6, 'UTC') COMMENT 'Version: when the row last changed in PostgreSQL (UTC).' CODEC(ZSTD(1)),
    ingested_at DateTime64(6, 'UTC') DEFAULT now64(6) COMMENT 'When it arrived here (UTC).' CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(updated_at)
PARTITION BY toYYYYMM(created_at)
ORDER BY id
COMMENT 'Archive of agent_analysis_results, all versions: read the view agent_analysis_results.';

CREATE OR REPLACE VIEW agent_analysis_results
(
    id String COMMENT 'Id of the document.',
    document String COMMENT 'JSON: the document as it was written.',
    agent_id LowCardinality(Nullable(String)) COMMENT 'document.agent_id.',
    agent_type LowCardinality(Nullable(String)) COMMENT 'document.agent_type, such as market_analyst.',
    session_id Nullable(String) COMMENT 'document.session_id.',
    user_id Nullable(String) COMMENT 'document.user_id.',
    symbol LowCardinality(Nullable(String)) COMMENT 'document.symbol.',
    market LowCardinality(Nullable(String)) COMMENT 'document.market, such as US.',
    direction LowCardinality(Nullable(String)) COMMENT 'document.predictions.direction.',
    confidence Nullable(Decimal(38, 18)) COMMENT 'document.predictions.confidence, 0 to 1.',
    validation_status LowCardinality(Nullable(String)) COMMENT 'document.validation_status.',
    analysis_timestamp Nullable(DateTime64(6, 'UTC')) COMMENT 'document.analysis_timestamp (UTC).',
    expires_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When the collection may forget it (UTC); nothing is forgotten here.',
    origin LowCardinality(String) COMMENT 'live, recorded, repaired, paper, simulated or handmade.',
    created_at DateTime64(6, 'UTC') COMMENT 'When PostgreSQL learned of it (UTC).',
    updated_at DateTime64(6, 'UTC') COMMENT 'Version: when the row last changed in PostgreSQL (UTC).',
    ingested_at DateTime64(6, 'UTC') COMMENT 'When it arrived here (UTC).'
)
AS SELECT * FROM agent_analysis_results_versions FINAL
COMMENT 'Every archived analysis once, newest version.';

CREATE TABLE IF NOT EXISTS trading_signals_versions
(
    id String COMMENT 'Id of the document.' CODEC(ZSTD(1)),
    document String COMMENT 'JSON: the document as it was written.' CODEC(ZSTD(3)),
    agent_id LowCardinality(Nullable(String)) COMMENT 'document.agent_id, else its primary agent.',
    symbol LowCardinality(Nullable(String)) COMMENT 'document.symbol.',
    market LowCardinality(Nullable(String)) COMMENT 'document.market, such as US.',
    signal_type LowCardinality(Nullable(String)) COMMENT 'buy, sell, hold or alert.',
    strength LowCardinality(Nullable(String)) COMMENT 'weak, moderate, strong or very_strong.',
    status LowCardinality(Nullable(String)) COMMENT 'active, expired, triggered or cancelled.',
    confidence Nullable(Decimal(38, 18)) COMMENT 'document.confidence_metrics.overall_confidence, 0 to 1.' CODEC(ZSTD(1)),
    generated_at Nullable(DateTime64(6, 'UTC')) COMMENT 'document.generated_at (UTC).' CODEC(ZSTD(1)),
    expires_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When the collection may forget it (UTC); nothing is forgotten here.' CODEC(ZSTD(1)),
    origin LowCardinality(String) COMMENT 'live, recorded, repaired, paper, simulated or handmade.',
    created_at DateTime64(6, 'UTC') COMMENT 'When PostgreSQL learned of it (UTC).' CODEC(ZSTD(1)),
    updated_at DateTime64(6, 'UTC') COMMENT 'Version: when the row last changed in PostgreSQL (UTC).' CODEC(ZSTD(1)),
    ingested_at DateTime64(6, 'UTC') DEFAULT now64(6) COMMENT 'When it arrived here (UTC).' CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(updated_at)
PARTITION BY toYYYYMM(created_at)
ORDER BY id
COMMENT 'Archive of trading_signals, all versions: read the view trading_signals.';

CREATE OR REPLACE VIEW trading_signals
(
    id String COMMENT 'Id of the document.',
    document String COMMENT 'JSON: the document as it was written.',
    agent_id LowCardinality(Nullable(String)) COMMENT 'document.agent_id, else its primary agent.',
    symbol LowCardinality(Nullable(String)) COMMENT 'document.symbol.',
    market LowCardinality(Nullable(String)) COMMENT 'document.market, such as US.',
    signal_type LowCardinality(Nullable(String)) COMMENT 'buy, sell, hold or alert.',
    strength LowCardinality(Nullable(String)) COMMENT 'weak, moderate, strong or very_strong.',
    status LowCardinality(Nullable(String)) COMMENT 'active, expired, triggered or cancelled.',
    confidence Nullable(Decimal(38, 18)) COMMENT 'document.confidence_metrics.overall_confidence, 0 to 1.',
    generated_at Nullable(DateTime64(6, 'UTC')) COMMENT 'document.generated_at (UTC).',
    expires_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When the collection may forget it (UTC); nothing is forgotten here.',
    origin LowCardinality(String) COMMENT 'live, recorded, repaired, paper, simulated or handmade.',
    created_at DateTime64(6, 'UTC') COMMENT 'When PostgreSQL learned of it (UTC).',
    updated_at DateTime64(6, 'UTC') COMMENT 'Version: when the row last changed in PostgreSQL (UTC).',
    ingested_at DateTime64(6, 'UTC') COMMENT 'When it arrived here (UTC).'
)
AS SELECT * FROM trading_signals_versions FINAL
COMMENT 'Every archived signal once, newest version.';

CREATE TABLE IF NOT EXISTS news_documents_versions
(
    id String COMMENT 'Id of the document.' CODEC(ZSTD(1)),
    document String COMMENT 'JSON: the document as it was written.' CODEC(ZSTD(3)),
    symbols Array(LowCardinality(String)) COMMENT 'document.symbols; empty where PostgreSQL has NULL.' CODEC(ZSTD(1)),
    source_name LowCardinality(Nullable(String)) COMMENT 'document.source.name.',
    source_type LowCardinality(Nullable(String)) COMMENT 'document.source.type.',
    language LowCardinality(Nullable(String)) COMMENT 'document.language.',
    region LowCardinality(Nullable(String)) COMMENT 'document.region.',
    processing_status LowCardinality(Nullable(String)) COMMENT 'document.processing_status.',
    impact_score Nullable(Decimal(38, 18)) COMMENT 'document.impact_score, in the writer''s scale.' CODEC(ZSTD(1)),
    published_at Nullable(DateTime64(6, 'UTC')) COMMENT 'document.published_at (UTC).' CODEC(ZSTD(1)),
    expires_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When the collection may forget it (UTC); nothing is forgotten here.' CODEC(ZSTD(1)),
    created_at DateTime64(6, 'UTC') COMMENT 'When PostgreSQL learned of it (UTC).' CODEC(ZSTD(1)),
    updated_at DateTime64(6, 'UTC') COMMENT 'Version: when the row last changed in PostgreSQL (UTC).' CODEC(ZSTD(1)),
    ingested_at DateTime64(6, 'UTC') DEFAULT now64(6) COMMENT 'When it arrived here (UTC).' CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(updated_at)
PARTITION BY toYYYYMM(created_at)
ORDER BY id
COMMENT 'Archive of news_documents, all versions: read the view news_documents.';

CREATE OR REPLACE VIEW news_documents
(
    id String COMMENT 'Id of the document.',
    document String COMMENT 'JSON: the document as it was written.',
    symbols Array(LowCardinality(String)) COMMENT 'document.symbols; empty where PostgreSQL has NULL.',
    source_name LowCardinality(Nullable(String)) COMMENT 'document.source.name.',
    source_type LowCardinality(Nullable(String)) COMMENT 'document.source.type.',
    language LowCardinality(Nullable(String)) COMMENT 'document.language.',
    region LowCardinality(Nullable(String)) COMMENT 'document.region.',
    processing_status LowCardinality(Nullable(String)) COMMENT 'document.processing_status.',
    impact_score Nullable(Decimal(38, 18)) COMMENT 'document.impact_score, in the writer''s scale.',
    published_at Nullable(DateTime64(6, 'UTC')) COMMENT 'document.published_at (UTC).',
    expires_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When the collection may forget it (UTC); nothing is forgotten here.',
    created_at DateTime64(6, 'UTC') COMMENT 'When PostgreSQL learned of it (UTC).',
    updated_at DateTime64(6, 'UTC') COMMENT 'Version: when the row last changed in PostgreSQL (UTC).',
    ingested_at DateTime64(6, 'UTC') COMMENT 'When it arrived here (UTC).'
)
AS SELECT * FROM news_documents_versions FINAL
COMMENT 'Every archived news document once, newest version.';

CREATE TABLE IF NOT EXISTS social_documents_versions
(
    id String COMMENT 'Id of the document.' CODEC(ZSTD(1)),
    document String COMMENT 'JSON: the document as it was written.' CODEC(ZSTD(3)),
    symbols Array(LowCardinality(String)) COMMENT 'document.symbols; empty where PostgreSQL has NULL.' CODEC(ZSTD(1)),
    platform LowCardinality(Nullable(String)) COMMENT 'document.platform.',
    author_name Nullable(String) COMMENT 'document.author.username.' CODEC(ZSTD(1)),
    sentiment_score Nullable(Decimal(38, 18)) COMMENT 'document.sentiment.score, in the writer''s scale.' CODEC(ZSTD(1)),
    posted_at Nullable(DateTime64(6, 'UTC')) COMMENT 'document.posted_at (UTC).' CODEC(ZSTD(1)),
    expires_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When the collection may forget it (UTC); nothing is forgotten here.' CODEC(ZSTD(1)),
    created_at DateTime64(6, 'UTC') COMMENT 'When PostgreSQL learned of it (UTC).' CODEC(ZSTD(1)),
    updated_at DateTime64(6, 'UTC') COMMENT 'Version: when the row last changed in PostgreSQL (UTC).' CODEC(ZSTD(1)),
    ingested_at DateTime64(6, 'UTC') DEFAULT now64(6) COMMENT 'When it arrived here (UTC).' CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(updated_at)
PARTITION BY toYYYYMM(created_at)
ORDER BY id
COMMENT 'Archive of social_documents, all versions: read the view social_documents.';

CREATE OR REPLACE VIEW social_documents
(
    id String COMMENT 'Id of the document.',
    document String COMMENT 'JSON: the document as it was written.',
    symbols Array(LowCardinality(String)) COMMENT 'document.symbols; empty where PostgreSQL has NULL.',
    platform LowCardinality(Nullable(String)) COMMENT 'document.platform.',
    author_name Nullable(String) COMMENT 'document.author.username.',
    sentiment_score Nullable(Decimal(38, 18)) COMMENT 'document.sentiment.score, in the writer''s scale.',
    posted_at Nullable(DateTime64(6, 'UTC')) COMMENT 'document.posted_at (UTC).',
    expires_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When the collection may forget it (UTC); nothing is forgotten here.',
    created_at DateTime64(6, 'UTC') COMMENT 'When PostgreSQL learned of it (UTC).',
    updated_at DateTime64(6, 'UTC') COMMENT 'Version: when the row last changed in PostgreSQL (UTC).',
    ingested_at DateTime64(6, 'UTC') COMMENT 'When it arrived here (UTC).'
)
AS SELECT * FROM social_documents_versions FINAL
COMMENT 'Every archived post once, newest version.';
