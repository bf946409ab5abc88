-- What agents decided, on which prompt, and the orders that came of it. Ids link decision, order and trade without foreign
-- keys: each of them may already have left for ClickHouse.

CREATE TABLE prompt_versions (
    id text PRIMARY KEY DEFAULT gen_random_uuid()::text CHECK (id <> ''),
    version text NOT NULL UNIQUE CHECK (version <> ''),
    name text,
    description text,
    prompt_text text NOT NULL,
    agent_id text REFERENCES agents (id),
    is_active boolean DEFAULT FALSE,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE INDEX prompt_versions_agent_id ON prompt_versions (agent_id) WHERE agent_id IS NOT NULL;

COMMENT ON TABLE prompt_versions IS 'Prompts by version. Decisions and trades name the version; one that is not listed here is legal.';
COMMENT ON COLUMN prompt_versions.id IS 'Stable id, chosen by the writer.';
COMMENT ON COLUMN prompt_versions.version IS 'Name of the version, as decisions.prompt_version and trades.prompt_version have it.';
COMMENT ON COLUMN prompt_versions.name IS 'Name for people.';
COMMENT ON COLUMN prompt_versions.description IS 'What it tries, for people.';
COMMENT ON COLUMN prompt_versions.prompt_text IS 'The prompt itself.';
COMMENT ON COLUMN prompt_versions.agent_id IS 'Agent that it was written for; NULL where any may run it.';
COMMENT ON COLUMN prompt_versions.is_active IS 'Whether agents should run it now.';
COMMENT ON COLUMN prompt_versions.created_at IS 'When we learned of it (UTC).';
COMMENT ON COLUMN prompt_versions.updated_at IS 'When the row last changed (UTC); kept by trigger.';

CREATE TABLE decisions (
    id text PRIMARY KEY DEFAULT gen_random_uuid()::text CHECK (id <> ''),
    agent_id text NOT NULL DEFAULT ops.home_agent() REFERENCES agents (id),
    user_id text,
    exchange text NOT NULL DEFAULT ops.home_exchange() CHECK (exchange <> ''),
    symbol text NOT NULL CHECK (symbol <> ''),
    timeframe text,
    action text CHECK (action IN ('long', 'short', 'hold', 'close')),
    confidence numeric
    CONSTRAINT decisions_confidence_fits CHECK (ops.fits_decimal(confidence) AND confidence BETWEEN 0 AND 1),
    technical_score numeric CONSTRAINT decisions_technical_score_fits CHECK (ops.fits_decimal(technical_score)),
    news_score numeric CONSTRAINT decisions_news_score_fits CHECK (ops.fits_decimal(news_score)),
    onchain_score numeric CONSTRAINT decisions_onchain_score_fits CHECK (ops.fits_decimal(onchain_score)),
    sentiment_score numeric CONSTRAINT decisions_sentiment_score_fits CHECK (ops.fits_decimal(sentiment_score)),
    final_score numeric CONSTRAINT decisions_final_score_fits CHECK (ops.fits_decimal(final_score)),
    entry_price numeric CONSTRAINT decisions_entry_price_fits CHECK (ops.fits_decimal(entry_price) AND entry_price > 0),
    stop_loss numeric CONSTRAINT decisions_stop_loss_fits CHECK (ops.fits_decimal(stop_loss) AND stop_loss > 0),
    take_profit numeric CONSTRAINT decisions_take_profit_fits CHECK (ops.fits_decimal(take_profit) AND take_profit > 0),
    quantity numeric CONSTRAINT decisions_quantity_fits CHECK (ops.fits_decimal(quantity) AND quantity > 0),
    leverage numeric CONSTRAINT decisions_leverage_fits CHECK (ops.fits_decimal(leverage) AND leverage > 0),
    reasoning text,
    market_snapshot jsonb,
    raw_response jsonb,
    chart_image_path text,
    executed boolean DEFAULT FALSE,
    skip_reason text,
    trade_id text,
    order_id text,
    cycle_id bigint,
    prompt_version text,
    model_version text,
    deployment_id text,
    config_id text,
    analysis_duration_ms numeric
    CONSTRAINT decisions_analysis_duration_ms_fits
    CHECK (ops.fits_decimal(analysis_duration_ms) AND analysis_duration_ms >= 0),
    prompt_tokens bigint CHECK (prompt_tokens >= 0),
    completion_tokens bigint CHECK (completion_tokens >= 0),
    cost numeric CONSTRAINT decisions_cost_fits CHECK (ops.fits_decimal(cost) AND cost >= 0),
    actual_pnl numeric CONSTRAINT decisions_actual_pnl_fits CHECK (ops.fits_decimal(actual_pnl)),
    actual_pnl_percent numeric CONSTRAINT decisions_actual_pnl_percent_fits CHECK (ops.fits_decimal(actual_pnl_percent)),
    max_favorable numeric CONSTRAINT decisions_max_favorable_fits CHECK (ops.fits_decimal(max_favorable)),
    max_adverse numeric CONSTRAINT decisions_max_adverse_fits CHECK (ops.fits_decimal(max_adverse)),
    hold_duration_minutes numeric
    CONSTRAINT decisions_hold_duration_minutes_fits
    CHECK (ops.fits_decimal(hold_duration_minutes) AND hold_duration_minutes >= 0),
    outcome_correct boolean,
    outcome_recorded_at timestamptz CONSTRAINT decisions_outcome_recorded_at_fits CHECK (ops.fits_time(outcome_recorded_at)),
    decided_at timestamptz NOT NULL DEFAULT clock_timestamp()
    CONSTRAINT decisions_decided_at_fits CHECK (ops.fits_time(decided_at)),
    origin text NOT NULL DEFAULT 'live' CHECK (ops.is_origin(origin)),
    details jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(details) = 'object'),
    archived_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    recommendation text
);

CREATE INDEX decisions_agent_decided_at ON decisions (agent_id, decided_at DESC);
CREATE INDEX decisions_symbol ON decisions (symbol, decided_at DESC);
CREATE INDEX decisions_prompt_version ON decisions (prompt_version);
CREATE INDEX decisions_outcome_correct ON decisions (outcome_correct) WHERE outcome_correct IS NOT NULL;
CREATE INDEX decisions_unscored ON decisions (decided_at) WHERE outcome_recorded_at IS NULL;
CREATE INDEX decisions_trade_id ON decisions (trade_id) WHERE trade_id IS NOT NULL;
CREATE INDEX decisions_order_id ON decisions (order_id) WHERE order_id IS NOT NULL;
CREATE INDEX decisions_cycle_id ON decisions (cycle_id) WHERE cycle_id IS NOT NULL;
CREATE INDEX decisions_unarchived ON decisions (decided_at, id) WHERE archived_at IS NULL;
CREATE INDEX decisions_updated_at ON decisions (updated_at);

COMMENT ON TABLE decisions IS 'Every decision of an agent, also those that were not traded: calibration over traded ones only would be biased.';
COMMENT ON COLUMN decisions.id IS 'Stable id, chosen by the writer; a replay is an upsert.';
COMMENT ON COLUMN decisions.agent_id IS 'Who decided. Never changes for an id.';
COMMENT ON COLUMN decisions.user_id IS 'Owner of the account, where the application has users.';
COMMENT ON COLUMN decisions.exchange IS 'Venue, such as hyperliquid; sandbox for generated data.';
COMMENT ON COLUMN decisions.symbol IS 'Instrument, as the venue names it.';
COMMENT ON COLUMN decisions.timeframe IS 'Timeframe of the candles that were looked at, such as 1h.';
COMMENT ON COLUMN decisions.action IS 'long, short, hold or close; NULL where the answer could not be read.';
COMMENT ON COLUMN decisions.confidence IS 'The agent''s own probability of being right, 0 to 1.';
COMMENT ON COLUMN decisions.technical_score IS 'Score of the technical signals, in the writer''s scale.';
COMMENT ON COLUMN decisions.news_score IS 'Score of the news, in the writer''s scale.';
COMMENT ON COLUMN decisions.onchain_score IS 'Score of the chain data, in the writer''s scale.';
COMMENT ON COLUMN decisions.sentiment_score IS 'Score of the sentiment, in the writer''s scale.';
COMMENT ON COLUMN decisions.final_score IS 'Score that decided, in the writer''s scale.';
COMMENT ON COLUMN decisions.entry_price IS 'Price at which the agent would enter, in the quote currency per unit.';
COMMENT ON COLUMN decisions.stop_loss IS 'Planned stop price.';
COMMENT ON COLUMN decisions.take_profit IS 'Planned target price.';
COMMENT ON COLUMN decisions.quantity IS 'Wanted size in units of the base asset, positive.';
COMMENT ON COLUMN decisions.leverage IS 'Wanted multiple of the margin.';
COMMENT ON COLUMN decisions.reasoning IS 'Why, in the agent''s words.';
COMMENT ON COLUMN decisions.market_snapshot IS 'The market as the agent saw it.';
COMMENT ON COLUMN decisions.raw_response IS 'Answer of the model as it came.';
COMMENT ON COLUMN decisions.chart_image_path IS 'Where the chart that was looked at is kept.';
COMMENT ON COLUMN decisions.executed IS 'Whether it was traded.';
COMMENT ON COLUMN decisions.skip_reason IS 'Why it was not traded: low_confidence, no_slots, risk_exceeded, or the writer''s words.';
COMMENT ON COLUMN decisions.trade_id IS 'Trade that came of it; it may already live in ClickHouse only.';
COMMENT ON COLUMN decisions.order_id IS 'Order that came of it; it may already live in ClickHouse only.';
COMMENT ON COLUMN decisions.cycle_id IS 'Decision cycle that it was taken in; it may already live in ClickHouse only.';
COMMENT ON COLUMN decisions.prompt_version IS 'Prompt version behind it.';
COMMENT ON COLUMN decisions.model_version IS 'Language model that answered.';
COMMENT ON COLUMN decisions.deployment_id IS 'Deployment of the agent that decided.';
COMMENT ON COLUMN decisions.config_id IS 'Configuration the agent ran with.';
COMMENT ON COLUMN decisions.analysis_duration_ms IS 'How long the analysis took, in milliseconds.';
COMMENT ON COLUMN decisions.prompt_tokens IS 'Tokens of the question.';
COMMENT ON COLUMN decisions.completion_tokens IS 'Tokens of the answer.';
COMMENT ON COLUMN decisions.cost IS 'What the answer cost, in US dollars.';
COMMENT ON COLUMN decisions.actual_pnl IS 'Outcome: PnL, in the quote currency.';
COMMENT ON COLUMN decisions.actual_pnl_percent IS 'Outcome: PnL in percent.';
COMMENT ON COLUMN decisions.max_favorable IS 'Outcome: best excursion before the exit, in the unit of the writer that scored it.';
COMMENT ON COLUMN decisions.max_adverse IS 'Outcome: worst excursion before the exit, in the unit of the writer that scored it.';
COMMENT ON COLUMN decisions.hold_duration_minutes IS 'Outcome: how long it was held, in minutes.';
COMMENT ON COLUMN decisions.outcome_correct IS 'Outcome: whether the direction was right; NULL until known.';
COMMENT ON COLUMN decisions.outcome_recorded_at IS 'When the outcome was recorded (UTC).';
COMMENT ON COLUMN decisions.decided_at IS 'When it was taken (UTC).';
COMMENT ON COLUMN decisions.origin IS 'Where the row comes from: live, recorded, repaired, paper, simulated or handmade.';
COMMENT ON COLUMN decisions.details IS 'Fields of the source that have no column here.';
COMMENT ON COLUMN decisions.archived_at IS 'When ClickHouse was proven to hold this version (UTC).';
COMMENT ON COLUMN decisions.created_at IS 'When we learned of it (UTC).';
COMMENT ON COLUMN decisions.updated_at IS 'When the row last changed (UTC); kept by trigger. Version of the row in ClickHouse.';
COMMENT ON COLUMN decisions.recommendation IS 'Companion of action for the learning facade, kept by trigger: LONG, SHORT, HOLD or CLOSE.';

CREATE TABLE orders (
    id text PRIMARY KEY DEFAULT gen_random_uuid()::text CHECK (id <> ''),
    agent_id text NOT NULL DEFAULT ops.home_agent() REFERENCES agents (id),
    user_id text,
    exchange text NOT NULL DEFAULT ops.home_exchange() CHECK (exchange <> ''),
    symbol text NOT NULL CHECK (symbol <> ''),
    side text NOT NULL CHECK (side IN ('buy', 'sell')),
    type text NOT NULL CHECK (type <> ''),
    status text NOT NULL DEFAULT 'pending'
    CHECK (status IN ('pending', 'open', 'filled', 'cancelled', 'rejected', 'expired')),
    quantity numeric NOT NULL CONSTRAINT orders_quantity_fits CHECK (ops.fits_decimal(quantity) AND quantity > 0),
    filled_quantity numeric NOT NULL DEFAULT 0
    CONSTRAINT orders_filled_quantity_fits CHECK (ops.fits_decimal(filled_quantity) AND filled_quantity >= 0),
    price numeric CONSTRAINT orders_price_fits CHECK (ops.fits_decimal(price) AND price > 0),
    stop_price numeric CONSTRAINT orders_stop_price_fits CHECK (ops.fits_decimal(stop_price) AND stop_price > 0),
    average_price numeric CONSTRAINT orders_average_price_fits CHECK (ops.fits_decimal(average_price) AND average_price > 0),
    fee numeric CONSTRAINT orders_fee_fits CHECK (ops.fits_decimal(fee)),
    fee_currency text,
    reduce_only boolean NOT NULL DEFAULT FALSE,
    venue_order_id text,
    client_order_id text,
    trade_id text,
    position_id text,
    decision_id text,
    submitted_at timestamptz CONSTRAINT orders_submitted_at_fits CHECK (ops.fits_time(submitted_at)),
    filled_at timestamptz CONSTRAINT orders_filled_at_fits CHECK (ops.fits_time(filled_at)),
    cancelled_at timestamptz CONSTRAINT orders_cancelled_at_fits CHECK (ops.fits_time(cancelled_at)),
    finished_at timestamptz CONSTRAINT orders_finished_at_fits CHECK (ops.fits_time(finished_at)),
    error_message text,
    origin text NOT NULL DEFAULT 'live' CHECK (ops.is_origin(origin)),
    details jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(details) = 'object'),
    archived_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE INDEX orders_agent_created_at ON orders (agent_id, created_at DESC);
CREATE INDEX orders_active ON orders (agent_id, created_at DESC) WHERE status IN ('pending', 'open');
CREATE INDEX orders_venue_order_id ON orders (venue_order_id) WHERE venue_order_id IS NOT NULL;
CREATE INDEX orders_client_order_id ON orders (client_order_id) WHERE client_order_id IS NOT NULL;
CREATE INDEX orders_trade_id ON orders (trade_id) WHERE trade_id IS NOT NULL;
CREATE INDEX orders_decision_id ON orders (decision_id) WHERE decision_id IS NOT NULL;
CREATE INDEX orders_unarchived ON orders (finished_at, id) WHERE finished_at IS NOT NULL AND archived_at IS NULL;
CREATE INDEX orders_updated_at ON orders (updated_at);

COMMENT ON TABLE orders IS 'Orders of agents at a venue. Finished ones travel to ClickHouse.';
COMMENT ON COLUMN orders.id IS 'Stable id, chosen by the writer; a replay is an upsert.';
COMMENT ON COLUMN orders.agent_id IS 'Who ordered. Never changes for an id.';
COMMENT ON COLUMN orders.user_id IS 'Owner of the account, where the application has users.';
COMMENT ON COLUMN orders.exchange IS 'Venue, such as hyperliquid; sandbox for generated data.';
COMMENT ON COLUMN orders.symbol IS 'Instrument, as the venue names it.';
COMMENT ON COLUMN orders.side IS 'buy or sell.';
COMMENT ON COLUMN orders.type IS 'Kind of order as the venue calls it, such as market, limit or stop_market.';
COMMENT ON COLUMN orders.status IS 'pending (not yet at the venue), open, filled, cancelled, rejected or expired.';
COMMENT ON COLUMN orders.quantity IS 'Ordered size in units of the base asset, positive.';
COMMENT ON COLUMN orders.filled_quantity IS 'Filled size so far, in units of the base asset.';
COMMENT ON COLUMN orders.price IS 'Limit price, in the quote currency per unit.';
COMMENT ON COLUMN orders.stop_price IS 'Trigger price, in the quote currency per unit.';
COMMENT ON COLUMN orders.average_price IS 'Average price of the fills, in the quote currency per unit.';
COMMENT ON COLUMN orders.fee IS 'Fees of the fills, in fee_currency.';
COMMENT ON COLUMN orders.fee_currency IS 'Currency of the fee.';
COMMENT ON COLUMN orders.reduce_only IS 'Whether it may only make a position smaller.';
COMMENT ON COLUMN orders.venue_order_id IS 'Id that the venue gave it.';
COMMENT ON COLUMN orders.client_order_id IS 'Id that the application gave it at the venue.';
COMMENT ON COLUMN orders.trade_id IS 'Trade it belongs to; it may already live in ClickHouse only.';
COMMENT ON COLUMN orders.position_id IS 'Position it belongs to.';
COMMENT ON COLUMN orders.decision_id IS 'Decision it came of; it may already live in ClickHouse only.';
COMMENT ON COLUMN orders.submitted_at IS 'When it was sent to the venue (UTC).';
COMMENT ON COLUMN orders.filled_at IS 'When it was filled (UTC).';
COMMENT ON COLUMN orders.cancelled_at IS 'When it was cancelled (UTC).';
COMMENT ON COLUMN orders.finished_at IS 'When it was filled, cancelled, rejected or expired (UTC); where the writer does not say, when the database was told.';
COMMENT ON COLUMN orders.error_message IS 'Why the venue refused it.';
COMMENT ON COLUMN orders.origin IS 'Where the row comes from: live, recorded, repaired, paper, simulated or handmade.';
COMMENT ON COLUMN orders.details IS 'Fields of the source that have no column here.';
COMMENT ON COLUMN orders.archived_at IS 'When ClickHouse was proven to hold this version (UTC).';
COMMENT ON COLUMN orders.created_at IS 'When we learned of it (UTC).';
COMMENT ON COLUMN orders.updated_at IS 'When the row last changed (UTC); kept by trigger. Version of the row in ClickHouse.';

CREATE TABLE decision_cycles (
    id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    agent_id text NOT NULL DEFAULT ops.home_agent() REFERENCES agents (id),
    cycle_number integer,
    prompt_digest text,
    prompt_version text,
    cot_trace text,
    decisions jsonb,
    success boolean DEFAULT FALSE,
    error_message text,
    executed_at timestamptz NOT NULL DEFAULT clock_timestamp()
    CONSTRAINT decision_cycles_executed_at_fits CHECK (ops.fits_time(executed_at)),
    origin text NOT NULL DEFAULT 'live' CHECK (ops.is_origin(origin)),
    details jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(details) = 'object'),
    archived_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE INDEX decision_cycles_agent_executed_at ON decision_cycles (agent_id, executed_at DESC);
CREATE INDEX decision_cycles_unarchived ON decision_cycles (executed_at, id) WHERE archived_at IS NULL;
CREATE INDEX decision_cycles_updated_at ON decision_cycles (updated_at);

COMMENT ON TABLE decision_cycles IS 'One turn of an agent: what it was asked, how it thought, what it decided. Account and positions at that time are in their own tables.';
COMMENT ON COLUMN decision_cycles.id IS 'Id given by this database.';
COMMENT ON COLUMN decision_cycles.agent_id IS 'Whose turn it was. Never changes for an id.';
COMMENT ON COLUMN decision_cycles.cycle_number IS 'Number of the turn at its writer.';
COMMENT ON COLUMN decision_cycles.prompt_digest IS 'Hash of the prompt as it was sent.';
COMMENT ON COLUMN decision_cycles.prompt_version IS 'Prompt version behind it.';
COMMENT ON COLUMN decision_cycles.cot_trace IS 'Chain of thought, in the model''s words.';
COMMENT ON COLUMN decision_cycles.decisions IS 'The decisions of the turn as the model gave them.';
COMMENT ON COLUMN decision_cycles.success IS 'Whether all of its decisions were carried out.';
COMMENT ON COLUMN decision_cycles.error_message IS 'What went wrong.';
COMMENT ON COLUMN decision_cycles.executed_at IS 'When the turn was carried out (UTC).';
COMMENT ON COLUMN decision_cycles.origin IS 'Where the row comes from: live, recorded, repaired, paper, simulated or handmade.';
COMMENT ON COLUMN decision_cycles.details IS 'Fields of the source that have no column here.';
COMMENT ON COLUMN decision_cycles.archived_at IS 'When ClickHouse was proven to hold this version (UTC).';
COMMENT ON COLUMN decision_cycles.created_at IS 'When we learned of it (UTC).';
COMMENT ON COLUMN decision_cycles.updated_at IS 'When the row last changed (UTC); kept by trigger. Version of the row in ClickHouse.';

CREATE FUNCTION ops.fill_decisions() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    NEW.action := ops.settle_word('action', 'recommendation', OLD.action, OLD.recommendation, NEW.action, NEW.recommendation);
    NEW.recommendation := upper(NEW.action);
    NEW.details := coalesce(NEW.details, '{}');
    IF TG_OP = 'INSERT' THEN
        NEW.decided_at := coalesce(NEW.decided_at, clock_timestamp());
    END IF;
    RETURN NEW;
END
$$;

COMMENT ON FUNCTION ops.fill_decisions() IS 'Trigger: companion of decisions.action; a decision without a time was taken now.';

CREATE FUNCTION ops.fill_orders() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.status IN ('pending', 'open') THEN
        NEW.finished_at := NULL;
    ELSE
        NEW.finished_at := coalesce(NEW.finished_at, NEW.filled_at, NEW.cancelled_at, clock_timestamp());
    END IF;
    RETURN NEW;
END
$$;

COMMENT ON FUNCTION ops.fill_orders() IS 'Trigger: finished_at is there exactly for finished orders.';

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['prompt_versions', 'decisions', 'orders', 'decision_cycles'] LOOP
        EXECUTE format(
            'CREATE TRIGGER fill_0_agent BEFORE INSERT OR UPDATE OF agent_id ON public.%I FOR EACH ROW'
            ' EXECUTE FUNCTION ops.fill_agent()', name
        );
        EXECUTE format(
            'CREATE TRIGGER fill_3_stamps BEFORE INSERT ON public.%I FOR EACH ROW'
            ' WHEN (NEW.created_at IS NULL OR NEW.updated_at IS NULL) EXECUTE FUNCTION ops.fill_stamps()', name
        );
        EXECUTE format(
            'CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.%I FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*)'
            ' EXECUTE FUNCTION ops.touch_updated_at()', name
        );
    END LOOP;
    FOREACH name IN ARRAY ARRAY['decisions', 'orders'] LOOP
        EXECUTE format(
            'CREATE TRIGGER fill_1_columns BEFORE INSERT OR UPDATE ON public.%I FOR EACH ROW EXECUTE FUNCTION ops.%I()',
            name, 'fill_' || name
        );
    END LOOP;
    FOREACH name IN ARRAY ARRAY['decisions', 'orders', 'decision_cycles'] LOOP
        EXECUTE format(
            'CREATE TRIGGER keep_origin BEFORE UPDATE OF origin ON public.%I FOR EACH ROW'
            ' EXECUTE FUNCTION ops.keep_origin()', name
        );
        EXECUTE format(
            'CREATE TRIGGER keep_agent BEFORE UPDATE OF agent_id ON public.%I FOR EACH ROW'
            ' WHEN (OLD.agent_id <> NEW.agent_id) EXECUTE FUNCTION ops.keep_agent()', name
        );
    END LOOP;
END
$$;
