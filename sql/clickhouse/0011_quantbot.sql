-- Facade of the quantbot design: its names over the canonical tables. quantbot.X is read, quantbot_write.X is inserted into; plain
-- views of ClickHouse refuse INSERT (docs/clickhouse.md says what else was tried).

CREATE DATABASE IF NOT EXISTS quantbot COMMENT 'Facade of the quantbot design.';

CREATE DATABASE IF NOT EXISTS quantbot_write COMMENT 'Doors of the quantbot design: tables of the same names to INSERT into.';

CREATE OR REPLACE VIEW quantbot.ohlcv_candles
(
    token_address String COMMENT 'Token, or symbol at an exchange.',
    chain LowCardinality(String) COMMENT 'Chain, or exchange.',
    timestamp DateTime('UTC') COMMENT 'Open time of the candle (UTC).',
    `interval` LowCardinality(String) COMMENT 'Timeframe, such as 5m.',
    open Float64 COMMENT 'First price, in quote currency.',
    high Float64 COMMENT 'Highest price, in quote currency.',
    low Float64 COMMENT 'Lowest price, in quote currency.',
    close Float64 COMMENT 'Last price, in quote currency.',
    volume Float64 COMMENT 'Traded volume, in base currency.'
)
AS SELECT
    symbol AS token_address,
    exchange AS chain,
    timestamp,
    timeframe AS `interval`,
    open,
    high,
    low,
    close,
    volume
FROM candles
WHERE (exchange = 'sandbox') = ((SELECT exchange FROM home_exchange) = 'sandbox')
COMMENT 'Closed candles by token and chain: token_address is the symbol and chain the exchange of the canonical tables.';

CREATE TABLE IF NOT EXISTS quantbot_write.ohlcv_candles
(
    token_address String COMMENT 'Token, or symbol at an exchange.',
    chain LowCardinality(String) COMMENT 'Chain, or exchange.',
    timestamp DateTime('UTC') COMMENT 'Open time of the candle (UTC).',
    `interval` LowCardinality(String) COMMENT 'Timeframe, such as 5m.',
    open Float64 COMMENT 'First price, in quote currency.',
    high Float64 COMMENT 'Highest price, in quote currency.',
    low Float64 COMMENT 'Lowest price, in quote currency.',
    close Float64 COMMENT 'Last price, in quote currency.',
    volume Float64 COMMENT 'Traded volume, in base currency.'
)
ENGINE = Null
COMMENT 'INSERT here what the design inserts into ohlcv_candles; read quantbot.ohlcv_candles. Keeps nothing itself.';

CREATE MATERIALIZED VIEW IF NOT EXISTS quantbot_write.ohlcv_candles_feed TO market_ohlcv AS
SELECT
    token_address AS symbol,
    chain AS exchange,
    timestamp,
    `interval` AS timeframe,
    open,
    high,
    low,
    close,
    volume
FROM quantbot_write.ohlcv_candles AS i
WHERE timestamp + toIntervalSecond(transform(`interval`, ['1m', '5m', '15m', '30m', '1h', '4h', '1d'], [60, 300, 900, 1800, 3600, 14400, 86400], 1)) <= now()
COMMENT 'Lands rows of quantbot_write.ohlcv_candles in market_ohlcv.';

CREATE OR REPLACE VIEW quantbot.simulation_events
(
    simulation_run_id UInt64 COMMENT 'simulation_runs.id in PostgreSQL.',
    token_address String COMMENT 'Token.',
    chain LowCardinality(String) COMMENT 'Chain.',
    event_time DateTime64(3, 'UTC') COMMENT 'Simulated time (UTC).',
    seq UInt32 COMMENT 'Number of the event within the run.',
    event_type LowCardinality(String) COMMENT 'entry, exit, re-entry, ladder-leg, stop-move.',
    price Float64 COMMENT 'Simulated price.',
    size Float64 COMMENT 'Size of the event.',
    remaining_position Float64 COMMENT 'Position after the event.',
    pnl_so_far Float64 COMMENT 'PnL after the event.',
    indicators_json String COMMENT 'Indicator values at the event.',
    position_state_json String COMMENT 'State of the position.',
    metadata_json String COMMENT 'Anything else.'
)
AS SELECT
    simulation_run_id,
    token_address,
    chain,
    event_time,
    seq,
    event_type,
    price,
    size,
    remaining_position,
    pnl_so_far,
    indicators_json,
    position_state_json,
    metadata_json
FROM simulation_events
COMMENT 'Events of simulations.';

CREATE TABLE IF NOT EXISTS quantbot_write.simulation_events
(
    simulation_run_id UInt64 COMMENT 'simulation_runs.id in PostgreSQL.',
    token_address String COMMENT 'Token.',
    chain LowCardinality(String) COMMENT 'Chain.',
    event_time DateTime64(3, 'UTC') COMMENT 'Simulated time (UTC).',
    seq UInt32 COMMENT 'Number of the event within the run.',
    event_type LowCardinality(String) COMMENT 'entry, exit, re-entry, ladder-leg, stop-move.',
    price Float64 COMMENT 'Simulated price.',
    size Float64 COMMENT 'Size of the event.',
    remaining_position Float64 COMMENT 'Position after the event.',
    pnl_so_far Float64 COMMENT 'PnL after the event.',
    indicators_json String COMMENT 'Indicator values at the event.',
    position_state_json String COMMENT 'State of the position.',
    metadata_json String COMMENT 'Anything else.'
)
ENGINE = Null
COMMENT 'INSERT here what the design inserts into simulation_events; read quantbot.simulation_events. Keeps nothing itself.';

CREATE MATERIALIZED VIEW IF NOT EXISTS quantbot_write.simulation_events_feed TO simulation_events_versions AS
SELECT
    simulation_run_id,
    token_address,
    chain,
    event_time,
    seq,
    event_type,
    price,
    size,
    remaining_position,
    pnl_so_far,
    indicators_json,
    position_state_json,
    metadata_json
FROM quantbot_write.simulation_events AS i
COMMENT 'Lands rows of quantbot_write.simulation_events in simulation_events_versions.';

CREATE OR REPLACE VIEW quantbot.simulation_aggregates
(
    simulation_run_id UInt64 COMMENT 'simulation_runs.id in PostgreSQL.',
    token_address String COMMENT 'Token.',
    chain LowCardinality(String) COMMENT 'Chain.',
    final_pnl Float64 COMMENT 'PnL at the end.',
    max_drawdown Float64 COMMENT 'Largest fall from a peak.',
    volatility Float64 COMMENT 'Volatility of returns.',
    sharpe_ratio Float64 COMMENT 'Sharpe ratio.',
    sortino_ratio Float64 COMMENT 'Sortino ratio.',
    win_rate Float64 COMMENT 'Share of winning trades.',
    trade_count UInt32 COMMENT 'Trades.',
    reentry_count UInt32 COMMENT 'Re-entries.',
    ladder_entries_used UInt32 COMMENT 'Ladder legs used to enter.',
    ladder_exits_used UInt32 COMMENT 'Ladder legs used to leave.',
    created_at DateTime('UTC') COMMENT 'When the run ended (UTC).'
)
AS SELECT
    simulation_run_id,
    token_address,
    chain,
    final_pnl,
    max_drawdown,
    volatility,
    sharpe_ratio,
    sortino_ratio,
    win_rate,
    trade_count,
    reentry_count,
    ladder_entries_used,
    ladder_exits_used,
    created_at
FROM simulation_aggregates
COMMENT 'Results of simulations.';

CREATE TABLE IF NOT EXISTS quantbot_write.simulation_aggregates
(
    simulation_run_id UInt64 COMMENT 'simulation_runs.id in PostgreSQL.',
    token_address String COMMENT 'Token.',
    chain LowCardinality(String) COMMENT 'Chain.',
    final_pnl Float64 COMMENT 'PnL at the end.',
    max_drawdown Float64 COMMENT 'Largest fall from a peak.',
    volatility Float64 COMMENT 'Volatility of returns.',
    sharpe_ratio Float64 COMMENT 'Sharpe ratio.',
    sortino_ratio Float64 COMMENT 'Sortino ratio.',
    win_rate Float64 COMMENT 'Share of winning trades.',
    trade_count UInt32 COMMENT 'Trades.',
    reentry_count UInt32 COMMENT 'Re-entries.',
    ladder_entries_used UInt32 COMMENT 'Ladder legs used to enter.',
    ladder_exits_used UInt32 COMMENT 'Ladder legs used to leave.',
    created_at DateTime('UTC') DEFAULT now() COMMENT 'When the run ended (UTC).'
)
ENGINE = Null
COMMENT 'INSERT here what the design inserts into simulation_aggregates; read quantbot.simulation_aggregates. Keeps nothing itself.';

CREATE MATERIALIZED VIEW IF NOT EXISTS quantbot_write.simulation_aggregates_feed TO simulation_aggregates_versions AS
SELECT
    simulation_run_id,
    token_address,
    chain,
    final_pnl,
    max_drawdown,
    volatility,
    sharpe_ratio,
    sortino_ratio,
    win_rate,
    trade_count,
    reentry_count,
    ladder_entries_used,
    ladder_exits_used,
    created_at
FROM quantbot_write.simulation_aggregates AS i
COMMENT 'Lands rows of quantbot_write.simulation_aggregates in simulation_aggregates_versions.';
