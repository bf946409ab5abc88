-- Simulations, indicators and features. Their figures are computed in floating point by the engines that write them, and are
-- kept as they came: Float64, not Decimal (a token's price of 1.2345678901234567e-9 needs 25 decimals).

CREATE TABLE IF NOT EXISTS simulation_events_versions
(
    simulation_run_id UInt64 COMMENT 'simulation_runs.id in PostgreSQL.' CODEC(ZSTD(1)),
    token_address String COMMENT 'Token or instrument that was simulated.' CODEC(ZSTD(1)),
    chain LowCardinality(String) COMMENT 'Chain of the token.',
    seq UInt64 COMMENT 'Number of the event within the run.' CODEC(DoubleDelta, ZSTD(1)),
    event_time DateTime64(3, 'UTC') COMMENT 'Simulated time of the event (UTC).' CODEC(ZSTD(1)),
    event_type LowCardinality(String) COMMENT 'entry, exit, re-entry, ladder-leg, stop-move, as the engine calls it.',
    price Float64 COMMENT 'Simulated price, in quote currency per token.' CODEC(ZSTD(3)),
    size Float64 COMMENT 'Size of the event, in the engine''s unit.' CODEC(ZSTD(3)),
    remaining_position Float64 COMMENT 'Position after the event, in the engine''s unit.' CODEC(ZSTD(3)),
    pnl_so_far Float64 COMMENT 'PnL of the run after the event, in the engine''s unit.' CODEC(ZSTD(3)),
    indicators_json String DEFAULT '{}' COMMENT 'JSON: indicator values at the event.' CODEC(ZSTD(3)),
    position_state_json String DEFAULT '{}' COMMENT 'JSON: state of the position.' CODEC(ZSTD(3)),
    metadata_json String DEFAULT '{}' COMMENT 'JSON: anything else.' CODEC(ZSTD(3)),
    ingested_at DateTime64(6, 'UTC') DEFAULT now64(6) COMMENT 'Version: when this row was written (UTC); a repeated write of a run replaces.' CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(ingested_at)
PARTITION BY toYYYYMM(event_time)
ORDER BY (simulation_run_id, token_address, chain, seq)
COMMENT 'Events of simulations, all versions: read the view simulation_events.';

CREATE OR REPLACE VIEW simulation_events
(
    simulation_run_id UInt64 COMMENT 'simulation_runs.id in PostgreSQL.',
    token_address String COMMENT 'Token or instrument that was simulated.',
    chain LowCardinality(String) COMMENT 'Chain of the token.',
    seq UInt64 COMMENT 'Number of the event within the run.',
    event_time DateTime64(3, 'UTC') COMMENT 'Simulated time of the event (UTC).',
    event_type LowCardinality(String) COMMENT 'entry, exit, re-entry, ladder-leg, stop-move, as the engine calls it.',
    price Float64 COMMENT 'Simulated price, in quote currency per token.',
    size Float64 COMMENT 'Size of the event, in the engine''s unit.',
    remaining_position Float64 COMMENT 'Position after the event, in the engine''s unit.',
    pnl_so_far Float64 COMMENT 'PnL of the run after the event, in the engine''s unit.',
    indicators_json String COMMENT 'JSON: indicator values at the event.',
    position_state_json String COMMENT 'JSON: state of the position.',
    metadata_json String COMMENT 'JSON: anything else.',
    ingested_at DateTime64(6, 'UTC') COMMENT 'Version: when this row was written (UTC); a repeated write of a run replaces.'
)
AS SELECT * FROM simulation_events_versions FINAL
COMMENT 'Every event once, as last written.';

CREATE TABLE IF NOT EXISTS simulation_aggregates_versions
(
    simulation_run_id UInt64 COMMENT 'simulation_runs.id in PostgreSQL.' CODEC(ZSTD(1)),
    token_address String COMMENT 'Token or instrument that was simulated; empty for the run as a whole.' CODEC(ZSTD(1)),
    chain LowCardinality(String) COMMENT 'Chain of the token.',
    final_pnl Float64 COMMENT 'PnL at the end, in the engine''s unit.' CODEC(ZSTD(3)),
    max_drawdown Float64 COMMENT 'Largest fall from a peak, in the engine''s unit.' CODEC(ZSTD(3)),
    volatility Float64 COMMENT 'Standard deviation of returns, as the engine defines it.' CODEC(ZSTD(3)),
    sharpe_ratio Float64 COMMENT 'Sharpe ratio, as the engine defines it.' CODEC(ZSTD(3)),
    sortino_ratio Float64 COMMENT 'Sortino ratio, as the engine defines it.' CODEC(ZSTD(3)),
    win_rate Float64 COMMENT 'Share of winning trades, 0 to 1.' CODEC(ZSTD(3)),
    trade_count UInt32 DEFAULT 0 COMMENT 'Trades.' CODEC(ZSTD(1)),
    reentry_count UInt32 DEFAULT 0 COMMENT 'Re-entries.' CODEC(ZSTD(1)),
    ladder_entries_used UInt32 DEFAULT 0 COMMENT 'Ladder legs used to enter.' CODEC(ZSTD(1)),
    ladder_exits_used UInt32 DEFAULT 0 COMMENT 'Ladder legs used to leave.' CODEC(ZSTD(1)),
    created_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When the run ended, as the engine says (UTC).' CODEC(ZSTD(1)),
    ingested_at DateTime64(6, 'UTC') DEFAULT now64(6) COMMENT 'Version: when this row was written (UTC).' CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(ingested_at)
PARTITION BY toYYYYMM(created_at)
ORDER BY (simulation_run_id, token_address, chain)
COMMENT 'Results of simulations per token, all versions: read the view simulation_aggregates.';

CREATE OR REPLACE VIEW simulation_aggregates
(
    simulation_run_id UInt64 COMMENT 'simulation_runs.id in PostgreSQL.',
    token_address String COMMENT 'Token or instrument that was simulated; empty for the run as a whole.',
    chain LowCardinality(String) COMMENT 'Chain of the token.',
    final_pnl Float64 COMMENT 'PnL at the end, in the engine''s unit.',
    max_drawdown Float64 COMMENT 'Largest fall from a peak, in the engine''s unit.',
    volatility Float64 COMMENT 'Standard deviation of returns, as the engine defines it.',
    sharpe_ratio Float64 COMMENT 'Sharpe ratio, as the engine defines it.',
    sortino_ratio Float64 COMMENT 'Sortino ratio, as the engine defines it.',
    win_rate Float64 COMMENT 'Share of winning trades, 0 to 1.',
    trade_count UInt32 COMMENT 'Trades.',
    reentry_count UInt32 COMMENT 'Re-entries.',
    ladder_entries_used UInt32 COMMENT 'Ladder legs used to enter.',
    ladder_exits_used UInt32 COMMENT 'Ladder legs used to leave.',
    created_at DateTime64(3, 'UTC') COMMENT 'When the run ended, as the engine says (UTC).',
    ingested_at DateTime64(6, 'UTC') COMMENT 'Version: when this row was written (UTC).'
)
AS SELECT * FROM simulation_aggregates_versions FINAL
COMMENT 'The results of every run and token once, as last written.';

CREATE TABLE IF NOT EXISTS technical_indicators_versions
(
    exchange LowCardinality(String) COMMENT 'Venue; sandbox for generated data.',
    symbol LowCardinality(String) COMMENT 'Instrument, as the venue names it.',
    timeframe LowCardinality(String) COMMENT 'Candles that it was computed from.',
    indicator LowCardinality(String) COMMENT 'Name, such as rsi, macd, macd_signal, sma.',
    parameters LowCardinality(String) COMMENT 'Its parameters as text, such as 14 or 12,26,9.',
    timestamp DateTime64(3, 'UTC') COMMENT 'Open time of the candle that it belongs to (UTC); it is known when that candle closes.' CODEC(DoubleDelta, ZSTD(1)),
    value Float64 COMMENT 'The value.' CODEC(ZSTD(3)),
    calculator LowCardinality(String) DEFAULT '' COMMENT 'What computed it, with its version.',
    origin LowCardinality(String) DEFAULT 'live' COMMENT 'live, recorded, repaired, paper, simulated or handmade.',
    computed_at DateTime64(6, 'UTC') DEFAULT now64(6) COMMENT 'Version: when it was computed (UTC).' CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = ReplacingMergeTree(computed_at)
PARTITION BY toYYYYMM(timestamp)
ORDER BY (exchange, symbol, timeframe, indicator, parameters, timestamp)
COMMENT 'Indicators over candles, all versions: read the view technical_indicators.';

CREATE OR REPLACE VIEW technical_indicators
(
    exchange LowCardinality(String) COMMENT 'Venue; sandbox for generated data.',
    symbol LowCardinality(String) COMMENT 'Instrument, as the venue names it.',
    timeframe LowCardinality(String) COMMENT 'Candles that it was computed from.',
    indicator LowCardinality(String) COMMENT 'Name, such as rsi, macd, macd_signal, sma.',
    parameters LowCardinality(String) COMMENT 'Its parameters as text, such as 14 or 12,26,9.',
    timestamp DateTime64(3, 'UTC') COMMENT 'Open time of the candle that it belongs to (UTC); it is known when that candle closes.',
    value Float64 COMMENT 'The value.',
    calculator LowCardinality(String) COMMENT 'What computed it, with its version.',
    origin LowCardinality(String) COMMENT 'live, recorded, repaired, paper, simulated or handmade.',
    computed_at DateTime64(6, 'UTC') COMMENT 'Version: when it was computed (UTC).'
)
AS SELECT * FROM technical_indicators_versions FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1
COMMENT 'Every indicator value once, as last computed.';

CREATE TABLE IF NOT EXISTS ml_features_versions
(
    feature_set LowCardinality(String) COMMENT 'Name of the set.',
    feature_version LowCardinality(String) COMMENT 'Version of its definition.',
    exchange LowCardinality(String) COMMENT 'Venue; sandbox for generated data.',
    symbol LowCardinality(String) COMMENT 'Instrument, as the venue names it.',
    timeframe LowCardinality(String) COMMENT 'Candles that it was computed from; empty where it was not.',
    timestamp DateTime64(3, 'UTC') COMMENT 'Moment that the features describe (UTC).' CODEC(DoubleDelta, ZSTD(1)),
    features Map(LowCardinality(String), Float64) COMMENT 'The features by name.' CODEC(ZSTD(3)),
    as_of Nullable(DateTime64(3, 'UTC')) COMMENT 'Newest time of any input (UTC): the features may be used from then on.' CODEC(ZSTD(1)),
    lineage String DEFAULT '{}' COMMENT 'JSON: what they were computed from.' CODEC(ZSTD(3)),
    origin LowCardinality(String) DEFAULT 'live' COMMENT 'live, recorded, repaired, paper, simulated or handmade.',
    computed_at DateTime64(6, 'UTC') DEFAULT now64(6) COMMENT 'Version: when they were computed (UTC).' CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = ReplacingMergeTree(computed_at)
PARTITION BY toYYYYMM(timestamp)
ORDER BY (feature_set, feature_version, exchange, symbol, timeframe, timestamp)
COMMENT 'Feature vectors, all versions: read the view ml_features.';

CREATE OR REPLACE VIEW ml_features
(
    feature_set LowCardinality(String) COMMENT 'Name of the set.',
    feature_version LowCardinality(String) COMMENT 'Version of its definition.',
    exchange LowCardinality(String) COMMENT 'Venue; sandbox for generated data.',
    symbol LowCardinality(String) COMMENT 'Instrument, as the venue names it.',
    timeframe LowCardinality(String) COMMENT 'Candles that it was computed from; empty where it was not.',
    timestamp DateTime64(3, 'UTC') COMMENT 'Moment that the features describe (UTC).',
    features Map(LowCardinality(String), Float64) COMMENT 'The features by name.',
    as_of Nullable(DateTime64(3, 'UTC')) COMMENT 'Newest time of any input (UTC): the features may be used from then on.',
    lineage String COMMENT 'JSON: what they were computed from.',
    origin LowCardinality(String) COMMENT 'live, recorded, repaired, paper, simulated or handmade.',
    computed_at DateTime64(6, 'UTC') COMMENT 'Version: when they were computed (UTC).'
)
AS SELECT * FROM ml_features_versions FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1
COMMENT 'Every feature vector once, as last computed.';
