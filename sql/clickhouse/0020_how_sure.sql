-- How sure every Sharpe ratio is, and verdicts on pairs for who looks every day. Tables are filled beside themselves and
-- swapped in, as those of 0016_statistics.sql.

CREATE TABLE IF NOT EXISTS sharpe_ratios
(
    exchange String COMMENT 'Venue of the accounts; sandbox for generated data.',
    origin_group String COMMENT 'real, paper or made up.',
    agent_id String COMMENT 'Whose Sharpe ratio it is.',
    days Int64 COMMENT 'Daily returns that carry it.',
    agents Int64 COMMENT 'Agents of the board with a Sharpe ratio, this one among them: so many tries luck had.',
    sharpe Float64 COMMENT 'Sharpe ratio a year, as in agent_analytics.',
    std_error Float64 COMMENT 'Standard error of the ratio (Mertens 2002), a year.',
    low Float64 COMMENT 'Lower end of the 95% interval of the ratio (t, days minus one degrees of freedom).',
    high Float64 COMMENT 'Upper end of the 95% interval of the ratio.',
    skewness Float64 COMMENT 'Skewness of the daily returns.',
    kurtosis Float64 COMMENT 'Kurtosis of the daily returns; 3 for a normal distribution.',
    probability_positive Float64 COMMENT 'Probability that the true ratio is above zero (probabilistic Sharpe ratio).',
    luck Float64 COMMENT 'Ratio a year that the best of so many agents without skill would be expected to show.',
    probability_above_luck Float64 COMMENT 'Probability that the true ratio is above luck (deflated Sharpe ratio).',
    probability_below_luck Float64 COMMENT 'Probability that the true ratio is below minus luck.',
    days_needed Nullable(Int64) COMMENT 'Further days like these until the ratio would be told from luck; 0 when it is, NULL when it is within luck or beyond a billion.',
    verdict String COMMENT 'above luck, below luck or undecided.'
)
ENGINE = MergeTree
ORDER BY (exchange, origin_group, agent_id)
COMMENT 'Sharpe ratios of agents with their intervals, and whether they are more than luck.';

CREATE TABLE IF NOT EXISTS sharpe_ratios_next
(
    exchange String COMMENT 'Venue of the accounts; sandbox for generated data.',
    origin_group String COMMENT 'real, paper or made up.',
    agent_id String COMMENT 'Whose Sharpe ratio it is.',
    days Int64 COMMENT 'Daily returns that carry it.',
    agents Int64 COMMENT 'Agents of the board with a Sharpe ratio, this one among them: so many tries luck had.',
    sharpe Float64 COMMENT 'Sharpe ratio a year, as in agent_analytics.',
    std_error Float64 COMMENT 'Standard error of the ratio (Mertens 2002), a year.',
    low Float64 COMMENT 'Lower end of the 95% interval of the ratio (t, days minus one degrees of freedom).',
    high Float64 COMMENT 'Upper end of the 95% interval of the ratio.',
    skewness Float64 COMMENT 'Skewness of the daily returns.',
    kurtosis Float64 COMMENT 'Kurtosis of the daily returns; 3 for a normal distribution.',
    probability_positive Float64 COMMENT 'Probability that the true ratio is above zero (probabilistic Sharpe ratio).',
    luck Float64 COMMENT 'Ratio a year that the best of so many agents without skill would be expected to show.',
    probability_above_luck Float64 COMMENT 'Probability that the true ratio is above luck (deflated Sharpe ratio).',
    probability_below_luck Float64 COMMENT 'Probability that the true ratio is below minus luck.',
    days_needed Nullable(Int64) COMMENT 'Further days like these until the ratio would be told from luck; 0 when it is, NULL when it is within luck or beyond a billion.',
    verdict String COMMENT 'above luck, below luck or undecided.'
)
ENGINE = MergeTree
ORDER BY (exchange, origin_group, agent_id)
COMMENT 'What replaces sharpe_ratios.';

ALTER TABLE prompt_pairs
    ADD COLUMN IF NOT EXISTS p_watched Nullable(Float64) COMMENT 'A p-value after Holm that stays valid however often one looks.',
    ADD COLUMN IF NOT EXISTS verdict_watched String DEFAULT 'undecided' COMMENT 'The verdict by p_watched: who waits until a pair is decided is misled in one case of twenty.';

ALTER TABLE prompt_pairs_next
    ADD COLUMN IF NOT EXISTS p_watched Nullable(Float64) COMMENT 'A p-value after Holm that stays valid however often one looks.',
    ADD COLUMN IF NOT EXISTS verdict_watched String DEFAULT 'undecided' COMMENT 'The verdict by p_watched: who waits until a pair is decided is misled in one case of twenty.';

ALTER TABLE agent_pairs
    ADD COLUMN IF NOT EXISTS p_watched Nullable(Float64) COMMENT 'A p-value after Holm that stays valid however often one looks.',
    ADD COLUMN IF NOT EXISTS verdict_watched String DEFAULT 'undecided' COMMENT 'The verdict by p_watched: who waits until a pair is decided is misled in one case of twenty.';

ALTER TABLE agent_pairs_next
    ADD COLUMN IF NOT EXISTS p_watched Nullable(Float64) COMMENT 'A p-value after Holm that stays valid however often one looks.',
    ADD COLUMN IF NOT EXISTS verdict_watched String DEFAULT 'undecided' COMMENT 'The verdict by p_watched: who waits until a pair is decided is misled in one case of twenty.';
