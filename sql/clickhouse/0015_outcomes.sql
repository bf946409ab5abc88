-- Copy of PostgreSQL's decision_outcomes, and the way from a decision to its trades.

CREATE TABLE IF NOT EXISTS decision_outcomes_versions
(
    decision_id String COMMENT 'The decision.' CODEC(ZSTD(1)),
    agent_id LowCardinality(String) COMMENT 'Who decided.',
    exchange LowCardinality(String) COMMENT 'Venue of the decision.',
    symbol LowCardinality(String) COMMENT 'Instrument, as the venue names it.',
    decided_at DateTime64(6, 'UTC') COMMENT 'When it was taken (UTC).' CODEC(DoubleDelta, ZSTD(1)),
    method LowCardinality(String) COMMENT 'How it was scored; the parameters are in PostgreSQL, outcome_methods.',
    state LowCardinality(String) COMMENT 'scored, pending (horizon not over), gap (candles are missing), no_market (no stored candles), no_side (nothing to judge).',
    stake LowCardinality(Nullable(String)) COMMENT 'What was judged: enter, keep, leave or stay_out.',
    side LowCardinality(Nullable(String)) COMMENT 'Side that was judged: of a close the opposite of the position; NULL for staying out.',
    market_exchange LowCardinality(Nullable(String)) COMMENT 'Venue of the candles: its own where it has the market, else another with the same base asset.',
    market_symbol LowCardinality(Nullable(String)) COMMENT 'Market of the candles.',
    timeframe LowCardinality(Nullable(String)) COMMENT 'Timeframe of the candles.',
    volatility Nullable(Decimal(38, 18)) COMMENT 'Standard deviation of log returns to the horizon, in percent, as known at the decision.' CODEC(ZSTD(1)),
    entry_at Nullable(DateTime64(6, 'UTC')) COMMENT 'Open time of the first candle that opened at or after the decision (UTC).' CODEC(ZSTD(1)),
    entry_price Nullable(Decimal(38, 18)) COMMENT 'Its open, in the quote currency per unit.' CODEC(ZSTD(1)),
    target_price Nullable(Decimal(38, 18)) COMMENT 'Upper barrier for a long, lower for a short.' CODEC(ZSTD(1)),
    target_source LowCardinality(Nullable(String)) COMMENT 'decision: its take_profit; volatility or percent: the method''s default.',
    stop_price Nullable(Decimal(38, 18)) COMMENT 'Lower barrier for a long, upper for a short.' CODEC(ZSTD(1)),
    stop_source LowCardinality(Nullable(String)) COMMENT 'decision: its stop_loss; volatility or percent: the method''s default.',
    exit_at Nullable(DateTime64(6, 'UTC')) COMMENT 'End of the candle that touched a barrier, or of the horizon (UTC).' CODEC(ZSTD(1)),
    exit_price Nullable(Decimal(38, 18)) COMMENT 'Price at the exit, in the quote currency per unit.' CODEC(ZSTD(1)),
    barrier LowCardinality(Nullable(String)) COMMENT 'What ended it: target, stop, horizon, or move where staying out was judged.',
    gross_percent Nullable(Decimal(38, 18)) COMMENT 'Return before fees in percent of the entry price.' CODEC(ZSTD(1)),
    net_percent Nullable(Decimal(38, 18)) COMMENT 'Return after fees in percent of the entry price; keep and leave pay none.' CODEC(ZSTD(1)),
    pnl Nullable(Decimal(38, 18)) COMMENT 'Net PnL of the wanted quantity, in the quote currency; NULL without a quantity.' CODEC(ZSTD(1)),
    max_favorable_percent Nullable(Decimal(38, 18)) COMMENT 'Best excursion before the exit, in percent of the entry price (MFE).' CODEC(ZSTD(1)),
    max_adverse_percent Nullable(Decimal(38, 18)) COMMENT 'Worst excursion before the exit, in percent of the entry price, positive (MAE).' CODEC(ZSTD(1)),
    hold_minutes Nullable(Decimal(38, 18)) COMMENT 'From entry to exit, in minutes.' CODEC(ZSTD(1)),
    is_correct Nullable(Bool) COMMENT 'Net return above zero; for staying out: the price stayed in the range. NULL unless scored.',
    is_direction_correct Nullable(Bool) COMMENT 'The close at the horizon lies on the judged side of the entry, whatever fees and barriers; NULL for staying out.',
    trade_count UInt32 COMMENT 'Closed trades that came of it; figures of trades are NULL while one of them is open.' CODEC(ZSTD(1)),
    trade_pnl Nullable(Decimal(38, 18)) COMMENT 'Net PnL of its trades, in their currency.' CODEC(ZSTD(1)),
    trade_percent Nullable(Decimal(38, 18)) COMMENT 'The same in percent of the notional at entry.' CODEC(ZSTD(1)),
    trade_hold_minutes Nullable(Decimal(38, 18)) COMMENT 'From the first entry to the last exit of its trades, in minutes.' CODEC(ZSTD(1)),
    is_trade_correct Nullable(Bool) COMMENT 'Whether its trades earned after fees.',
    origin LowCardinality(String) COMMENT 'Origin of the decision: live, recorded, repaired, paper, simulated or handmade.',
    created_at DateTime64(6, 'UTC') COMMENT 'When it was first looked at (UTC).' CODEC(DoubleDelta, ZSTD(1)),
    updated_at DateTime64(6, 'UTC') COMMENT 'When the outcome last changed (UTC); kept by trigger. Version of the row in ClickHouse.' CODEC(DoubleDelta, ZSTD(1)),
    ingested_at DateTime64(6, 'UTC') DEFAULT now64(6) COMMENT 'When it arrived here (UTC).' CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = ReplacingMergeTree(updated_at)
ORDER BY (agent_id, decision_id)
COMMENT 'Copy of decision_outcomes, all versions: read the view decision_outcomes.';

CREATE OR REPLACE VIEW decision_outcomes
(
    decision_id String COMMENT 'The decision.',
    agent_id LowCardinality(String) COMMENT 'Who decided.',
    exchange LowCardinality(String) COMMENT 'Venue of the decision.',
    symbol LowCardinality(String) COMMENT 'Instrument, as the venue names it.',
    decided_at DateTime64(6, 'UTC') COMMENT 'When it was taken (UTC).',
    method LowCardinality(String) COMMENT 'How it was scored; the parameters are in PostgreSQL, outcome_methods.',
    state LowCardinality(String) COMMENT 'scored, pending (horizon not over), gap (candles are missing), no_market (no stored candles), no_side (nothing to judge).',
    stake LowCardinality(Nullable(String)) COMMENT 'What was judged: enter, keep, leave or stay_out.',
    side LowCardinality(Nullable(String)) COMMENT 'Side that was judged: of a close the opposite of the position; NULL for staying out.',
    market_exchange LowCardinality(Nullable(String)) COMMENT 'Venue of the candles: its own where it has the market, else another with the same base asset.',
    market_symbol LowCardinality(Nullable(String)) COMMENT 'Market of the candles.',
    timeframe LowCardinality(Nullable(String)) COMMENT 'Timeframe of the candles.',
    volatility Nullable(Decimal(38, 18)) COMMENT 'Standard deviation of log returns to the horizon, in percent, as known at the decision.',
    entry_at Nullable(DateTime64(6, 'UTC')) COMMENT 'Open time of the first candle that opened at or after the decision (UTC).',
    entry_price Nullable(Decimal(38, 18)) COMMENT 'Its open, in the quote currency per unit.',
    target_price Nullable(Decimal(38, 18)) COMMENT 'Upper barrier for a long, lower for a short.',
    target_source LowCardinality(Nullable(String)) COMMENT 'decision: its take_profit; volatility or percent: the method''s default.',
    stop_price Nullable(Decimal(38, 18)) COMMENT 'Lower barrier for a long, upper for a short.',
    stop_source LowCardinality(Nullable(String)) COMMENT 'decision: its stop_loss; volatility or percent: the method''s default.',
    exit_at Nullable(DateTime64(6, 'UTC')) COMMENT 'End of the candle that touched a barrier, or of the horizon (UTC).',
    exit_price Nullable(Decimal(38, 18)) COMMENT 'Price at the exit, in the quote currency per unit.',
    barrier LowCardinality(Nullable(String)) COMMENT 'What ended it: target, stop, horizon, or move where staying out was judged.',
    gross_percent Nullable(Decimal(38, 18)) COMMENT 'Return before fees in percent of the entry price.',
    net_percent Nullable(Decimal(38, 18)) COMMENT 'Return after fees in percent of the entry price; keep and leave pay none.',
    pnl Nullable(Decimal(38, 18)) COMMENT 'Net PnL of the wanted quantity, in the quote currency; NULL without a quantity.',
    max_favorable_percent Nullable(Decimal(38, 18)) COMMENT 'Best excursion before the exit, in percent of the entry price (MFE).',
    max_adverse_percent Nullable(Decimal(38, 18)) COMMENT 'Worst excursion before the exit, in percent of the entry price, positive (MAE).',
    hold_minutes Nullable(Decimal(38, 18)) COMMENT 'From entry to exit, in minutes.',
    is_correct Nullable(Bool) COMMENT 'Net return above zero; for staying out: the price stayed in the range. NULL unless scored.',
    is_direction_correct Nullable(Bool) COMMENT 'The close at the horizon lies on the judged side of the entry, whatever fees and barriers; NULL for staying out.',
    trade_count UInt32 COMMENT 'Closed trades that came of it; figures of trades are NULL while one of them is open.',
    trade_pnl Nullable(Decimal(38, 18)) COMMENT 'Net PnL of its trades, in their currency.',
    trade_percent Nullable(Decimal(38, 18)) COMMENT 'The same in percent of the notional at entry.',
    trade_hold_minutes Nullable(Decimal(38, 18)) COMMENT 'From the first entry to the last exit of its trades, in minutes.',
    is_trade_correct Nullable(Bool) COMMENT 'Whether its trades earned after fees.',
    origin LowCardinality(String) COMMENT 'Origin of the decision: live, recorded, repaired, paper, simulated or handmade.',
    created_at DateTime64(6, 'UTC') COMMENT 'When it was first looked at (UTC).',
    updated_at DateTime64(6, 'UTC') COMMENT 'When the outcome last changed (UTC); kept by trigger. Version of the row in ClickHouse.',
    ingested_at DateTime64(6, 'UTC') COMMENT 'When it arrived here (UTC).'
)
AS SELECT * FROM decision_outcomes_versions FINAL
COMMENT 'What came of each decision, newest version.';

ALTER TABLE trades_history_versions ADD INDEX IF NOT EXISTS by_decision decision_id TYPE bloom_filter(0.01) GRANULARITY 1;
