-- What Python works out from the marts for both warehouses, and the hours of candles that PostgreSQL does not have.
-- Rows are written by assets, whole tables at a time; dbt builds the marts of the same numbers on them.

CREATE TABLE hourly_candles (
    exchange text NOT NULL,
    symbol text NOT NULL,
    hour timestamptz NOT NULL,
    open double precision NOT NULL,
    high double precision NOT NULL,
    low double precision NOT NULL,
    close double precision NOT NULL,
    volume double precision NOT NULL,
    origin text NOT NULL,
    writes bigint NOT NULL,
    PRIMARY KEY (exchange, symbol, hour)
);

COMMENT ON TABLE hourly_candles IS 'Hours of candles for the marts of both warehouses, copied from ClickHouse.';
COMMENT ON COLUMN hourly_candles.exchange IS 'Venue.';
COMMENT ON COLUMN hourly_candles.symbol IS 'Unified symbol.';
COMMENT ON COLUMN hourly_candles.hour IS 'Open time of the hour (UTC).';
COMMENT ON COLUMN hourly_candles.open IS 'First price.';
COMMENT ON COLUMN hourly_candles.high IS 'Highest price.';
COMMENT ON COLUMN hourly_candles.low IS 'Lowest price.';
COMMENT ON COLUMN hourly_candles.close IS 'Last price.';
COMMENT ON COLUMN hourly_candles.volume IS 'Volume in base currency.';
COMMENT ON COLUMN hourly_candles.origin IS 'Where the candles come from; synthetic ones were made up.';
COMMENT ON COLUMN hourly_candles.writes IS 'Writes to the market''s day that were in when the hour was copied; a later copy has more.';

CREATE TABLE instrument_markets (
    exchange text NOT NULL,
    symbol text NOT NULL,
    market_exchange text NOT NULL,
    market_symbol text NOT NULL,
    PRIMARY KEY (exchange, symbol)
);

COMMENT ON TABLE instrument_markets IS 'The market whose candles describe an instrument that agents decide on.';
COMMENT ON COLUMN instrument_markets.exchange IS 'Venue of the decisions and trades.';
COMMENT ON COLUMN instrument_markets.symbol IS 'Instrument, as that venue names it.';
COMMENT ON COLUMN instrument_markets.market_exchange IS 'Venue of the candles.';
COMMENT ON COLUMN instrument_markets.market_symbol IS 'Market of the candles.';

CREATE TABLE prompt_pairs (
    exchange text NOT NULL,
    origin_group text NOT NULL CHECK (origin_group IN ('real', 'paper', 'made up')),
    agent_id text NOT NULL,
    version_a text NOT NULL,
    version_b text NOT NULL,
    days bigint NOT NULL,
    cells bigint,
    decisions_a bigint NOT NULL,
    decisions_b bigint NOT NULL,
    mean_a double precision NOT NULL,
    mean_b double precision NOT NULL,
    difference double precision NOT NULL,
    std_error double precision,
    low double precision,
    high double precision,
    p_value double precision CHECK (p_value BETWEEN 0 AND 1),
    p_adjusted double precision CHECK (p_adjusted BETWEEN 0 AND 1),
    probability_b_better double precision CHECK (probability_b_better BETWEEN 0 AND 1),
    decisions_needed bigint,
    verdict text NOT NULL CHECK (verdict IN ('better', 'worse', 'undecided')),
    PRIMARY KEY (exchange, origin_group, agent_id, version_a, version_b)
);

COMMENT ON TABLE prompt_pairs IS 'Pairs of prompt versions of one agent, compared on the markets and days that both decided on.';
COMMENT ON COLUMN prompt_pairs.exchange IS 'Venue of the accounts; sandbox for generated data.';
COMMENT ON COLUMN prompt_pairs.origin_group IS 'real, paper or made up.';
COMMENT ON COLUMN prompt_pairs.agent_id IS 'Whose versions they are.';
COMMENT ON COLUMN prompt_pairs.version_a IS 'Prompt version A, first of the two by code points.';
COMMENT ON COLUMN prompt_pairs.version_b IS 'Prompt version B.';
COMMENT ON COLUMN prompt_pairs.days IS 'UTC days that carry the comparison.';
COMMENT ON COLUMN prompt_pairs.cells IS 'Markets and days on which both decided and closed trades; NULL where all trades are compared.';
COMMENT ON COLUMN prompt_pairs.decisions_a IS 'Decisions of A that were traded and are compared.';
COMMENT ON COLUMN prompt_pairs.decisions_b IS 'Decisions of B that were traded and are compared.';
COMMENT ON COLUMN prompt_pairs.mean_a IS 'Mean net return of A on the notional, costs taken off.';
COMMENT ON COLUMN prompt_pairs.mean_b IS 'Mean net return of B on the notional, costs taken off.';
COMMENT ON COLUMN prompt_pairs.difference IS 'mean_b minus mean_a.';
COMMENT ON COLUMN prompt_pairs.std_error IS 'Standard error of the difference by leaving out one day at a time; NULL for fewer than two days or where days do not vary.';
COMMENT ON COLUMN prompt_pairs.low IS 'Lower end of the 95% interval of the difference (t, days minus one degrees of freedom).';
COMMENT ON COLUMN prompt_pairs.high IS 'Upper end of the 95% interval of the difference.';
COMMENT ON COLUMN prompt_pairs.p_value IS 'Two-sided p-value of no difference, this pair alone.';
COMMENT ON COLUMN prompt_pairs.p_adjusted IS 'The same after Holm over all pairs of the family.';
COMMENT ON COLUMN prompt_pairs.probability_b_better IS 'Probability that B earns more than A, given these days and no opinion beforehand.';
COMMENT ON COLUMN prompt_pairs.decisions_needed IS 'Further decisions of both together until a difference of this size would be found in four of five cases, as strictly as the family asks; 0 when there are enough, NULL when unknown or beyond a billion.';
COMMENT ON COLUMN prompt_pairs.verdict IS 'B against A: better, worse or undecided.';

CREATE TABLE agent_pairs (
    exchange text NOT NULL,
    origin_group text NOT NULL CHECK (origin_group IN ('real', 'paper', 'made up')),
    basis text NOT NULL CHECK (basis IN ('all trades', 'same markets and days')),
    agent_a text NOT NULL,
    agent_b text NOT NULL,
    days bigint NOT NULL,
    cells bigint,
    decisions_a bigint NOT NULL,
    decisions_b bigint NOT NULL,
    mean_a double precision NOT NULL,
    mean_b double precision NOT NULL,
    difference double precision NOT NULL,
    std_error double precision,
    low double precision,
    high double precision,
    p_value double precision CHECK (p_value BETWEEN 0 AND 1),
    p_adjusted double precision CHECK (p_adjusted BETWEEN 0 AND 1),
    probability_b_better double precision CHECK (probability_b_better BETWEEN 0 AND 1),
    decisions_needed bigint,
    verdict text NOT NULL CHECK (verdict IN ('better', 'worse', 'undecided')),
    PRIMARY KEY (exchange, origin_group, basis, agent_a, agent_b)
);

COMMENT ON TABLE agent_pairs IS 'Pairs of agents of one board, compared.';
COMMENT ON COLUMN agent_pairs.exchange IS 'Venue of the accounts; sandbox for generated data.';
COMMENT ON COLUMN agent_pairs.origin_group IS 'real, paper or made up.';
COMMENT ON COLUMN agent_pairs.basis IS 'all trades: each with the markets and days it chose. same markets and days: where both decided.';
COMMENT ON COLUMN agent_pairs.agent_a IS 'Agent A, first of the two by code points.';
COMMENT ON COLUMN agent_pairs.agent_b IS 'Agent B.';
COMMENT ON COLUMN agent_pairs.days IS 'UTC days that carry the comparison.';
COMMENT ON COLUMN agent_pairs.cells IS 'Markets and days on which both decided and closed trades; NULL where all trades are compared.';
COMMENT ON COLUMN agent_pairs.decisions_a IS 'Decisions of A that were traded and are compared.';
COMMENT ON COLUMN agent_pairs.decisions_b IS 'Decisions of B that were traded and are compared.';
COMMENT ON COLUMN agent_pairs.mean_a IS 'Mean net return of A on the notional, costs taken off.';
COMMENT ON COLUMN agent_pairs.mean_b IS 'Mean net return of B on the notional, costs taken off.';
COMMENT ON COLUMN agent_pairs.difference IS 'mean_b minus mean_a.';
COMMENT ON COLUMN agent_pairs.std_error IS 'Standard error of the difference by leaving out one day at a time; NULL for fewer than two days or where days do not vary.';
COMMENT ON COLUMN agent_pairs.low IS 'Lower end of the 95% interval of the difference (t, days minus one degrees of freedom).';
COMMENT ON COLUMN agent_pairs.high IS 'Upper end of the 95% interval of the difference.';
COMMENT ON COLUMN agent_pairs.p_value IS 'Two-sided p-value of no difference, this pair alone.';
COMMENT ON COLUMN agent_pairs.p_adjusted IS 'The same after Holm over all pairs of the family.';
COMMENT ON COLUMN agent_pairs.probability_b_better IS 'Probability that B earns more than A, given these days and no opinion beforehand.';
COMMENT ON COLUMN agent_pairs.decisions_needed IS 'Further decisions of both together until a difference of this size would be found in four of five cases, as strictly as the family asks; 0 when there are enough, NULL when unknown or beyond a billion.';
COMMENT ON COLUMN agent_pairs.verdict IS 'B against A: better, worse or undecided.';

CREATE TABLE calibrated_confidence (
    exchange text NOT NULL,
    origin_group text NOT NULL CHECK (origin_group IN ('real', 'paper', 'made up')),
    agent_id text NOT NULL,
    day date NOT NULL,
    confidence numeric NOT NULL CONSTRAINT calibrated_confidence_confidence_fits CHECK (ops.fits_decimal(confidence)),
    decisions bigint NOT NULL,
    judged bigint NOT NULL,
    correct bigint NOT NULL,
    trained_on bigint NOT NULL,
    calibrated double precision CHECK (calibrated BETWEEN 0 AND 1),
    PRIMARY KEY (exchange, origin_group, agent_id, day, confidence)
);

COMMENT ON TABLE calibrated_confidence IS 'What a confidence turned out to be worth, by what was known at the start of the day.';
COMMENT ON COLUMN calibrated_confidence.exchange IS 'Venue of the accounts; sandbox for generated data.';
COMMENT ON COLUMN calibrated_confidence.origin_group IS 'real, paper or made up.';
COMMENT ON COLUMN calibrated_confidence.agent_id IS 'Whose confidence it is.';
COMMENT ON COLUMN calibrated_confidence.day IS 'UTC day of the decisions.';
COMMENT ON COLUMN calibrated_confidence.confidence IS 'The agent''s own probability of being right, 0 to 1.';
COMMENT ON COLUMN calibrated_confidence.decisions IS 'Decisions of that day with that confidence.';
COMMENT ON COLUMN calibrated_confidence.judged IS 'Those of them whose outcome is known by now.';
COMMENT ON COLUMN calibrated_confidence.correct IS 'Those of them that were right.';
COMMENT ON COLUMN calibrated_confidence.trained_on IS 'Outcomes known before the day, from which the map was fitted.';
COMMENT ON COLUMN calibrated_confidence.calibrated IS 'Share that was right at this confidence, from an isotonic fit over those outcomes; NULL for fewer than 30.';
