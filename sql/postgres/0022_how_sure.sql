-- How sure every Sharpe ratio is, and verdicts on pairs for who looks every day. Assets write whole tables at a time.

CREATE TABLE sharpe_ratios (
    exchange text NOT NULL,
    origin_group text NOT NULL CHECK (origin_group IN ('real', 'paper', 'made up')),
    agent_id text NOT NULL,
    days bigint NOT NULL,
    agents bigint NOT NULL,
    sharpe double precision NOT NULL,
    std_error double precision NOT NULL,
    low double precision NOT NULL,
    high double precision NOT NULL,
    skewness double precision NOT NULL,
    kurtosis double precision NOT NULL,
    probability_positive double precision NOT NULL CHECK (probability_positive BETWEEN 0 AND 1),
    luck double precision NOT NULL,
    probability_above_luck double precision NOT NULL CHECK (probability_above_luck BETWEEN 0 AND 1),
    probability_below_luck double precision NOT NULL CHECK (probability_below_luck BETWEEN 0 AND 1),
    days_needed bigint,
    verdict text NOT NULL CHECK (verdict IN ('above luck', 'below luck', 'undecided')),
    PRIMARY KEY (exchange, origin_group, agent_id)
);

COMMENT ON TABLE sharpe_ratios IS 'Sharpe ratios of agents with their intervals, and whether they are more than luck.';
COMMENT ON COLUMN sharpe_ratios.exchange IS 'Venue of the accounts; sandbox for generated data.';
COMMENT ON COLUMN sharpe_ratios.origin_group IS 'real, paper or made up.';
COMMENT ON COLUMN sharpe_ratios.agent_id IS 'Whose Sharpe ratio it is.';
COMMENT ON COLUMN sharpe_ratios.days IS 'Daily returns that carry it.';
COMMENT ON COLUMN sharpe_ratios.agents IS 'Agents of the board with a Sharpe ratio, this one among them: so many tries luck had.';
COMMENT ON COLUMN sharpe_ratios.sharpe IS 'Sharpe ratio a year, as in agent_analytics.';
COMMENT ON COLUMN sharpe_ratios.std_error IS 'Standard error of the ratio (Mertens 2002), a year.';
COMMENT ON COLUMN sharpe_ratios.low IS 'Lower end of the 95% interval of the ratio (t, days minus one degrees of freedom).';
COMMENT ON COLUMN sharpe_ratios.high IS 'Upper end of the 95% interval of the ratio.';
COMMENT ON COLUMN sharpe_ratios.skewness IS 'Skewness of the daily returns.';
COMMENT ON COLUMN sharpe_ratios.kurtosis IS 'Kurtosis of the daily returns; 3 for a normal distribution.';
COMMENT ON COLUMN sharpe_ratios.probability_positive IS 'Probability that the true ratio is above zero (probabilistic Sharpe ratio).';
COMMENT ON COLUMN sharpe_ratios.luck IS 'Ratio a year that the best of so many agents without skill would be expected to show.';
COMMENT ON COLUMN sharpe_ratios.probability_above_luck IS 'Probability that the true ratio is above luck (deflated Sharpe ratio).';
COMMENT ON COLUMN sharpe_ratios.probability_below_luck IS 'Probability that the true ratio is below minus luck.';
COMMENT ON COLUMN sharpe_ratios.days_needed IS 'Further days like these until the ratio would be told from luck; 0 when it is, NULL when it is within luck or beyond a billion.';
COMMENT ON COLUMN sharpe_ratios.verdict IS 'above luck, below luck or undecided.';

ALTER TABLE prompt_pairs
    ADD COLUMN p_watched double precision CHECK (p_watched BETWEEN 0 AND 1),
    ADD COLUMN verdict_watched text NOT NULL DEFAULT 'undecided'
        CHECK (verdict_watched IN ('better', 'worse', 'undecided'));

COMMENT ON COLUMN prompt_pairs.p_watched IS 'A p-value after Holm that stays valid however often one looks.';
COMMENT ON COLUMN prompt_pairs.verdict_watched IS 'The verdict by p_watched: who waits until a pair is decided is misled in one case of twenty.';

ALTER TABLE agent_pairs
    ADD COLUMN p_watched double precision CHECK (p_watched BETWEEN 0 AND 1),
    ADD COLUMN verdict_watched text NOT NULL DEFAULT 'undecided'
        CHECK (verdict_watched IN ('better', 'worse', 'undecided'));

COMMENT ON COLUMN agent_pairs.p_watched IS 'A p-value after Holm that stays valid however often one looks.';
COMMENT ON COLUMN agent_pairs.verdict_watched IS 'The verdict by p_watched: who waits until a pair is decided is misled in one case of twenty.';
