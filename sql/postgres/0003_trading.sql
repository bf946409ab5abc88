-- Hot trading tables: what applications write and importers land. Facades of the source designs are views over these.
-- Sides are long/short and quantities are positive; times are UTC; money is exact.

-- One numeric contract for both warehouses: what fits Decimal(38, 18) fits, everything else is refused, NaN and Infinity
-- included (NaN sorts above every number, so it fails the comparison).
CREATE FUNCTION ops.fits_decimal(amount numeric) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT abs(amount) < 1e20 AND scale(trim_scale(amount)) <= 18
$$;

COMMENT ON FUNCTION ops.fits_decimal(numeric) IS 'True when the value is held by Decimal(38, 18) without rounding: below 1e20, at most 18 decimals, finite. NULL for NULL.';

-- Where a row comes from. Real: live (written by a trading application as it happened), recorded (imported from a real
-- venue's or arena's records), repaired (real, with a value corrected later). Not real: paper (real prices, no money),
-- simulated (computed), handmade (typed in by a person).
CREATE FUNCTION ops.is_origin(origin text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT origin IN ('live', 'recorded', 'repaired', 'paper', 'simulated', 'handmade')
$$;

COMMENT ON FUNCTION ops.is_origin(text) IS 'True for the known origins of a row: live, recorded, repaired, paper, simulated, handmade.';

CREATE FUNCTION ops.keep_origin() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.origin IN ('paper', 'simulated', 'handmade') AND NEW.origin IN ('live', 'recorded', 'repaired') THEN
        RAISE EXCEPTION '%: a row of origin % never becomes %', TG_TABLE_NAME, OLD.origin, NEW.origin
            USING ERRCODE = 'check_violation', COLUMN = 'origin', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END
$$;

COMMENT ON FUNCTION ops.keep_origin() IS 'Trigger: nothing made up passes for real later.';

CREATE FUNCTION ops.keep_agent() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%: row % belongs to agent % and does not move to %', TG_TABLE_NAME, OLD.id, OLD.agent_id, NEW.agent_id
        USING ERRCODE = 'check_violation', COLUMN = 'agent_id', TABLE = TG_TABLE_NAME;
END
$$;

COMMENT ON FUNCTION ops.keep_agent() IS 'Trigger: (agent, id) is the identity under which ClickHouse keeps the row, so the agent of a row never changes.';

CREATE TABLE agents (
    id text PRIMARY KEY CHECK (id <> ''),
    display_name text NOT NULL,
    origin text NOT NULL DEFAULT 'live' CHECK (ops.is_origin(origin)),
    details jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(details) = 'object'),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

COMMENT ON TABLE agents IS 'Every trading agent (arena models, bots), and benchmarks that are ranked beside them.';
COMMENT ON COLUMN agents.id IS 'Stable id, chosen by the writer, such as gpt-5.';
COMMENT ON COLUMN agents.display_name IS 'Name for people.';
COMMENT ON COLUMN agents.origin IS 'Where the row comes from: live, recorded, repaired, paper, simulated or handmade.';
COMMENT ON COLUMN agents.details IS 'What else the source says about the agent.';
COMMENT ON COLUMN agents.created_at IS 'When we learned of it (UTC).';
COMMENT ON COLUMN agents.updated_at IS 'When the row last changed (UTC); kept by trigger.';

CREATE TABLE symbols (
    exchange text NOT NULL CHECK (exchange <> ''),
    symbol text NOT NULL CHECK (symbol <> ''),
    quote_currency text NOT NULL DEFAULT 'USD',
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (exchange, symbol)
);

COMMENT ON TABLE symbols IS 'Instruments that agents trade or that prices exist for, per exchange.';
COMMENT ON COLUMN symbols.exchange IS 'Venue, such as hyperliquid; sandbox for generated data.';
COMMENT ON COLUMN symbols.symbol IS 'Name at the venue, such as BTC or BTC/USDT.';
COMMENT ON COLUMN symbols.quote_currency IS 'Currency that prices are in.';
COMMENT ON COLUMN symbols.created_at IS 'When we learned of it (UTC).';
COMMENT ON COLUMN symbols.updated_at IS 'When the row last changed (UTC); kept by trigger.';

CREATE TABLE accounts (
    agent_id text NOT NULL REFERENCES agents (id),
    exchange text NOT NULL CHECK (exchange <> ''),
    base_currency text NOT NULL DEFAULT 'USD',
    initial_equity numeric CONSTRAINT accounts_initial_equity_fits CHECK (ops.fits_decimal(initial_equity)),
    inception_at timestamptz,
    origin text NOT NULL DEFAULT 'live' CHECK (ops.is_origin(origin)),
    details jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(details) = 'object'),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (agent_id, exchange)
);

COMMENT ON TABLE accounts IS 'One account per agent and exchange, with what it started from.';
COMMENT ON COLUMN accounts.agent_id IS 'Owner.';
COMMENT ON COLUMN accounts.exchange IS 'Venue of the account.';
COMMENT ON COLUMN accounts.base_currency IS 'Currency of all money of the account.';
COMMENT ON COLUMN accounts.initial_equity IS 'Equity at inception, in the base currency.';
COMMENT ON COLUMN accounts.inception_at IS 'When the account started (UTC).';
COMMENT ON COLUMN accounts.origin IS 'Where the row comes from: live, recorded, repaired, paper, simulated or handmade.';
COMMENT ON COLUMN accounts.details IS 'Fields of the source that have no column here.';
COMMENT ON COLUMN accounts.created_at IS 'When we learned of it (UTC).';
COMMENT ON COLUMN accounts.updated_at IS 'When the row last changed (UTC); kept by trigger.';

CREATE TABLE account_equity_snapshots (
    agent_id text NOT NULL REFERENCES agents (id),
    exchange text NOT NULL CHECK (exchange <> ''),
    captured_at timestamptz NOT NULL,
    equity numeric NOT NULL CONSTRAINT account_equity_snapshots_equity_fits CHECK (ops.fits_decimal(equity)),
    balance numeric CONSTRAINT account_equity_snapshots_balance_fits CHECK (ops.fits_decimal(balance)),
    realized_pnl numeric CONSTRAINT account_equity_snapshots_realized_pnl_fits CHECK (ops.fits_decimal(realized_pnl)),
    unrealized_pnl numeric
    CONSTRAINT account_equity_snapshots_unrealized_pnl_fits CHECK (ops.fits_decimal(unrealized_pnl)),
    run_id uuid,
    origin text NOT NULL DEFAULT 'live' CHECK (ops.is_origin(origin)),
    details jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(details) = 'object'),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (agent_id, exchange, captured_at)
);

CREATE INDEX account_equity_snapshots_captured_at ON account_equity_snapshots (captured_at);
CREATE INDEX account_equity_snapshots_updated_at ON account_equity_snapshots (updated_at);

COMMENT ON TABLE account_equity_snapshots IS 'Equity of an account at a moment. The primary key, read backwards, serves "newest per agent".';
COMMENT ON COLUMN account_equity_snapshots.agent_id IS 'Owner of the account.';
COMMENT ON COLUMN account_equity_snapshots.exchange IS 'Venue of the account.';
COMMENT ON COLUMN account_equity_snapshots.captured_at IS 'When the value was true (UTC).';
COMMENT ON COLUMN account_equity_snapshots.equity IS 'Balance plus open PnL, in the account''s base currency.';
COMMENT ON COLUMN account_equity_snapshots.balance IS 'Cash without open PnL, in the base currency.';
COMMENT ON COLUMN account_equity_snapshots.realized_pnl IS 'Realised PnL since inception, in the base currency.';
COMMENT ON COLUMN account_equity_snapshots.unrealized_pnl IS 'Open PnL at the moment, in the base currency.';
COMMENT ON COLUMN account_equity_snapshots.run_id IS 'Run of the writer, where it has one.';
COMMENT ON COLUMN account_equity_snapshots.origin IS 'Where the row comes from: live, recorded, repaired, paper, simulated or handmade.';
COMMENT ON COLUMN account_equity_snapshots.details IS 'Fields of the source that have no column here; time_from names the source of captured_at where the row had none.';
COMMENT ON COLUMN account_equity_snapshots.created_at IS 'When we learned of it (UTC).';
COMMENT ON COLUMN account_equity_snapshots.updated_at IS 'When the row last changed (UTC); kept by trigger.';

CREATE TABLE trades (
    id text PRIMARY KEY DEFAULT gen_random_uuid()::text CHECK (id <> ''),
    agent_id text NOT NULL REFERENCES agents (id),
    user_id text,
    exchange text NOT NULL CHECK (exchange <> ''),
    symbol text NOT NULL CHECK (symbol <> ''),
    side text NOT NULL CHECK (side IN ('long', 'short')),
    trade_type text,
    status text NOT NULL CHECK (status IN ('pending', 'open', 'closed', 'cancelled', 'error')),
    currency text NOT NULL DEFAULT 'USD',
    quantity numeric NOT NULL CONSTRAINT trades_quantity_fits CHECK (ops.fits_decimal(quantity) AND quantity > 0),
    leverage numeric CONSTRAINT trades_leverage_fits CHECK (ops.fits_decimal(leverage) AND leverage > 0),
    confidence numeric
    CONSTRAINT trades_confidence_fits CHECK (ops.fits_decimal(confidence) AND confidence BETWEEN 0 AND 1),
    entry_price numeric CONSTRAINT trades_entry_price_fits CHECK (ops.fits_decimal(entry_price) AND entry_price > 0),
    exit_price numeric CONSTRAINT trades_exit_price_fits CHECK (ops.fits_decimal(exit_price) AND exit_price > 0),
    stop_loss numeric CONSTRAINT trades_stop_loss_fits CHECK (ops.fits_decimal(stop_loss) AND stop_loss > 0),
    take_profit numeric CONSTRAINT trades_take_profit_fits CHECK (ops.fits_decimal(take_profit) AND take_profit > 0),
    gross_pnl numeric CONSTRAINT trades_gross_pnl_fits CHECK (ops.fits_decimal(gross_pnl)),
    net_pnl numeric CONSTRAINT trades_net_pnl_fits CHECK (ops.fits_decimal(net_pnl)),
    pnl_percent numeric CONSTRAINT trades_pnl_percent_fits CHECK (ops.fits_decimal(pnl_percent)),
    fee numeric CONSTRAINT trades_fee_fits CHECK (ops.fits_decimal(fee)),
    entry_fee numeric CONSTRAINT trades_entry_fee_fits CHECK (ops.fits_decimal(entry_fee)),
    exit_fee numeric CONSTRAINT trades_exit_fee_fits CHECK (ops.fits_decimal(exit_fee)),
    opened_at timestamptz,
    closed_at timestamptz,
    entry_reason text,
    exit_reason text,
    entry_order_id text,
    exit_order_id text,
    deployment_id text,
    config_id text,
    prompt_version text,
    decision_id text,
    origin text NOT NULL DEFAULT 'live' CHECK (ops.is_origin(origin)),
    details jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(details) = 'object'),
    archived_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT trades_closed_has_time CHECK (status <> 'closed' OR closed_at IS NOT NULL),
    CONSTRAINT trades_exit_after_entry CHECK (closed_at >= opened_at)
);

CREATE INDEX trades_agent_opened_at ON trades (agent_id, opened_at DESC);
CREATE INDEX trades_agent_closed_at ON trades (agent_id, closed_at DESC) WHERE status = 'closed';
CREATE INDEX trades_closed_at ON trades (closed_at DESC) WHERE status = 'closed';
CREATE INDEX trades_unarchived ON trades (closed_at, id) WHERE status = 'closed' AND archived_at IS NULL;
CREATE INDEX trades_active ON trades (agent_id) WHERE status IN ('pending', 'open');
CREATE INDEX trades_exit_order_id ON trades (exit_order_id) WHERE exit_order_id IS NOT NULL;
CREATE INDEX trades_decision_id ON trades (decision_id) WHERE decision_id IS NOT NULL;
CREATE INDEX trades_prompt_version ON trades (prompt_version) WHERE prompt_version IS NOT NULL;
CREATE INDEX trades_updated_at ON trades (updated_at);

COMMENT ON TABLE trades IS 'Round trips of agents, from order to close. Closed ones travel to ClickHouse.';
COMMENT ON COLUMN trades.id IS 'Stable id, chosen by the writer; a replay is an upsert.';
COMMENT ON COLUMN trades.agent_id IS 'Who traded. Never changes for an id.';
COMMENT ON COLUMN trades.user_id IS 'Owner of the account, where the application has users.';
COMMENT ON COLUMN trades.exchange IS 'Venue, such as hyperliquid; sandbox for generated data.';
COMMENT ON COLUMN trades.symbol IS 'Instrument, as the venue names it.';
COMMENT ON COLUMN trades.side IS 'long or short. Carries the sign: quantity is always positive.';
COMMENT ON COLUMN trades.trade_type IS 'Kind of trade as the writer calls it.';
COMMENT ON COLUMN trades.status IS 'pending, open, closed, cancelled or error.';
COMMENT ON COLUMN trades.currency IS 'Currency of prices, fees and PnL.';
COMMENT ON COLUMN trades.quantity IS 'Size in units of the base asset, positive.';
COMMENT ON COLUMN trades.leverage IS 'Multiple of the margin.';
COMMENT ON COLUMN trades.confidence IS 'The agent''s own probability of being right, 0 to 1.';
COMMENT ON COLUMN trades.entry_price IS 'Average entry price, in the currency per unit.';
COMMENT ON COLUMN trades.exit_price IS 'Average exit price, in the currency per unit.';
COMMENT ON COLUMN trades.stop_loss IS 'Planned stop price.';
COMMENT ON COLUMN trades.take_profit IS 'Planned target price.';
COMMENT ON COLUMN trades.gross_pnl IS 'PnL before fees, in the currency.';
COMMENT ON COLUMN trades.net_pnl IS 'PnL after all fees, as the venue accounts it; the truth where gross minus fee differs.';
COMMENT ON COLUMN trades.pnl_percent IS 'Net PnL in percent, as the writer defines it.';
COMMENT ON COLUMN trades.fee IS 'All fees of the trade, in the currency.';
COMMENT ON COLUMN trades.entry_fee IS 'Fee of the entry, in the currency.';
COMMENT ON COLUMN trades.exit_fee IS 'Fee of the exit, in the currency.';
COMMENT ON COLUMN trades.opened_at IS 'When the position was entered (UTC).';
COMMENT ON COLUMN trades.closed_at IS 'When the position was left (UTC).';
COMMENT ON COLUMN trades.entry_reason IS 'Why it was entered, in the agent''s words.';
COMMENT ON COLUMN trades.exit_reason IS 'Why it was left: tp_hit, sl_hit, manual, liquidated, or the agent''s words.';
COMMENT ON COLUMN trades.entry_order_id IS 'Order id of the entry at the venue.';
COMMENT ON COLUMN trades.exit_order_id IS 'Order id of the exit at the venue.';
COMMENT ON COLUMN trades.deployment_id IS 'Deployment of the agent that traded.';
COMMENT ON COLUMN trades.config_id IS 'Configuration the agent ran with.';
COMMENT ON COLUMN trades.prompt_version IS 'Prompt version behind the decision.';
COMMENT ON COLUMN trades.decision_id IS 'Decision that led to the trade.';
COMMENT ON COLUMN trades.origin IS 'Where the row comes from: live, recorded, repaired, paper, simulated or handmade.';
COMMENT ON COLUMN trades.details IS 'Fields of the source that have no column here.';
COMMENT ON COLUMN trades.archived_at IS 'When ClickHouse was proven to hold this version (UTC).';
COMMENT ON COLUMN trades.created_at IS 'When we learned of it (UTC).';
COMMENT ON COLUMN trades.updated_at IS 'When the row last changed (UTC); kept by trigger. Version of the row in ClickHouse.';

CREATE TABLE positions (
    id text PRIMARY KEY DEFAULT gen_random_uuid()::text CHECK (id <> ''),
    agent_id text NOT NULL REFERENCES agents (id),
    user_id text,
    exchange text NOT NULL CHECK (exchange <> ''),
    symbol text NOT NULL CHECK (symbol <> ''),
    side text NOT NULL CHECK (side IN ('long', 'short')),
    status text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'closed')),
    quantity numeric NOT NULL CONSTRAINT positions_quantity_fits CHECK (ops.fits_decimal(quantity) AND quantity > 0),
    leverage numeric CONSTRAINT positions_leverage_fits CHECK (ops.fits_decimal(leverage) AND leverage > 0),
    confidence numeric
    CONSTRAINT positions_confidence_fits CHECK (ops.fits_decimal(confidence) AND confidence BETWEEN 0 AND 1),
    entry_price numeric NOT NULL
    CONSTRAINT positions_entry_price_fits CHECK (ops.fits_decimal(entry_price) AND entry_price > 0),
    exit_price numeric CONSTRAINT positions_exit_price_fits CHECK (ops.fits_decimal(exit_price) AND exit_price > 0),
    current_price numeric
    CONSTRAINT positions_current_price_fits CHECK (ops.fits_decimal(current_price) AND current_price > 0),
    liquidation_price numeric
    CONSTRAINT positions_liquidation_price_fits CHECK (ops.fits_decimal(liquidation_price) AND liquidation_price >= 0),
    stop_loss numeric CONSTRAINT positions_stop_loss_fits CHECK (ops.fits_decimal(stop_loss) AND stop_loss > 0),
    take_profit numeric CONSTRAINT positions_take_profit_fits CHECK (ops.fits_decimal(take_profit) AND take_profit > 0),
    invalidation text,
    margin numeric CONSTRAINT positions_margin_fits CHECK (ops.fits_decimal(margin) AND margin >= 0),
    risk numeric CONSTRAINT positions_risk_fits CHECK (ops.fits_decimal(risk) AND risk >= 0),
    fee numeric CONSTRAINT positions_fee_fits CHECK (ops.fits_decimal(fee)),
    unrealized_pnl numeric CONSTRAINT positions_unrealized_pnl_fits CHECK (ops.fits_decimal(unrealized_pnl)),
    unrealized_pnl_percent numeric
    CONSTRAINT positions_unrealized_pnl_percent_fits CHECK (ops.fits_decimal(unrealized_pnl_percent)),
    realized_pnl numeric CONSTRAINT positions_realized_pnl_fits CHECK (ops.fits_decimal(realized_pnl)),
    opened_at timestamptz,
    closed_at timestamptz,
    synced_at timestamptz,
    entry_order_id text,
    trade_id text,
    origin text NOT NULL DEFAULT 'live' CHECK (ops.is_origin(origin)),
    details jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(details) = 'object'),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT positions_exit_after_entry CHECK (closed_at >= opened_at)
);

CREATE INDEX positions_open ON positions (agent_id, opened_at DESC) WHERE status = 'open';
CREATE INDEX positions_agent_opened_at ON positions (agent_id, opened_at DESC);
CREATE INDEX positions_trade_id ON positions (trade_id) WHERE trade_id IS NOT NULL;

COMMENT ON TABLE positions IS 'Positions of agents as last synced with the venue.';
COMMENT ON COLUMN positions.id IS 'Stable id, chosen by the writer.';
COMMENT ON COLUMN positions.agent_id IS 'Who holds it. Never changes for an id.';
COMMENT ON COLUMN positions.user_id IS 'Owner of the account, where the application has users.';
COMMENT ON COLUMN positions.exchange IS 'Venue, such as hyperliquid; sandbox for generated data.';
COMMENT ON COLUMN positions.symbol IS 'Instrument, as the venue names it.';
COMMENT ON COLUMN positions.side IS 'long or short. Carries the sign: quantity is always positive.';
COMMENT ON COLUMN positions.status IS 'open or closed.';
COMMENT ON COLUMN positions.quantity IS 'Size in units of the base asset, positive.';
COMMENT ON COLUMN positions.leverage IS 'Multiple of the margin.';
COMMENT ON COLUMN positions.confidence IS 'The agent''s own probability of being right, 0 to 1.';
COMMENT ON COLUMN positions.entry_price IS 'Average entry price, in the quote currency per unit.';
COMMENT ON COLUMN positions.exit_price IS 'Average exit price, in the quote currency per unit.';
COMMENT ON COLUMN positions.current_price IS 'Price at synced_at, in the quote currency per unit.';
COMMENT ON COLUMN positions.liquidation_price IS 'Price at which the venue closes it.';
COMMENT ON COLUMN positions.stop_loss IS 'Planned stop price.';
COMMENT ON COLUMN positions.take_profit IS 'Planned target price.';
COMMENT ON COLUMN positions.invalidation IS 'Condition under which the agent gives the idea up, in its words.';
COMMENT ON COLUMN positions.margin IS 'Collateral, in the quote currency.';
COMMENT ON COLUMN positions.risk IS 'What the agent says it can lose, in the quote currency.';
COMMENT ON COLUMN positions.fee IS 'Fees so far, in the quote currency.';
COMMENT ON COLUMN positions.unrealized_pnl IS 'Open PnL at synced_at, in the quote currency.';
COMMENT ON COLUMN positions.unrealized_pnl_percent IS 'Open PnL at synced_at in percent, as the writer defines it.';
COMMENT ON COLUMN positions.realized_pnl IS 'PnL realised on this position so far, in the quote currency.';
COMMENT ON COLUMN positions.opened_at IS 'When it was entered (UTC).';
COMMENT ON COLUMN positions.closed_at IS 'When it was left (UTC).';
COMMENT ON COLUMN positions.synced_at IS 'When the writer last compared it with the venue (UTC).';
COMMENT ON COLUMN positions.entry_order_id IS 'Order id of the entry at the venue.';
COMMENT ON COLUMN positions.trade_id IS 'The trade it belongs to; the trade may already live in ClickHouse only.';
COMMENT ON COLUMN positions.origin IS 'Where the row comes from: live, recorded, repaired, paper, simulated or handmade.';
COMMENT ON COLUMN positions.details IS 'Fields of the source that have no column here.';
COMMENT ON COLUMN positions.created_at IS 'When we learned of it (UTC).';
COMMENT ON COLUMN positions.updated_at IS 'When the row last changed (UTC); kept by trigger.';

CREATE TABLE conversations (
    id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    source_id text UNIQUE,
    agent_id text NOT NULL REFERENCES agents (id),
    started_at timestamptz,
    origin text NOT NULL DEFAULT 'live' CHECK (ops.is_origin(origin)),
    details jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(details) = 'object'),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE INDEX conversations_agent_started_at ON conversations (agent_id, started_at DESC);

COMMENT ON TABLE conversations IS 'Threads between an agent and its model.';
COMMENT ON COLUMN conversations.id IS 'Id given by this database.';
COMMENT ON COLUMN conversations.source_id IS 'Stable id at the source; imports upsert by it. NULL for threads that an application writes here.';
COMMENT ON COLUMN conversations.agent_id IS 'Whose thread it is.';
COMMENT ON COLUMN conversations.started_at IS 'Time of the first message (UTC).';
COMMENT ON COLUMN conversations.origin IS 'Where the row comes from: live, recorded, repaired, paper, simulated or handmade.';
COMMENT ON COLUMN conversations.details IS 'Fields of the source that have no column here.';
COMMENT ON COLUMN conversations.created_at IS 'When we learned of it (UTC).';
COMMENT ON COLUMN conversations.updated_at IS 'When the row last changed (UTC); kept by trigger.';

CREATE TABLE conversation_messages (
    id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    conversation_id bigint NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    position_in_thread integer CHECK (position_in_thread >= 0),
    role text NOT NULL CHECK (role IN ('system', 'user', 'assistant')),
    content text NOT NULL,
    sent_at timestamptz,
    details jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(details) = 'object'),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (conversation_id, position_in_thread)
);

CREATE INDEX conversation_messages_sent_at ON conversation_messages (conversation_id, sent_at);

COMMENT ON TABLE conversation_messages IS 'Messages of conversations. Their origin is their conversation''s.';
COMMENT ON COLUMN conversation_messages.id IS 'Id given by this database.';
COMMENT ON COLUMN conversation_messages.conversation_id IS 'Thread of the message.';
COMMENT ON COLUMN conversation_messages.position_in_thread IS 'Place in the thread from 0, where the source has an order; imports upsert by it.';
COMMENT ON COLUMN conversation_messages.role IS 'system, user or assistant.';
COMMENT ON COLUMN conversation_messages.content IS 'The text.';
COMMENT ON COLUMN conversation_messages.sent_at IS 'When it was sent (UTC).';
COMMENT ON COLUMN conversation_messages.details IS 'Fields of the source that have no column here.';
COMMENT ON COLUMN conversation_messages.created_at IS 'When we learned of it (UTC).';
COMMENT ON COLUMN conversation_messages.updated_at IS 'When the row last changed (UTC); kept by trigger.';

CREATE TABLE price_latest (
    exchange text NOT NULL CHECK (exchange <> ''),
    symbol text NOT NULL CHECK (symbol <> ''),
    price numeric NOT NULL CONSTRAINT price_latest_price_fits CHECK (ops.fits_decimal(price) AND price > 0),
    priced_at timestamptz NOT NULL,
    origin text NOT NULL DEFAULT 'live' CHECK (ops.is_origin(origin)),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (exchange, symbol)
);

COMMENT ON TABLE price_latest IS 'Newest known price per instrument.';
COMMENT ON COLUMN price_latest.exchange IS 'Venue; sandbox for generated data.';
COMMENT ON COLUMN price_latest.symbol IS 'Instrument, as the venue names it.';
COMMENT ON COLUMN price_latest.price IS 'Price in the quote currency per unit.';
COMMENT ON COLUMN price_latest.priced_at IS 'When the price was true (UTC).';
COMMENT ON COLUMN price_latest.origin IS 'Where the row comes from: live, recorded, repaired, paper, simulated or handmade.';
COMMENT ON COLUMN price_latest.created_at IS 'When we learned of the first price (UTC).';
COMMENT ON COLUMN price_latest.updated_at IS 'When the row last changed (UTC); kept by trigger.';

CREATE TABLE price_ticks (
    exchange text NOT NULL CHECK (exchange <> ''),
    symbol text NOT NULL CHECK (symbol <> ''),
    priced_at timestamptz NOT NULL,
    price numeric NOT NULL CONSTRAINT price_ticks_price_fits CHECK (ops.fits_decimal(price) AND price > 0),
    origin text NOT NULL DEFAULT 'live' CHECK (ops.is_origin(origin)),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (exchange, symbol, priced_at)
);

COMMENT ON TABLE price_ticks IS 'Prices as they came, one per instrument and moment.';
COMMENT ON COLUMN price_ticks.exchange IS 'Venue; sandbox for generated data.';
COMMENT ON COLUMN price_ticks.symbol IS 'Instrument, as the venue names it.';
COMMENT ON COLUMN price_ticks.priced_at IS 'When the price was true (UTC).';
COMMENT ON COLUMN price_ticks.price IS 'Price in the quote currency per unit.';
COMMENT ON COLUMN price_ticks.origin IS 'Where the row comes from: live, recorded, repaired, paper, simulated or handmade.';
COMMENT ON COLUMN price_ticks.created_at IS 'When we learned of it (UTC).';
COMMENT ON COLUMN price_ticks.updated_at IS 'When the row last changed (UTC); kept by trigger.';

CREATE TABLE model_analytics (
    agent_id text PRIMARY KEY REFERENCES agents (id),
    payload jsonb NOT NULL CHECK (jsonb_typeof(payload) = 'object'),
    server_time timestamptz NOT NULL,
    origin text NOT NULL DEFAULT 'live' CHECK (ops.is_origin(origin)),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

COMMENT ON TABLE model_analytics IS 'Published analytics of an agent, in the arena''s JSON shape.';
COMMENT ON COLUMN model_analytics.agent_id IS 'Whose figures they are.';
COMMENT ON COLUMN model_analytics.payload IS 'The JSON object as it is served.';
COMMENT ON COLUMN model_analytics.server_time IS 'When the figures were true (UTC).';
COMMENT ON COLUMN model_analytics.origin IS 'Where the row comes from: live, recorded, repaired, paper, simulated or handmade.';
COMMENT ON COLUMN model_analytics.created_at IS 'When we learned of it (UTC).';
COMMENT ON COLUMN model_analytics.updated_at IS 'When the row last changed (UTC); kept by trigger.';

CREATE TABLE ops.mart_parity (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    checked_at timestamptz NOT NULL DEFAULT now(),
    run_id text,
    mart text NOT NULL,
    rows_postgres bigint NOT NULL CHECK (rows_postgres >= 0),
    rows_clickhouse bigint NOT NULL CHECK (rows_clickhouse >= 0),
    cells_compared bigint NOT NULL CHECK (cells_compared >= 0),
    differences bigint NOT NULL CHECK (differences >= 0),
    examples jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(examples) = 'array')
);

CREATE INDEX mart_parity_mart_checked_at ON ops.mart_parity (mart, checked_at DESC);

COMMENT ON TABLE ops.mart_parity IS 'Comparisons of each mart between both warehouses, cell by cell.';
COMMENT ON COLUMN ops.mart_parity.id IS 'Id given by this database.';
COMMENT ON COLUMN ops.mart_parity.checked_at IS 'When the comparison was made (UTC).';
COMMENT ON COLUMN ops.mart_parity.run_id IS 'Dagster run that made it.';
COMMENT ON COLUMN ops.mart_parity.mart IS 'Name of the mart.';
COMMENT ON COLUMN ops.mart_parity.rows_postgres IS 'Rows in PostgreSQL.';
COMMENT ON COLUMN ops.mart_parity.rows_clickhouse IS 'Rows in ClickHouse.';
COMMENT ON COLUMN ops.mart_parity.cells_compared IS 'Cells of rows that both sides hold.';
COMMENT ON COLUMN ops.mart_parity.differences IS 'Cells that differ, plus rows that one side lacks.';
COMMENT ON COLUMN ops.mart_parity.examples IS 'The first differences: key, column, postgres, clickhouse.';

-- The triggers. WHEN keeps a write that changes nothing from making a new version of the row.
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY[
        'agents', 'symbols', 'accounts', 'account_equity_snapshots', 'trades', 'positions', 'conversations',
        'conversation_messages', 'price_latest', 'price_ticks', 'model_analytics'
    ] LOOP
        EXECUTE format(
            'CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.%I FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*)'
            ' EXECUTE FUNCTION ops.touch_updated_at()', name
        );
    END LOOP;
    FOREACH name IN ARRAY ARRAY[
        'agents', 'accounts', 'account_equity_snapshots', 'trades', 'positions', 'conversations', 'price_latest',
        'price_ticks', 'model_analytics'
    ] LOOP
        EXECUTE format(
            'CREATE TRIGGER keep_origin BEFORE UPDATE OF origin ON public.%I FOR EACH ROW'
            ' EXECUTE FUNCTION ops.keep_origin()', name
        );
    END LOOP;
    FOREACH name IN ARRAY ARRAY['trades', 'positions'] LOOP
        EXECUTE format(
            'CREATE TRIGGER keep_agent BEFORE UPDATE OF agent_id ON public.%I FOR EACH ROW'
            ' WHEN (OLD.agent_id <> NEW.agent_id) EXECUTE FUNCTION ops.keep_agent()', name
        );
    END LOOP;
END
$$;
