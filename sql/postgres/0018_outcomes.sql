-- What came of each decision, traded or not, judged by the candles that followed: docs/outcomes.md. This table is the
-- canonical answer; the outcome columns of decisions show its headline where the application did not write its own.

CREATE TABLE outcome_methods (
    method text PRIMARY KEY CHECK (method <> ''),
    parameters jsonb NOT NULL CHECK (jsonb_typeof(parameters) = 'object'),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

COMMENT ON TABLE outcome_methods IS 'Ways in which decisions were scored: other parameters are another method.';
COMMENT ON COLUMN outcome_methods.method IS 'Name and digest of the parameters.';
COMMENT ON COLUMN outcome_methods.parameters IS 'Horizon and lookback in minutes, widths in deviations or fractions, fee_rate as a fraction of the notional per side.';
COMMENT ON COLUMN outcome_methods.created_at IS 'When it was first used (UTC).';

CREATE TABLE decision_outcomes (
    decision_id text PRIMARY KEY REFERENCES decisions (id) ON DELETE CASCADE,
    agent_id text NOT NULL,
    exchange text NOT NULL,
    symbol text NOT NULL,
    decided_at timestamptz NOT NULL,
    method text NOT NULL REFERENCES outcome_methods (method),
    state text NOT NULL CHECK (state IN ('scored', 'pending', 'gap', 'no_market', 'no_side')),
    stake text CHECK (stake IN ('enter', 'keep', 'leave', 'stay_out')),
    side text CHECK (side IN ('long', 'short')),
    market_exchange text,
    market_symbol text,
    timeframe text,
    volatility numeric CONSTRAINT decision_outcomes_volatility_fits CHECK (ops.fits_decimal(volatility)),
    entry_at timestamptz,
    entry_price numeric CONSTRAINT decision_outcomes_entry_price_fits CHECK (ops.fits_decimal(entry_price)),
    target_price numeric CONSTRAINT decision_outcomes_target_price_fits CHECK (ops.fits_decimal(target_price)),
    target_source text CHECK (target_source IN ('decision', 'volatility', 'percent')),
    stop_price numeric CONSTRAINT decision_outcomes_stop_price_fits CHECK (ops.fits_decimal(stop_price)),
    stop_source text CHECK (stop_source IN ('decision', 'volatility', 'percent')),
    exit_at timestamptz,
    exit_price numeric CONSTRAINT decision_outcomes_exit_price_fits CHECK (ops.fits_decimal(exit_price)),
    barrier text CHECK (barrier IN ('target', 'stop', 'horizon', 'move')),
    gross_percent numeric CONSTRAINT decision_outcomes_gross_percent_fits CHECK (ops.fits_decimal(gross_percent)),
    net_percent numeric CONSTRAINT decision_outcomes_net_percent_fits CHECK (ops.fits_decimal(net_percent)),
    pnl numeric CONSTRAINT decision_outcomes_pnl_fits CHECK (ops.fits_decimal(pnl)),
    max_favorable_percent numeric
    CONSTRAINT decision_outcomes_max_favorable_percent_fits
    CHECK (ops.fits_decimal(max_favorable_percent) AND max_favorable_percent >= 0),
    max_adverse_percent numeric
    CONSTRAINT decision_outcomes_max_adverse_percent_fits
    CHECK (ops.fits_decimal(max_adverse_percent) AND max_adverse_percent >= 0),
    hold_minutes numeric
    CONSTRAINT decision_outcomes_hold_minutes_fits CHECK (ops.fits_decimal(hold_minutes) AND hold_minutes >= 0),
    is_correct boolean,
    is_direction_correct boolean,
    trade_count integer NOT NULL DEFAULT 0 CHECK (trade_count >= 0),
    trade_pnl numeric CONSTRAINT decision_outcomes_trade_pnl_fits CHECK (ops.fits_decimal(trade_pnl)),
    trade_percent numeric CONSTRAINT decision_outcomes_trade_percent_fits CHECK (ops.fits_decimal(trade_percent)),
    trade_hold_minutes numeric
    CONSTRAINT decision_outcomes_trade_hold_minutes_fits
    CHECK (ops.fits_decimal(trade_hold_minutes) AND trade_hold_minutes >= 0),
    is_trade_correct boolean,
    origin text NOT NULL CHECK (ops.is_origin(origin)),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CHECK ((state = 'scored') = (is_correct IS NOT NULL))
);

CREATE INDEX decision_outcomes_updated_at ON decision_outcomes (updated_at);
CREATE INDEX decision_outcomes_agent_decided_at ON decision_outcomes (agent_id, decided_at);

COMMENT ON TABLE decision_outcomes IS 'What came of each decision by a triple barrier over stored candles, and by its trades.';
COMMENT ON COLUMN decision_outcomes.decision_id IS 'The decision.';
COMMENT ON COLUMN decision_outcomes.agent_id IS 'Who decided.';
COMMENT ON COLUMN decision_outcomes.exchange IS 'Venue of the decision.';
COMMENT ON COLUMN decision_outcomes.symbol IS 'Instrument, as the venue names it.';
COMMENT ON COLUMN decision_outcomes.decided_at IS 'When it was taken (UTC).';
COMMENT ON COLUMN decision_outcomes.method IS 'How it was scored, see outcome_methods.';
COMMENT ON COLUMN decision_outcomes.state IS 'scored; pending: the horizon is not over in the stored candles; gap: candles are missing in it; no_market: no candle of the instrument is stored for its horizon; no_side: no action, or a close of an unknown position.';
COMMENT ON COLUMN decision_outcomes.stake IS 'What was judged: enter (long, short), keep (hold with target and stop), leave (close), stay_out (hold without).';
COMMENT ON COLUMN decision_outcomes.side IS 'Side that was judged: of a close the opposite of the position; NULL for staying out.';
COMMENT ON COLUMN decision_outcomes.market_exchange IS 'Venue of the candles: its own where it has the market, else another with the same base asset.';
COMMENT ON COLUMN decision_outcomes.market_symbol IS 'Market of the candles.';
COMMENT ON COLUMN decision_outcomes.timeframe IS 'Timeframe of the candles.';
COMMENT ON COLUMN decision_outcomes.volatility IS 'Standard deviation of log returns to the horizon, in percent, from candles closed at the decision; NULL with too few.';
COMMENT ON COLUMN decision_outcomes.entry_at IS 'Open time of the first candle that opened at or after the decision (UTC).';
COMMENT ON COLUMN decision_outcomes.entry_price IS 'Its open, in the quote currency per unit.';
COMMENT ON COLUMN decision_outcomes.target_price IS 'Upper barrier for a long, lower for a short.';
COMMENT ON COLUMN decision_outcomes.target_source IS 'decision: its take_profit; volatility or percent: the method''s default.';
COMMENT ON COLUMN decision_outcomes.stop_price IS 'Lower barrier for a long, upper for a short.';
COMMENT ON COLUMN decision_outcomes.stop_source IS 'decision: its stop_loss; volatility or percent: the method''s default.';
COMMENT ON COLUMN decision_outcomes.exit_at IS 'End of the candle that touched a barrier, or of the horizon (UTC).';
COMMENT ON COLUMN decision_outcomes.exit_price IS 'Price at the exit, in the quote currency per unit.';
COMMENT ON COLUMN decision_outcomes.barrier IS 'Touched first: target, stop, horizon; move: staying out and the price left the range. Target and stop in one candle count as stop.';
COMMENT ON COLUMN decision_outcomes.gross_percent IS 'Return before fees in percent of the entry price.';
COMMENT ON COLUMN decision_outcomes.net_percent IS 'Return after fees in percent of the entry price; keep and leave pay none.';
COMMENT ON COLUMN decision_outcomes.pnl IS 'Net PnL of the wanted quantity, in the quote currency; NULL without a quantity.';
COMMENT ON COLUMN decision_outcomes.max_favorable_percent IS 'Best excursion before the exit, in percent of the entry price (MFE).';
COMMENT ON COLUMN decision_outcomes.max_adverse_percent IS 'Worst excursion before the exit, in percent of the entry price, positive (MAE).';
COMMENT ON COLUMN decision_outcomes.hold_minutes IS 'From entry to exit, in minutes.';
COMMENT ON COLUMN decision_outcomes.is_correct IS 'Net return above zero; for staying out: the price stayed in the range. NULL unless scored.';
COMMENT ON COLUMN decision_outcomes.is_direction_correct IS 'The close at the horizon lies on the judged side of the entry, whatever fees and barriers; NULL for staying out.';
COMMENT ON COLUMN decision_outcomes.trade_count IS 'Closed trades that came of it; figures of trades are NULL while one of them is open.';
COMMENT ON COLUMN decision_outcomes.trade_pnl IS 'Net PnL of its trades, in their currency.';
COMMENT ON COLUMN decision_outcomes.trade_percent IS 'The same in percent of the notional at entry.';
COMMENT ON COLUMN decision_outcomes.trade_hold_minutes IS 'From the first entry to the last exit of its trades, in minutes.';
COMMENT ON COLUMN decision_outcomes.is_trade_correct IS 'Whether its trades earned after fees.';
COMMENT ON COLUMN decision_outcomes.origin IS 'Origin of the decision: live, recorded, repaired, paper, simulated or handmade.';
COMMENT ON COLUMN decision_outcomes.created_at IS 'When it was first looked at (UTC).';
COMMENT ON COLUMN decision_outcomes.updated_at IS 'When the outcome last changed (UTC); kept by trigger. Version of the row in ClickHouse.';

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON decision_outcomes FOR EACH ROW
WHEN (old.* IS DISTINCT FROM new.*) EXECUTE FUNCTION ops.touch_updated_at();

CREATE TABLE ops.outcome_queue (
    decision_id text PRIMARY KEY REFERENCES decisions (id) ON DELETE CASCADE,
    exchange text NOT NULL,
    symbol text NOT NULL,
    decided_at timestamptz NOT NULL,
    is_due boolean NOT NULL DEFAULT TRUE,
    state text,
    window_end timestamptz,
    method text,
    decision_version timestamptz NOT NULL,
    trade_version timestamptz,
    projected_at timestamptz
);

CREATE INDEX outcome_queue_due ON ops.outcome_queue (exchange, symbol, decided_at, decision_id) WHERE is_due;
CREATE INDEX outcome_queue_market ON ops.outcome_queue (exchange, symbol, decided_at);

COMMENT ON TABLE ops.outcome_queue IS 'Which decisions are to be scored, and what their outcome was made from.';
COMMENT ON COLUMN ops.outcome_queue.decision_id IS 'The decision.';
COMMENT ON COLUMN ops.outcome_queue.exchange IS 'Its venue.';
COMMENT ON COLUMN ops.outcome_queue.symbol IS 'Its instrument.';
COMMENT ON COLUMN ops.outcome_queue.decided_at IS 'When it was taken (UTC).';
COMMENT ON COLUMN ops.outcome_queue.is_due IS 'Whether the next run looks at it: it, its trades or its candles changed.';
COMMENT ON COLUMN ops.outcome_queue.state IS 'State of its outcome; NULL before the first look.';
COMMENT ON COLUMN ops.outcome_queue.window_end IS 'Candles before this time decide the outcome (UTC).';
COMMENT ON COLUMN ops.outcome_queue.method IS 'How it was scored.';
COMMENT ON COLUMN ops.outcome_queue.decision_version IS 'decisions.updated_at that the outcome was made from, or that the outcome itself made (UTC).';
COMMENT ON COLUMN ops.outcome_queue.trade_version IS 'Newest trades.updated_at that the outcome was made from (UTC).';
COMMENT ON COLUMN ops.outcome_queue.projected_at IS 'The decisions.outcome_recorded_at that was written here (UTC); another value there is the application''s own outcome.';

CREATE TABLE ops.outcome_progress (
    source text PRIMARY KEY CHECK (source IN ('decisions', 'trades', 'gaps')),
    seen timestamptz NOT NULL
);

COMMENT ON TABLE ops.outcome_progress IS 'How far changes of decisions, trades and the gap ledger have been queued.';
COMMENT ON COLUMN ops.outcome_progress.source IS 'What changed.';
COMMENT ON COLUMN ops.outcome_progress.seen IS 'Newest change that was queued (UTC).';

CREATE TABLE ops.outcome_days (
    exchange text NOT NULL,
    symbol text NOT NULL,
    timeframe text NOT NULL,
    day date NOT NULL,
    touches numeric NOT NULL,
    ingested_at timestamptz NOT NULL,
    PRIMARY KEY (exchange, symbol, timeframe, day)
);

COMMENT ON TABLE ops.outcome_days IS 'Days of candles as they were when decisions were last queued for them.';
COMMENT ON COLUMN ops.outcome_days.exchange IS 'Venue of the candles.';
COMMENT ON COLUMN ops.outcome_days.symbol IS 'Their market.';
COMMENT ON COLUMN ops.outcome_days.timeframe IS 'Their timeframe.';
COMMENT ON COLUMN ops.outcome_days.day IS 'UTC day.';
COMMENT ON COLUMN ops.outcome_days.touches IS 'market_days.touches of ClickHouse at that time: every write makes it grow.';
COMMENT ON COLUMN ops.outcome_days.ingested_at IS 'Newest candle of the day at that time (UTC, by its writer''s clock).';
