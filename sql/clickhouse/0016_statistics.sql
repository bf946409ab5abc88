-- What Python works out from the marts for both warehouses. A table is filled beside itself (_next) and swapped in by
-- REPLACE PARTITION, so that a reader never sees half of it.

CREATE TABLE IF NOT EXISTS hourly_candles_versions
(
    exchange LowCardinality(String) COMMENT 'Venue.',
    symbol LowCardinality(String) COMMENT 'Unified symbol.',
    hour DateTime64(3, 'UTC') COMMENT 'Open time of the hour (UTC).',
    open Float64 COMMENT 'First price.',
    high Float64 COMMENT 'Highest price.',
    low Float64 COMMENT 'Lowest price.',
    close Float64 COMMENT 'Last price.',
    volume Float64 COMMENT 'Volume in base currency.',
    origin LowCardinality(String) COMMENT 'Where the candles come from; synthetic ones were made up.',
    writes Int64 COMMENT 'Writes to the market''s day that were in when the hour was copied; a later copy has more.',
    ingested_at DateTime64(6, 'UTC') DEFAULT now64(6) COMMENT 'When it arrived here (UTC).'
)
ENGINE = ReplacingMergeTree(ingested_at)
PARTITION BY toYear(hour)
ORDER BY (exchange, symbol, hour)
COMMENT 'All versions: read the view hourly_candles.';

CREATE OR REPLACE VIEW hourly_candles
(
    exchange LowCardinality(String) COMMENT 'Venue.',
    symbol LowCardinality(String) COMMENT 'Unified symbol.',
    hour DateTime64(3, 'UTC') COMMENT 'Open time of the hour (UTC).',
    open Float64 COMMENT 'First price.',
    high Float64 COMMENT 'Highest price.',
    low Float64 COMMENT 'Lowest price.',
    close Float64 COMMENT 'Last price.',
    volume Float64 COMMENT 'Volume in base currency.',
    origin LowCardinality(String) COMMENT 'Where the candles come from; synthetic ones were made up.',
    writes Int64 COMMENT 'Writes to the market''s day that were in when the hour was copied; a later copy has more.',
    ingested_at DateTime64(6, 'UTC') COMMENT 'When it arrived here (UTC).'
)
AS SELECT * FROM hourly_candles_versions FINAL
COMMENT 'Hours of candles for the marts of both warehouses, copied from ClickHouse.';

CREATE TABLE IF NOT EXISTS instrument_markets
(
    exchange LowCardinality(String) COMMENT 'Venue of the decisions and trades.',
    symbol LowCardinality(String) COMMENT 'Instrument, as that venue names it.',
    market_exchange LowCardinality(String) COMMENT 'Venue of the candles.',
    market_symbol LowCardinality(String) COMMENT 'Market of the candles.'
)
ENGINE = MergeTree
ORDER BY (exchange, symbol)
COMMENT 'The market whose candles describe an instrument that agents decide on.';

CREATE TABLE IF NOT EXISTS instrument_markets_next
(
    exchange LowCardinality(String) COMMENT 'Venue of the decisions and trades.',
    symbol LowCardinality(String) COMMENT 'Instrument, as that venue names it.',
    market_exchange LowCardinality(String) COMMENT 'Venue of the candles.',
    market_symbol LowCardinality(String) COMMENT 'Market of the candles.'
)
ENGINE = MergeTree
ORDER BY (exchange, symbol)
COMMENT 'What replaces instrument_markets.';

CREATE TABLE IF NOT EXISTS prompt_pairs
(
    exchange String COMMENT 'Venue of the accounts; sandbox for generated data.',
    origin_group String COMMENT 'real, paper or made up.',
    agent_id String COMMENT 'Whose versions they are.',
    version_a String COMMENT 'Prompt version A, first of the two by code points.',
    version_b String COMMENT 'Prompt version B.',
    days Int64 COMMENT 'UTC days that carry the comparison.',
    cells Nullable(Int64) COMMENT 'Markets and days on which both decided and closed trades; NULL where all trades are compared.',
    decisions_a Int64 COMMENT 'Decisions of A that were traded and are compared.',
    decisions_b Int64 COMMENT 'Decisions of B that were traded and are compared.',
    mean_a Float64 COMMENT 'Mean net return of A on the notional, costs taken off.',
    mean_b Float64 COMMENT 'Mean net return of B on the notional, costs taken off.',
    difference Float64 COMMENT 'mean_b minus mean_a.',
    std_error Nullable(Float64) COMMENT 'Standard error of the difference by leaving out one day at a time; NULL for fewer than two days or where days do not vary.',
    low Nullable(Float64) COMMENT 'Lower end of the 95% interval of the difference (t, days minus one degrees of freedom).',
    high Nullable(Float64) COMMENT 'Upper end of the 95% interval of the difference.',
    p_value Nullable(Float64) COMMENT 'Two-sided p-value of no difference, this pair alone.',
    p_adjusted Nullable(Float64) COMMENT 'The same after Holm over all pairs of the family.',
    probability_b_better Nullable(Float64) COMMENT 'Probability that B earns more than A, given these days and no opinion beforehand.',
    decisions_needed Nullable(Int64) COMMENT 'Further decisions of both together until a difference of this size would be found in four of five cases, as strictly as the family asks; 0 when there are enough, NULL when unknown or beyond a billion.',
    verdict String COMMENT 'B against A: better, worse or undecided.'
)
ENGINE = MergeTree
ORDER BY (exchange, origin_group, agent_id, version_a, version_b)
COMMENT 'Pairs of prompt versions of one agent, compared on the markets and days that both decided on.';

CREATE TABLE IF NOT EXISTS prompt_pairs_next
(
    exchange String COMMENT 'Venue of the accounts; sandbox for generated data.',
    origin_group String COMMENT 'real, paper or made up.',
    agent_id String COMMENT 'Whose versions they are.',
    version_a String COMMENT 'Prompt version A, first of the two by code points.',
    version_b String COMMENT 'Prompt version B.',
    days Int64 COMMENT 'UTC days that carry the comparison.',
    cells Nullable(Int64) COMMENT 'Markets and days on which both decided and closed trades; NULL where all trades are compared.',
    decisions_a Int64 COMMENT 'Decisions of A that were traded and are compared.',
    decisions_b Int64 COMMENT 'Decisions of B that were traded and are compared.',
    mean_a Float64 COMMENT 'Mean net return of A on the notional, costs taken off.',
    mean_b Float64 COMMENT 'Mean net return of B on the notional, costs taken off.',
    difference Float64 COMMENT 'mean_b minus mean_a.',
    std_error Nullable(Float64) COMMENT 'Standard error of the difference by leaving out one day at a time; NULL for fewer than two days or where days do not vary.',
    low Nullable(Float64) COMMENT 'Lower end of the 95% interval of the difference (t, days minus one degrees of freedom).',
    high Nullable(Float64) COMMENT 'Upper end of the 95% interval of the difference.',
    p_value Nullable(Float64) COMMENT 'Two-sided p-value of no difference, this pair alone.',
    p_adjusted Nullable(Float64) COMMENT 'The same after Holm over all pairs of the family.',
    probability_b_better Nullable(Float64) COMMENT 'Probability that B earns more than A, given these days and no opinion beforehand.',
    decisions_needed Nullable(Int64) COMMENT 'Further decisions of both together until a difference of this size would be found in four of five cases, as strictly as the family asks; 0 when there are enough, NULL when unknown or beyond a billion.',
    verdict String COMMENT 'B against A: better, worse or undecided.'
)
ENGINE = MergeTree
ORDER BY (exchange, origin_group, agent_id, version_a, version_b)
COMMENT 'What replaces prompt_pairs.';

CREATE TABLE IF NOT EXISTS agent_pairs
(
    exchange String COMMENT 'Venue of the accounts; sandbox for generated data.',
    origin_group String COMMENT 'real, paper or made up.',
    basis String COMMENT 'all trades: each with the markets and days it chose. same markets and days: where both decided.',
    agent_a String COMMENT 'Agent A, first of the two by code points.',
    agent_b String COMMENT 'Agent B.',
    days Int64 COMMENT 'UTC days that carry the comparison.',
    cells Nullable(Int64) COMMENT 'Markets and days on which both decided and closed trades; NULL where all trades are compared.',
    decisions_a Int64 COMMENT 'Decisions of A that were traded and are compared.',
    decisions_b Int64 COMMENT 'Decisions of B that were traded and are compared.',
    mean_a Float64 COMMENT 'Mean net return of A on the notional, costs taken off.',
    mean_b Float64 COMMENT 'Mean net return of B on the notional, costs taken off.',
    difference Float64 COMMENT 'mean_b minus mean_a.',
    std_error Nullable(Float64) COMMENT 'Standard error of the difference by leaving out one day at a time; NULL for fewer than two days or where days do not vary.',
    low Nullable(Float64) COMMENT 'Lower end of the 95% interval of the difference (t, days minus one degrees of freedom).',
    high Nullable(Float64) COMMENT 'Upper end of the 95% interval of the difference.',
    p_value Nullable(Float64) COMMENT 'Two-sided p-value of no difference, this pair alone.',
    p_adjusted Nullable(Float64) COMMENT 'The same after Holm over all pairs of the family.',
    probability_b_better Nullable(Float64) COMMENT 'Probability that B earns more than A, given these days and no opinion beforehand.',
    decisions_needed Nullable(Int64) COMMENT 'Further decisions of both together until a difference of this size would be found in four of five cases, as strictly as the family asks; 0 when there are enough, NULL when unknown or beyond a billion.',
    verdict String COMMENT 'B against A: better, worse or undecided.'
)
ENGINE = MergeTree
ORDER BY (exchange, origin_group, basis, agent_a, agent_b)
COMMENT 'Pairs of agents of one board, compared.';

CREATE TABLE IF NOT EXISTS agent_pairs_next
(
    exchange String COMMENT 'Venue of the accounts; sandbox for generated data.',
    origin_group String COMMENT 'real, paper or made up.',
    basis String COMMENT 'all trades: each with the markets and days it chose. same markets and days: where both decided.',
    agent_a String COMMENT 'Agent A, first of the two by code points.',
    agent_b String COMMENT 'Agent B.',
    days Int64 COMMENT 'UTC days that carry the comparison.',
    cells Nullable(Int64) COMMENT 'Markets and days on which both decided and closed trades; NULL where all trades are compared.',
    decisions_a Int64 COMMENT 'Decisions of A that were traded and are compared.',
    decisions_b Int64 COMMENT 'Decisions of B that were traded and are compared.',
    mean_a Float64 COMMENT 'Mean net return of A on the notional, costs taken off.',
    mean_b Float64 COMMENT 'Mean net return of B on the notional, costs taken off.',
    difference Float64 COMMENT 'mean_b minus mean_a.',
    std_error Nullable(Float64) COMMENT 'Standard error of the difference by leaving out one day at a time; NULL for fewer than two days or where days do not vary.',
    low Nullable(Float64) COMMENT 'Lower end of the 95% interval of the difference (t, days minus one degrees of freedom).',
    high Nullable(Float64) COMMENT 'Upper end of the 95% interval of the difference.',
    p_value Nullable(Float64) COMMENT 'Two-sided p-value of no difference, this pair alone.',
    p_adjusted Nullable(Float64) COMMENT 'The same after Holm over all pairs of the family.',
    probability_b_better Nullable(Float64) COMMENT 'Probability that B earns more than A, given these days and no opinion beforehand.',
    decisions_needed Nullable(Int64) COMMENT 'Further decisions of both together until a difference of this size would be found in four of five cases, as strictly as the family asks; 0 when there are enough, NULL when unknown or beyond a billion.',
    verdict String COMMENT 'B against A: better, worse or undecided.'
)
ENGINE = MergeTree
ORDER BY (exchange, origin_group, basis, agent_a, agent_b)
COMMENT 'What replaces agent_pairs.';

CREATE TABLE IF NOT EXISTS calibrated_confidence
(
    exchange String COMMENT 'Venue of the accounts; sandbox for generated data.',
    origin_group String COMMENT 'real, paper or made up.',
    agent_id String COMMENT 'Whose confidence it is.',
    day Date32 COMMENT 'UTC day of the decisions.',
    confidence Decimal(38, 18) COMMENT 'The agent''s own probability of being right, 0 to 1.',
    decisions Int64 COMMENT 'Decisions of that day with that confidence.',
    judged Int64 COMMENT 'Those of them whose outcome is known by now.',
    correct Int64 COMMENT 'Those of them that were right.',
    trained_on Int64 COMMENT 'Outcomes known before the day, from which the map was fitted.',
    calibrated Nullable(Float64) COMMENT 'Share that was right at this confidence, from an isotonic fit over those outcomes; NULL for fewer than 30.'
)
ENGINE = MergeTree
ORDER BY (exchange, origin_group, agent_id, day, confidence)
COMMENT 'What a confidence turned out to be worth, by what was known at the start of the day.';

CREATE TABLE IF NOT EXISTS calibrated_confidence_next
(
    exchange String COMMENT 'Venue of the accounts; sandbox for generated data.',
    origin_group String COMMENT 'real, paper or made up.',
    agent_id String COMMENT 'Whose confidence it is.',
    day Date32 COMMENT 'UTC day of the decisions.',
    confidence Decimal(38, 18) COMMENT 'The agent''s own probability of being right, 0 to 1.',
    decisions Int64 COMMENT 'Decisions of that day with that confidence.',
    judged Int64 COMMENT 'Those of them whose outcome is known by now.',
    correct Int64 COMMENT 'Those of them that were right.',
    trained_on Int64 COMMENT 'Outcomes known before the day, from which the map was fitted.',
    calibrated Nullable(Float64) COMMENT 'Share that was right at this confidence, from an isotonic fit over those outcomes; NULL for fewer than 30.'
)
ENGINE = MergeTree
ORDER BY (exchange, origin_group, agent_id, day, confidence)
COMMENT 'What replaces calibrated_confidence.';
