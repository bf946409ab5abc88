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

CREATE FUNCTION ops.fits_time(moment timestamptz) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT moment >= timestamptz '1970-01-01 00:00:00+00' AND moment < timestamptz '2300-01-01 00:00:00+00'
$$;

COMMENT ON FUNCTION ops.fits_time(timestamptz) IS 'True from 1970 to 2299 (DateTime64 of ClickHouse ends there). NULL for NULL.';

-- Companion columns. A facade is a plain view, so that ON CONFLICT works through it; what its design represents in another
-- way (epoch milliseconds, LONG/SHORT, numeric order ids, signed sizes) is a plain column beside the canonical one. The
-- functions below decide which of the two a write meant: the one that changed (on INSERT: the one that is given; OLD is
-- NULL then). Both changed and contradicting is an error that names the column.
CREATE FUNCTION ops.contradiction(canonical text, given text, companion text, also text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% % and % % contradict each other', canonical, given, companion, coalesce(also, 'NULL')
        USING ERRCODE = 'check_violation', COLUMN = canonical;
END
$$;

COMMENT ON FUNCTION ops.contradiction(text, text, text, text) IS 'Refuses a write that gives a column and its companion different meanings.';

CREATE FUNCTION ops.fitting_ms(moment timestamptz) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN ops.fits_time(moment) THEN ops.epoch_ms(moment) END
$$;

COMMENT ON FUNCTION ops.fitting_ms(timestamptz) IS 'Epoch milliseconds of a time that fits; NULL of one that a check is going to refuse.';

CREATE FUNCTION ops.settle_time(
    name text, old_time timestamptz, old_ms bigint, new_time timestamptz, new_ms bigint
) RETURNS timestamptz
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF new_ms IS NOT DISTINCT FROM old_ms THEN
        RETURN new_time;
    END IF;
    -- 10413792000000 is the year 2300.
    IF new_ms NOT BETWEEN 0 AND 10413791999999 THEN
        RAISE EXCEPTION '%_ms % is not between the years 1970 and 2299', name, new_ms
            USING ERRCODE = 'check_violation', COLUMN = name || '_ms';
    END IF;
    IF new_time IS NOT DISTINCT FROM old_time THEN
        RETURN ops.from_epoch_ms(new_ms);
    END IF;
    IF ops.fitting_ms(new_time) IS DISTINCT FROM new_ms THEN
        PERFORM ops.contradiction(name, new_time::text, name || '_ms', new_ms::text);
    END IF;
    RETURN new_time;
END
$$;

COMMENT ON FUNCTION ops.settle_time(text, timestamptz, bigint, timestamptz, bigint) IS 'The time that a write of a time and its companion in epoch milliseconds means; microseconds stay while the millisecond does.';

CREATE FUNCTION ops.settle_word(
    name text, companion text, old_word text, old_upper text, new_word text, new_upper text
) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF new_upper IS NOT DISTINCT FROM old_upper THEN
        RETURN new_word;
    END IF;
    IF new_upper <> upper(new_upper) OR (new_word IS DISTINCT FROM old_word AND upper(new_word) IS DISTINCT FROM new_upper)
    THEN
        PERFORM ops.contradiction(name, coalesce(new_word, lower(new_upper)), companion, new_upper);
    END IF;
    RETURN lower(new_upper);
END
$$;

COMMENT ON FUNCTION ops.settle_word(text, text, text, text, text, text) IS 'The lower-case word that a write of a word and its upper-case companion means.';

CREATE FUNCTION ops.order_number(order_id text) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN order_id ~ '^(0|-?[1-9][0-9]{0,18})$' AND order_id::numeric BETWEEN -9223372036854775808 AND 9223372036854775807
            THEN order_id::bigint
    END
$$;

COMMENT ON FUNCTION ops.order_number(text) IS 'The order id as a number where it is one (and the number gives back the same text), else NULL.';

CREATE FUNCTION ops.settle_order(
    name text, companion text, old_id text, old_number bigint, new_id text, new_number bigint
) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF new_number IS NOT DISTINCT FROM old_number THEN
        RETURN new_id;
    END IF;
    IF new_id IS DISTINCT FROM old_id AND ops.order_number(new_id) IS DISTINCT FROM new_number THEN
        PERFORM ops.contradiction(name, coalesce(new_id, 'NULL'), companion, new_number::text);
    END IF;
    RETURN CASE WHEN new_id IS DISTINCT FROM old_id THEN new_id ELSE new_number::text END;
END
$$;

COMMENT ON FUNCTION ops.settle_order(text, text, text, bigint, text, bigint) IS 'The order id that a write of an order id and its numeric companion means.';

CREATE FUNCTION ops.settle_quantity(
    old_side text, old_quantity numeric, old_signed numeric, new_side text, new_quantity numeric, new_signed numeric
) RETURNS numeric
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF new_quantity < 0 THEN
        RAISE EXCEPTION 'quantity % is not above zero: side carries the sign', new_quantity
            USING ERRCODE = 'check_violation', COLUMN = 'quantity';
    END IF;
    IF new_signed IS DISTINCT FROM old_signed THEN
        IF new_quantity IS DISTINCT FROM old_quantity AND new_quantity IS DISTINCT FROM abs(new_signed) THEN
            PERFORM ops.contradiction('quantity', coalesce(new_quantity::text, 'NULL'), 'quantity_signed', new_signed::text);
        END IF;
        IF new_side = 'long' AND new_signed < 0 THEN
            PERFORM ops.contradiction('side', new_side, 'quantity_signed', new_signed::text);
        END IF;
        RETURN new_signed;
    END IF;
    IF new_quantity IS NOT DISTINCT FROM old_quantity AND new_side IS NOT DISTINCT FROM old_side THEN
        RETURN new_signed;
    END IF;
    RETURN CASE
        WHEN new_side = 'short' AND NOT (old_side IS NOT DISTINCT FROM 'short' AND coalesce(old_signed, 0) > 0) THEN -new_quantity
        ELSE new_quantity
    END;
END
$$;

COMMENT ON FUNCTION ops.settle_quantity(text, numeric, numeric, text, numeric, numeric) IS 'The signed size that a write of quantity, its signed companion and side means: as its writer gave it, else negative for shorts.';

CREATE FUNCTION ops.fill_agent() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    told jsonb;
    venue text;
BEGIN
    IF NEW.agent_id IS NULL OR EXISTS (SELECT FROM public.agents AS known WHERE known.id = NEW.agent_id) THEN
        RETURN NEW;
    END IF;
    told := to_jsonb(NEW);
    venue := told ->> 'exchange';
    INSERT INTO public.agents (id, display_name, origin, details)
    VALUES (
        NEW.agent_id, NEW.agent_id, coalesce(told ->> 'origin', 'live'),
        jsonb_strip_nulls(
            jsonb_build_object(
                'registered_by', 'first write', 'exchange', CASE WHEN venue = 'sandbox' THEN venue END
            )
        )
    )
    ON CONFLICT (id) DO NOTHING;
    RETURN NEW;
END
$$;

COMMENT ON FUNCTION ops.fill_agent() IS 'Trigger: the first row of an unknown agent registers it in agents; no design has to announce its agents.';

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
    exchange text NOT NULL DEFAULT ops.home_exchange() CHECK (exchange <> ''),
    symbol text NOT NULL CHECK (symbol <> ''),
    quote_currency text NOT NULL DEFAULT 'USD',
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    home_symbol text UNIQUE,
    PRIMARY KEY (exchange, symbol)
);

COMMENT ON TABLE symbols IS 'Instruments that agents trade or that prices exist for, per exchange.';
COMMENT ON COLUMN symbols.exchange IS 'Venue, such as hyperliquid; sandbox for generated data.';
COMMENT ON COLUMN symbols.symbol IS 'Name at the venue, such as BTC or BTC/USDT.';
COMMENT ON COLUMN symbols.quote_currency IS 'Currency that prices are in.';
COMMENT ON COLUMN symbols.created_at IS 'When we learned of it (UTC).';
COMMENT ON COLUMN symbols.updated_at IS 'When the row last changed (UTC); kept by trigger.';
COMMENT ON COLUMN symbols.home_symbol IS 'Companion of symbol for the nof0 facade, kept by trigger: set for rows of the home exchange only, where the symbol alone identifies the row.';

CREATE TABLE accounts (
    agent_id text NOT NULL REFERENCES agents (id),
    exchange text NOT NULL DEFAULT ops.home_exchange() CHECK (exchange <> ''),
    base_currency text NOT NULL DEFAULT 'USD',
    initial_equity numeric CONSTRAINT accounts_initial_equity_fits CHECK (ops.fits_decimal(initial_equity)),
    inception_at timestamptz CONSTRAINT accounts_inception_at_fits CHECK (ops.fits_time(inception_at)),
    origin text NOT NULL DEFAULT 'live' CHECK (ops.is_origin(origin)),
    details jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(details) = 'object'),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    home_agent_id text UNIQUE,
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
COMMENT ON COLUMN accounts.home_agent_id IS 'Companion of agent_id for the nof0 facade, kept by trigger: set for accounts at the home exchange only, where the agent alone identifies the account.';

CREATE TABLE account_equity_snapshots (
    id bigint GENERATED BY DEFAULT AS IDENTITY,
    agent_id text NOT NULL REFERENCES agents (id),
    exchange text NOT NULL DEFAULT ops.home_exchange() CHECK (exchange <> ''),
    captured_at timestamptz NOT NULL
    CONSTRAINT account_equity_snapshots_captured_at_fits CHECK (ops.fits_time(captured_at)),
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
    archived_at timestamptz,
    PRIMARY KEY (agent_id, exchange, captured_at)
) PARTITION BY RANGE (captured_at);

CREATE INDEX account_equity_snapshots_captured_at ON account_equity_snapshots (captured_at);
CREATE INDEX account_equity_snapshots_agent_ms ON account_equity_snapshots (agent_id, ops.epoch_ms(captured_at) DESC);
CREATE INDEX account_equity_snapshots_id ON account_equity_snapshots (id);
CREATE INDEX account_equity_snapshots_unarchived ON account_equity_snapshots (captured_at) WHERE archived_at IS NULL;
CREATE INDEX account_equity_snapshots_updated_at ON account_equity_snapshots (updated_at);

COMMENT ON TABLE account_equity_snapshots IS 'Equity of an account at a moment; one partition per UTC month. The primary key, read backwards, serves "newest per agent".';
COMMENT ON COLUMN account_equity_snapshots.id IS 'Number given by this database for designs that want one; not the key.';
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
COMMENT ON COLUMN account_equity_snapshots.archived_at IS 'When ClickHouse was proven to hold this version (UTC).';

CREATE TABLE trades (
    id text PRIMARY KEY DEFAULT gen_random_uuid()::text CHECK (id <> ''),
    agent_id text NOT NULL DEFAULT ops.home_agent() REFERENCES agents (id),
    user_id text,
    exchange text NOT NULL DEFAULT ops.home_exchange() CHECK (exchange <> ''),
    symbol text NOT NULL CHECK (symbol <> ''),
    side text NOT NULL CHECK (side IN ('long', 'short')),
    trade_type text,
    status text NOT NULL CHECK (status IN ('pending', 'open', 'closed', 'cancelled', 'error')),
    currency text NOT NULL DEFAULT 'USD',
    quantity numeric CONSTRAINT trades_quantity_fits CHECK (ops.fits_decimal(quantity) AND quantity > 0),
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
    opened_at timestamptz CONSTRAINT trades_opened_at_fits CHECK (ops.fits_time(opened_at)),
    closed_at timestamptz CONSTRAINT trades_closed_at_fits CHECK (ops.fits_time(closed_at)),
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
    side_upper text NOT NULL,
    quantity_signed numeric CONSTRAINT trades_quantity_signed_fits CHECK (ops.fits_decimal(quantity_signed)),
    opened_at_ms bigint,
    closed_at_ms bigint,
    entry_oid bigint,
    exit_oid bigint,
    CONSTRAINT trades_closed_has_time CHECK (status <> 'closed' OR closed_at IS NOT NULL),
    CONSTRAINT trades_exit_after_entry CHECK (closed_at >= opened_at)
);

CREATE INDEX trades_agent_opened_at ON trades (agent_id, opened_at DESC);
CREATE INDEX trades_agent_closed_at ON trades (agent_id, closed_at DESC) WHERE status = 'closed';
CREATE INDEX trades_closed_at ON trades (closed_at DESC) WHERE status = 'closed';
CREATE INDEX trades_unarchived ON trades (closed_at, id) WHERE status = 'closed' AND archived_at IS NULL;
CREATE INDEX trades_active ON trades (agent_id) WHERE status IN ('pending', 'open');
CREATE INDEX trades_agent_opened_at_ms ON trades (agent_id, opened_at_ms DESC);
-- nof0 compares milliseconds with EXTRACT(...) * 1000, which is numeric.
CREATE INDEX trades_closed_at_ms ON trades ((closed_at_ms::numeric) DESC);
CREATE INDEX trades_symbol ON trades (symbol);
CREATE INDEX trades_status ON trades (status);
CREATE INDEX trades_created_at ON trades (created_at DESC);
CREATE INDEX trades_exit_order_id ON trades (exit_order_id) WHERE exit_order_id IS NOT NULL;
CREATE INDEX trades_exit_oid ON trades (exit_oid) WHERE exit_oid IS NOT NULL;
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
COMMENT ON COLUMN trades.quantity IS 'Size in units of the base asset, positive; NULL where its writer does not say.';
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
COMMENT ON COLUMN trades.closed_at IS 'When the position was left (UTC). Of a trade that was closed without a time: when the database was told, and details.closed_at_from says so.';
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
COMMENT ON COLUMN trades.side_upper IS 'Companion of side for the learning facade, kept by trigger: LONG or SHORT.';
COMMENT ON COLUMN trades.quantity_signed IS 'Companion of quantity for the nof0 facade, kept by trigger: in units of the base asset, with the sign its writer gave, else negative for shorts.';
COMMENT ON COLUMN trades.opened_at_ms IS 'Companion of opened_at for the nof0 facade, kept by trigger: epoch milliseconds, rounded down.';
COMMENT ON COLUMN trades.closed_at_ms IS 'Companion of closed_at for the nof0 facade, kept by trigger: epoch milliseconds, rounded down.';
COMMENT ON COLUMN trades.entry_oid IS 'Companion of entry_order_id for the nof0 facade, kept by trigger: its number; NULL where the order id is not one.';
COMMENT ON COLUMN trades.exit_oid IS 'Companion of exit_order_id for the nof0 facade, kept by trigger: its number; NULL where the order id is not one.';

CREATE TABLE positions (
    id text PRIMARY KEY DEFAULT gen_random_uuid()::text CHECK (id <> ''),
    agent_id text NOT NULL DEFAULT ops.home_agent() REFERENCES agents (id),
    user_id text,
    exchange text NOT NULL DEFAULT ops.home_exchange() CHECK (exchange <> ''),
    symbol text NOT NULL CHECK (symbol <> ''),
    side text NOT NULL CHECK (side IN ('long', 'short')),
    status text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'closed')),
    quantity numeric NOT NULL
    CONSTRAINT positions_quantity_fits
    CHECK (ops.fits_decimal(quantity) AND quantity >= 0 AND (quantity > 0 OR status = 'closed')),
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
    opened_at timestamptz CONSTRAINT positions_opened_at_fits CHECK (ops.fits_time(opened_at)),
    closed_at timestamptz CONSTRAINT positions_closed_at_fits CHECK (ops.fits_time(closed_at)),
    synced_at timestamptz CONSTRAINT positions_synced_at_fits CHECK (ops.fits_time(synced_at)),
    entry_order_id text,
    trade_id text,
    origin text NOT NULL DEFAULT 'live' CHECK (ops.is_origin(origin)),
    details jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(details) = 'object'),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    side_upper text NOT NULL,
    quantity_signed numeric NOT NULL
    CONSTRAINT positions_quantity_signed_fits CHECK (ops.fits_decimal(quantity_signed)),
    opened_at_ms bigint,
    closed_at_ms bigint,
    live_symbol text UNIQUE,
    CONSTRAINT positions_exit_after_entry CHECK (closed_at >= opened_at)
);

CREATE INDEX positions_open ON positions (agent_id, opened_at DESC) WHERE status = 'open';
CREATE INDEX positions_open_ms ON positions (agent_id, opened_at_ms DESC) WHERE status = 'open';
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
COMMENT ON COLUMN positions.quantity IS 'Size in units of the base asset, positive; a closed position may hold 0.';
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
COMMENT ON COLUMN positions.side_upper IS 'Companion of side for the learning facade, kept by trigger: LONG or SHORT.';
COMMENT ON COLUMN positions.quantity_signed IS 'Companion of quantity for the nof0 facade, kept by trigger: in units of the base asset, with the sign its writer gave, else negative for shorts.';
COMMENT ON COLUMN positions.opened_at_ms IS 'Companion of opened_at for the nof0 facade, kept by trigger: epoch milliseconds, rounded down.';
COMMENT ON COLUMN positions.closed_at_ms IS 'Companion of closed_at for the nof0 facade, kept by trigger: epoch milliseconds, rounded down.';
COMMENT ON COLUMN positions.live_symbol IS 'Companion of symbol for the learning facade, kept by trigger: set for open positions of the home agent at the home exchange only (the first one per symbol), where the symbol alone identifies the position.';

CREATE TABLE conversations (
    id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    source_id text UNIQUE,
    agent_id text NOT NULL REFERENCES agents (id),
    started_at timestamptz CONSTRAINT conversations_started_at_fits CHECK (ops.fits_time(started_at)),
    origin text NOT NULL DEFAULT 'live' CHECK (ops.is_origin(origin)),
    details jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(details) = 'object'),
    archived_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE INDEX conversations_agent_started_at ON conversations (agent_id, started_at DESC);
CREATE INDEX conversations_agent_created_at ON conversations (agent_id, created_at DESC);
CREATE INDEX conversations_unarchived ON conversations (created_at) WHERE archived_at IS NULL;

COMMENT ON TABLE conversations IS 'Threads between an agent and its model.';
COMMENT ON COLUMN conversations.id IS 'Id given by this database.';
COMMENT ON COLUMN conversations.source_id IS 'Stable id at the source; imports upsert by it. NULL for threads that an application writes here.';
COMMENT ON COLUMN conversations.agent_id IS 'Whose thread it is.';
COMMENT ON COLUMN conversations.started_at IS 'Time of the first message (UTC).';
COMMENT ON COLUMN conversations.origin IS 'Where the row comes from: live, recorded, repaired, paper, simulated or handmade.';
COMMENT ON COLUMN conversations.details IS 'Fields of the source that have no column here.';
COMMENT ON COLUMN conversations.archived_at IS 'When ClickHouse was proven to hold this version (UTC).';
COMMENT ON COLUMN conversations.created_at IS 'When we learned of it (UTC).';
COMMENT ON COLUMN conversations.updated_at IS 'When the row last changed (UTC); kept by trigger.';

CREATE TABLE conversation_messages (
    id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    conversation_id bigint NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    position_in_thread integer CHECK (position_in_thread >= 0),
    role text NOT NULL CHECK (role IN ('system', 'user', 'assistant')),
    content text NOT NULL,
    sent_at timestamptz CONSTRAINT conversation_messages_sent_at_fits CHECK (ops.fits_time(sent_at)),
    details jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(details) = 'object'),
    archived_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    sent_at_ms bigint,
    UNIQUE (conversation_id, position_in_thread)
);

CREATE INDEX conversation_messages_sent_at_ms ON conversation_messages (conversation_id, sent_at_ms);
CREATE INDEX conversation_messages_unarchived ON conversation_messages (created_at) WHERE archived_at IS NULL;

COMMENT ON TABLE conversation_messages IS 'Messages of conversations. Their origin is their conversation''s.';
COMMENT ON COLUMN conversation_messages.id IS 'Id given by this database.';
COMMENT ON COLUMN conversation_messages.conversation_id IS 'Thread of the message.';
COMMENT ON COLUMN conversation_messages.position_in_thread IS 'Place in the thread from 0, where the source has an order; imports upsert by it.';
COMMENT ON COLUMN conversation_messages.role IS 'system, user or assistant.';
COMMENT ON COLUMN conversation_messages.content IS 'The text.';
COMMENT ON COLUMN conversation_messages.sent_at IS 'When it was sent (UTC).';
COMMENT ON COLUMN conversation_messages.details IS 'Fields of the source that have no column here.';
COMMENT ON COLUMN conversation_messages.archived_at IS 'When ClickHouse was proven to hold this version (UTC).';
COMMENT ON COLUMN conversation_messages.created_at IS 'When we learned of it (UTC).';
COMMENT ON COLUMN conversation_messages.updated_at IS 'When the row last changed (UTC); kept by trigger.';
COMMENT ON COLUMN conversation_messages.sent_at_ms IS 'Companion of sent_at for the nof0 facade, kept by trigger: epoch milliseconds, rounded down.';

CREATE TABLE price_latest (
    exchange text NOT NULL DEFAULT ops.home_exchange() CHECK (exchange <> ''),
    symbol text NOT NULL CHECK (symbol <> ''),
    price numeric NOT NULL CONSTRAINT price_latest_price_fits CHECK (ops.fits_decimal(price) AND price > 0),
    priced_at timestamptz NOT NULL CONSTRAINT price_latest_priced_at_fits CHECK (ops.fits_time(priced_at)),
    origin text NOT NULL DEFAULT 'live' CHECK (ops.is_origin(origin)),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    priced_at_ms bigint NOT NULL,
    home_symbol text UNIQUE,
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
COMMENT ON COLUMN price_latest.priced_at_ms IS 'Companion of priced_at for the nof0 facade, kept by trigger: epoch milliseconds, rounded down.';
COMMENT ON COLUMN price_latest.home_symbol IS 'Companion of symbol for the nof0 facade, kept by trigger: set for rows of the home exchange only, where the symbol alone identifies the row.';

CREATE TABLE price_ticks (
    id bigint GENERATED BY DEFAULT AS IDENTITY,
    exchange text NOT NULL DEFAULT ops.home_exchange() CHECK (exchange <> ''),
    symbol text NOT NULL CHECK (symbol <> ''),
    priced_at timestamptz NOT NULL CONSTRAINT price_ticks_priced_at_fits CHECK (ops.fits_time(priced_at)),
    price numeric NOT NULL CONSTRAINT price_ticks_price_fits CHECK (ops.fits_decimal(price) AND price > 0),
    origin text NOT NULL DEFAULT 'live' CHECK (ops.is_origin(origin)),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    archived_at timestamptz,
    PRIMARY KEY (exchange, symbol, priced_at, price)
) PARTITION BY RANGE (priced_at);

CREATE INDEX price_ticks_symbol_ms ON price_ticks (symbol, ops.epoch_ms(priced_at) DESC);
CREATE INDEX price_ticks_id ON price_ticks (id);
CREATE INDEX price_ticks_unarchived ON price_ticks (priced_at) WHERE archived_at IS NULL;

COMMENT ON TABLE price_ticks IS 'Prices as they came; one partition per UTC month. The price is part of the identity: a replay is a no-op, two prices in one moment are both kept.';
COMMENT ON COLUMN price_ticks.id IS 'Number given by this database for designs that want one; not the key.';
COMMENT ON COLUMN price_ticks.exchange IS 'Venue; sandbox for generated data.';
COMMENT ON COLUMN price_ticks.symbol IS 'Instrument, as the venue names it.';
COMMENT ON COLUMN price_ticks.priced_at IS 'When the price was true (UTC).';
COMMENT ON COLUMN price_ticks.price IS 'Price in the quote currency per unit.';
COMMENT ON COLUMN price_ticks.origin IS 'Where the row comes from: live, recorded, repaired, paper, simulated or handmade.';
COMMENT ON COLUMN price_ticks.created_at IS 'When we learned of it (UTC).';
COMMENT ON COLUMN price_ticks.updated_at IS 'When the row last changed (UTC); kept by trigger.';
COMMENT ON COLUMN price_ticks.archived_at IS 'When ClickHouse was proven to hold this version (UTC).';

CREATE TABLE model_analytics (
    agent_id text PRIMARY KEY REFERENCES agents (id),
    payload jsonb NOT NULL CHECK (jsonb_typeof(payload) = 'object'),
    server_time timestamptz NOT NULL CONSTRAINT model_analytics_server_time_fits CHECK (ops.fits_time(server_time)),
    origin text NOT NULL DEFAULT 'live' CHECK (ops.is_origin(origin)),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    server_time_ms bigint NOT NULL
);

COMMENT ON TABLE model_analytics IS 'Published analytics of an agent, in the arena''s JSON shape.';
COMMENT ON COLUMN model_analytics.agent_id IS 'Whose figures they are.';
COMMENT ON COLUMN model_analytics.payload IS 'The JSON object as it is served.';
COMMENT ON COLUMN model_analytics.server_time IS 'When the figures were true (UTC).';
COMMENT ON COLUMN model_analytics.origin IS 'Where the row comes from: live, recorded, repaired, paper, simulated or handmade.';
COMMENT ON COLUMN model_analytics.created_at IS 'When we learned of it (UTC).';
COMMENT ON COLUMN model_analytics.updated_at IS 'When the row last changed (UTC); kept by trigger.';
COMMENT ON COLUMN model_analytics.server_time_ms IS 'Companion of server_time for the nof0 facade, kept by trigger: epoch milliseconds, rounded down.';

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

-- Partitions by UTC month, made ahead of time. What no month takes goes to <table>_default, so that no write ever fails;
-- once a day rows of months that have begun move from there into their own partition.
CREATE FUNCTION ops.ensure_month_partitions(until date) RETURNS TABLE (partition text, rows_moved bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    parent record;
    month timestamptz;
    following timestamptz;
    last_month timestamptz := date_trunc('month', until::timestamp AT TIME ZONE 'UTC', 'UTC');
    wanted timestamptz[];
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('ops.ensure_month_partitions'));
    FOR parent IN
        SELECT c.relname AS name, a.attname AS key, d.relname AS rest
        FROM pg_partitioned_table AS p
        JOIN pg_class AS c ON c.oid = p.partrelid
        JOIN pg_namespace AS n ON n.oid = c.relnamespace AND n.nspname = 'public'
        JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = p.partattrs[0] AND a.atttypid = 'timestamptz'::regtype
        JOIN pg_class AS d ON d.oid = p.partdefid
        WHERE p.partstrat = 'r' AND p.partnatts = 1
        ORDER BY c.relname
    LOOP
        -- 2009: no crypto price is older; older rows stay where they are, and one wrong tick makes no thousand partitions.
        EXECUTE format(
            'SELECT array_agg(month ORDER BY month) FROM ('
            ' SELECT generate_series(date_trunc(''month'', now(), ''UTC''), $1, interval ''1 month'', ''UTC'') AS month'
            ' UNION SELECT DISTINCT date_trunc(''month'', %1$I, ''UTC'') FROM public.%2$I'
            ' WHERE %1$I >= timestamptz ''2009-01-01 00:00:00+00'' AND %1$I < date_add($1, interval ''1 month'', ''UTC'')'
            ') AS months WHERE to_regclass(format(''public.%%I'','
            ' %3$L || to_char(month AT TIME ZONE ''UTC'', ''_YYYYMM''))) IS NULL',
            parent.key, parent.rest, parent.name
        ) INTO wanted USING last_month;
        CONTINUE WHEN wanted IS NULL;
        -- Writers wait here and not in front of the default partition, where they would be turned away afterwards.
        EXECUTE format('LOCK TABLE public.%I IN ACCESS EXCLUSIVE MODE', parent.name);
        FOREACH month IN ARRAY wanted LOOP
            partition := parent.name || to_char(month AT TIME ZONE 'UTC', '_YYYYMM');
            following := date_add(month, interval '1 month', 'UTC');
            EXECUTE format(
                'CREATE TABLE public.%I (LIKE public.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING COMMENTS)',
                partition, parent.name
            );
            EXECUTE format(
                'WITH moved AS (DELETE FROM public.%1$I WHERE %2$I >= %3$L AND %2$I < %4$L RETURNING *)'
                ' INSERT INTO public.%5$I SELECT * FROM moved',
                parent.rest, parent.key, month, following, partition
            );
            GET DIAGNOSTICS rows_moved = ROW_COUNT;
            EXECUTE format(
                'ALTER TABLE public.%I ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
                parent.name, partition, month, following
            );
            EXECUTE format(
                'COMMENT ON TABLE public.%I IS %L',
                partition, format('Partition of %s: %s (UTC).', parent.name, to_char(month AT TIME ZONE 'UTC', 'YYYY-MM'))
            );
            RETURN NEXT;
        END LOOP;
    END LOOP;
END
$$;

COMMENT ON FUNCTION ops.ensure_month_partitions(date) IS 'Makes the monthly partitions from this month to the month of the given day and for the rows that wait in default partitions; gives the partitions it made with the rows that moved into each. A second call makes none.';

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['account_equity_snapshots', 'price_ticks'] LOOP
        EXECUTE format(
            'CREATE TABLE public.%1$I_default (LIKE public.%1$I INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING COMMENTS)',
            name
        );
        EXECUTE format('ALTER TABLE public.%1$I ATTACH PARTITION public.%1$I_default DEFAULT', name);
        EXECUTE format(
            'COMMENT ON TABLE public.%I IS %L',
            name || '_default', format('Rows of %s whose month has no partition yet.', name)
        );
    END LOOP;
    PERFORM ops.ensure_month_partitions((now() AT TIME ZONE 'UTC' + interval '2 months')::date);
END
$$;

-- What a write leaves open, and the companions. NULL in a column whose design gives it a default means that default.
CREATE FUNCTION ops.fill_stamps() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    NEW.created_at := coalesce(NEW.created_at, clock_timestamp());
    NEW.updated_at := coalesce(NEW.updated_at, clock_timestamp());
    RETURN NEW;
END
$$;

COMMENT ON FUNCTION ops.fill_stamps() IS 'Trigger: created_at and updated_at are now where the writer gives NULL.';

CREATE FUNCTION ops.fill_trades() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    NEW.side := ops.settle_word('side', 'side_upper', OLD.side, OLD.side_upper, NEW.side, NEW.side_upper);
    NEW.side_upper := upper(NEW.side);
    NEW.quantity_signed := ops.settle_quantity(
        OLD.side, OLD.quantity, OLD.quantity_signed, NEW.side, NEW.quantity, NEW.quantity_signed
    );
    NEW.quantity := abs(NEW.quantity_signed);
    NEW.opened_at := ops.settle_time('opened_at', OLD.opened_at, OLD.opened_at_ms, NEW.opened_at, NEW.opened_at_ms);
    NEW.opened_at_ms := ops.fitting_ms(NEW.opened_at);
    NEW.entry_order_id := ops.settle_order(
        'entry_order_id', 'entry_oid', OLD.entry_order_id, OLD.entry_oid, NEW.entry_order_id, NEW.entry_oid
    );
    NEW.entry_oid := ops.order_number(NEW.entry_order_id);
    NEW.exit_order_id := ops.settle_order(
        'exit_order_id', 'exit_oid', OLD.exit_order_id, OLD.exit_oid, NEW.exit_order_id, NEW.exit_oid
    );
    NEW.exit_oid := ops.order_number(NEW.exit_order_id);
    NEW.details := coalesce(NEW.details, '{}');

    -- The nof0 design has no status: its writers close a trade by giving it an exit time.
    IF TG_OP = 'UPDATE' AND NEW.status = OLD.status AND NEW.status IN ('open', 'closed')
        AND NEW.closed_at_ms IS DISTINCT FROM OLD.closed_at_ms AND NEW.closed_at IS NOT DISTINCT FROM OLD.closed_at
    THEN
        NEW.status := CASE WHEN NEW.closed_at_ms IS NULL THEN 'open' ELSE 'closed' END;
    END IF;
    NEW.closed_at := ops.settle_time('closed_at', OLD.closed_at, OLD.closed_at_ms, NEW.closed_at, NEW.closed_at_ms);
    IF TG_OP = 'INSERT' THEN
        NEW.status := coalesce(NEW.status, CASE WHEN NEW.closed_at IS NULL THEN 'open' ELSE 'closed' END);
        NEW.currency := coalesce(NEW.currency, 'USD');
        NEW.created_at := coalesce(NEW.created_at, clock_timestamp());
        NEW.updated_at := coalesce(NEW.updated_at, clock_timestamp());
    END IF;
    IF NEW.closed_at IS NULL AND NEW.status = 'closed' AND OLD.status IS DISTINCT FROM 'closed' THEN
        NEW.closed_at := greatest(clock_timestamp(), NEW.opened_at);
        NEW.details := NEW.details || '{"closed_at_from": "database clock"}';
    ELSIF TG_OP = 'UPDATE' AND NEW.closed_at IS DISTINCT FROM OLD.closed_at THEN
        NEW.details := NEW.details - 'closed_at_from';
    END IF;
    NEW.closed_at_ms := ops.fitting_ms(NEW.closed_at);
    RETURN NEW;
END
$$;

COMMENT ON FUNCTION ops.fill_trades() IS 'Trigger: companions of trades, status where there is none, and a time for a trade that was closed without one.';

CREATE FUNCTION ops.fill_positions() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    holder record;
BEGIN
    NEW.side := ops.settle_word('side', 'side_upper', OLD.side, OLD.side_upper, NEW.side, NEW.side_upper);
    NEW.side_upper := upper(NEW.side);
    NEW.quantity_signed := ops.settle_quantity(
        OLD.side, OLD.quantity, OLD.quantity_signed, NEW.side, NEW.quantity, NEW.quantity_signed
    );
    NEW.quantity := abs(NEW.quantity_signed);
    NEW.opened_at := ops.settle_time('opened_at', OLD.opened_at, OLD.opened_at_ms, NEW.opened_at, NEW.opened_at_ms);
    NEW.opened_at_ms := ops.fitting_ms(NEW.opened_at);
    NEW.closed_at := ops.settle_time('closed_at', OLD.closed_at, OLD.closed_at_ms, NEW.closed_at, NEW.closed_at_ms);
    NEW.closed_at_ms := ops.fitting_ms(NEW.closed_at);
    NEW.details := coalesce(NEW.details, '{}');
    IF TG_OP = 'INSERT' THEN
        NEW.status := coalesce(NEW.status, 'open');
        NEW.created_at := coalesce(NEW.created_at, clock_timestamp());
        NEW.updated_at := coalesce(NEW.updated_at, clock_timestamp());
    END IF;

    IF NEW.live_symbol IS NOT NULL AND NEW.live_symbol IS DISTINCT FROM OLD.live_symbol THEN
        IF NEW.symbol IS DISTINCT FROM OLD.symbol AND NEW.symbol <> NEW.live_symbol THEN
            PERFORM ops.contradiction('symbol', NEW.symbol, 'live_symbol', NEW.live_symbol);
        END IF;
        NEW.symbol := NEW.live_symbol;
    ELSIF NEW.live_symbol IS NOT NULL THEN
        NEW.live_symbol := NEW.symbol;
    END IF;
    IF NEW.status <> 'open' THEN
        NEW.live_symbol := NULL;
    ELSIF OLD.status IS DISTINCT FROM 'open'
        AND NEW.agent_id = ops.home_agent() AND NEW.exchange = ops.home_exchange()
    THEN
        SELECT agent_id, exchange INTO holder FROM public.positions WHERE live_symbol = NEW.symbol;
        IF holder IS NULL THEN
            NEW.live_symbol := NEW.symbol;
        ELSIF NEW.live_symbol IS NOT NULL AND (holder.agent_id, holder.exchange) <> (NEW.agent_id, NEW.exchange) THEN
            RAISE EXCEPTION 'symbol % is held by agent % at %, not by % at %: the learning facade serves one home agent per'
                ' database; after a change of candlehouse.agent_id or candlehouse.exchange run SELECT ops.rehome()',
                NEW.symbol, holder.agent_id, holder.exchange, NEW.agent_id, NEW.exchange
                USING ERRCODE = 'unique_violation', COLUMN = 'symbol';
        END IF;
    END IF;
    RETURN NEW;
END
$$;

COMMENT ON FUNCTION ops.fill_positions() IS 'Trigger: companions of positions.';

CREATE FUNCTION ops.fill_home_symbol() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    holder text;
BEGIN
    IF NEW.home_symbol IS NOT NULL AND NEW.home_symbol IS DISTINCT FROM OLD.home_symbol THEN
        IF NEW.symbol IS DISTINCT FROM OLD.symbol AND NEW.symbol <> NEW.home_symbol THEN
            PERFORM ops.contradiction('symbol', NEW.symbol, 'home_symbol', NEW.home_symbol);
        END IF;
        NEW.symbol := NEW.home_symbol;
    ELSIF NEW.home_symbol IS NOT NULL THEN
        NEW.home_symbol := NEW.symbol;
    END IF;
    IF TG_OP = 'INSERT' AND NEW.exchange = ops.home_exchange() THEN
        IF TG_TABLE_NAME = 'symbols' THEN
            SELECT exchange INTO holder FROM public.symbols WHERE home_symbol = NEW.symbol;
        ELSE
            SELECT exchange INTO holder FROM public.price_latest WHERE home_symbol = NEW.symbol;
        END IF;
        IF holder IS NULL OR holder = NEW.exchange THEN
            NEW.home_symbol := NEW.symbol;
        ELSIF NEW.home_symbol IS NOT NULL THEN
            RAISE EXCEPTION 'symbol % of % is at home on %, not on %: the nof0 facade serves one home exchange per database;'
                ' after a change of candlehouse.exchange run SELECT ops.rehome()',
                NEW.symbol, TG_TABLE_NAME, holder, NEW.exchange USING ERRCODE = 'unique_violation', COLUMN = 'symbol';
        END IF;
    END IF;
    RETURN NEW;
END
$$;

COMMENT ON FUNCTION ops.fill_home_symbol() IS 'Trigger: home_symbol of symbols and price_latest.';

CREATE FUNCTION ops.fill_symbols() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    NEW.quote_currency := coalesce(NEW.quote_currency, 'USD');
    RETURN NEW;
END
$$;

COMMENT ON FUNCTION ops.fill_symbols() IS 'Trigger: NULL as quote currency means USD.';

CREATE FUNCTION ops.fill_accounts() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    holder text;
BEGIN
    IF NEW.home_agent_id IS NOT NULL AND NEW.home_agent_id IS DISTINCT FROM OLD.home_agent_id THEN
        IF NEW.agent_id IS DISTINCT FROM OLD.agent_id AND NEW.agent_id <> NEW.home_agent_id THEN
            PERFORM ops.contradiction('agent_id', NEW.agent_id, 'home_agent_id', NEW.home_agent_id);
        END IF;
        NEW.agent_id := NEW.home_agent_id;
    ELSIF NEW.home_agent_id IS NOT NULL THEN
        NEW.home_agent_id := NEW.agent_id;
    END IF;
    IF TG_OP = 'INSERT' AND NEW.exchange = ops.home_exchange() THEN
        SELECT exchange INTO holder FROM public.accounts WHERE home_agent_id = NEW.agent_id;
        IF holder IS NULL OR holder = NEW.exchange THEN
            NEW.home_agent_id := NEW.agent_id;
        ELSIF NEW.home_agent_id IS NOT NULL THEN
            RAISE EXCEPTION 'agent_id %: its account is at home on %, not on %: the nof0 facade serves one home exchange per'
                ' database; after a change of candlehouse.exchange run SELECT ops.rehome()',
                NEW.agent_id, holder, NEW.exchange USING ERRCODE = 'unique_violation', COLUMN = 'agent_id';
        END IF;
    END IF;
    RETURN NEW;
END
$$;

COMMENT ON FUNCTION ops.fill_accounts() IS 'Trigger: home_agent_id of accounts.';

CREATE FUNCTION ops.fill_price_latest() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    NEW.priced_at := ops.settle_time('priced_at', OLD.priced_at, OLD.priced_at_ms, NEW.priced_at, NEW.priced_at_ms);
    NEW.priced_at_ms := ops.fitting_ms(NEW.priced_at);
    RETURN NEW;
END
$$;

COMMENT ON FUNCTION ops.fill_price_latest() IS 'Trigger: priced_at_ms of price_latest.';

CREATE FUNCTION ops.fill_conversation_messages() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    NEW.sent_at := ops.settle_time('sent_at', OLD.sent_at, OLD.sent_at_ms, NEW.sent_at, NEW.sent_at_ms);
    NEW.sent_at_ms := ops.fitting_ms(NEW.sent_at);
    NEW.details := coalesce(NEW.details, '{}');
    RETURN NEW;
END
$$;

COMMENT ON FUNCTION ops.fill_conversation_messages() IS 'Trigger: sent_at_ms of conversation_messages.';

CREATE FUNCTION ops.fill_model_analytics() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    NEW.server_time := ops.settle_time(
        'server_time', OLD.server_time, OLD.server_time_ms, NEW.server_time, NEW.server_time_ms
    );
    NEW.server_time_ms := ops.fitting_ms(NEW.server_time);
    RETURN NEW;
END
$$;

COMMENT ON FUNCTION ops.fill_model_analytics() IS 'Trigger: server_time_ms of model_analytics.';

CREATE FUNCTION ops.rehome() RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE public.symbols SET home_symbol = NULL WHERE home_symbol IS NOT NULL AND exchange <> ops.home_exchange();
    UPDATE public.symbols SET home_symbol = symbol WHERE home_symbol IS NULL AND exchange = ops.home_exchange();
    UPDATE public.price_latest SET home_symbol = NULL WHERE home_symbol IS NOT NULL AND exchange <> ops.home_exchange();
    UPDATE public.price_latest SET home_symbol = symbol WHERE home_symbol IS NULL AND exchange = ops.home_exchange();
    UPDATE public.accounts SET home_agent_id = NULL WHERE home_agent_id IS NOT NULL AND exchange <> ops.home_exchange();
    UPDATE public.accounts SET home_agent_id = agent_id WHERE home_agent_id IS NULL AND exchange = ops.home_exchange();
    UPDATE public.positions SET live_symbol = NULL
    WHERE live_symbol IS NOT NULL AND (agent_id, exchange) <> (ops.home_agent(), ops.home_exchange());
    UPDATE public.positions AS open_position SET live_symbol = symbol
    FROM (
        SELECT DISTINCT ON (symbol) id FROM public.positions
        WHERE status = 'open' AND agent_id = ops.home_agent() AND exchange = ops.home_exchange()
        ORDER BY symbol, live_symbol NULLS LAST, opened_at, id
    ) AS first_of_symbol
    WHERE open_position.id = first_of_symbol.id AND open_position.live_symbol IS NULL;
END
$$;

COMMENT ON FUNCTION ops.rehome() IS 'After a change of candlehouse.exchange or candlehouse.agent_id: the rows of the new home become those that facades without these concepts show.';

-- The triggers. WHEN keeps a write that changes nothing from making a new version of the row.
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY[
        'account_equity_snapshots', 'accounts', 'trades', 'positions', 'conversations', 'model_analytics'
    ] LOOP
        EXECUTE format(
            'CREATE TRIGGER %I BEFORE INSERT OR UPDATE OF agent_id ON public.%I FOR EACH ROW'
            ' EXECUTE FUNCTION ops.fill_agent()', CASE name WHEN 'accounts' THEN 'fill_2_agent' ELSE 'fill_0_agent' END, name
        );
    END LOOP;
    FOREACH name IN ARRAY ARRAY[
        'symbols', 'accounts', 'trades', 'positions', 'conversation_messages', 'price_latest', 'model_analytics'
    ] LOOP
        EXECUTE format(
            'CREATE TRIGGER fill_1_columns BEFORE INSERT OR UPDATE ON public.%I FOR EACH ROW EXECUTE FUNCTION ops.%I()',
            name, 'fill_' || name
        );
    END LOOP;
    FOREACH name IN ARRAY ARRAY['symbols', 'price_latest'] LOOP
        EXECUTE format(
            'CREATE TRIGGER fill_2_home BEFORE INSERT OR UPDATE ON public.%I FOR EACH ROW'
            ' EXECUTE FUNCTION ops.fill_home_symbol()', name
        );
    END LOOP;
    FOREACH name IN ARRAY ARRAY[
        'agents', 'symbols', 'accounts', 'account_equity_snapshots', 'conversations', 'conversation_messages',
        'price_latest', 'price_ticks', 'model_analytics'
    ] LOOP
        EXECUTE format(
            'CREATE TRIGGER fill_3_stamps BEFORE INSERT ON public.%I FOR EACH ROW'
            ' WHEN (NEW.created_at IS NULL OR NEW.updated_at IS NULL) EXECUTE FUNCTION ops.fill_stamps()', name
        );
    END LOOP;
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

-- What stays of a closed trade when its row leaves (purge) or changes (correction): the numbers that marts need. Moved by
-- triggers in the transaction that takes the row away, so that trades and this table together never miss one.
CREATE TABLE ops.trades_kept (
    id text NOT NULL COLLATE "C",
    updated_at timestamptz NOT NULL,
    is_purged boolean NOT NULL,
    is_proven boolean NOT NULL,
    agent_id text NOT NULL,
    exchange text NOT NULL,
    symbol text NOT NULL,
    side text NOT NULL,
    currency text NOT NULL,
    decision_id text,
    prompt_version text,
    deployment_id text,
    config_id text,
    quantity numeric,
    leverage numeric,
    confidence numeric,
    entry_price numeric,
    exit_price numeric,
    stop_loss numeric,
    take_profit numeric,
    gross_pnl numeric,
    net_pnl numeric,
    pnl_percent numeric,
    fee numeric,
    opened_at timestamptz,
    closed_at timestamptz NOT NULL,
    origin text NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (id, updated_at)
);

CREATE INDEX trades_kept_updated_at ON ops.trades_kept (updated_at);

COMMENT ON TABLE ops.trades_kept IS 'Closed trades that left trades after their archive, and the former versions of corrected ones, without words and documents.';
COMMENT ON COLUMN ops.trades_kept.id IS 'Id of the trade.';
COMMENT ON COLUMN ops.trades_kept.updated_at IS 'Version (UTC).';
COMMENT ON COLUMN ops.trades_kept.is_purged IS 'Whether the row left trades. Else it was changed there.';
COMMENT ON COLUMN ops.trades_kept.is_proven IS 'Whether ClickHouse was proven to hold this version when it was kept.';
COMMENT ON COLUMN ops.trades_kept.agent_id IS 'Who traded.';
COMMENT ON COLUMN ops.trades_kept.exchange IS 'Venue, such as hyperliquid; sandbox for generated data.';
COMMENT ON COLUMN ops.trades_kept.symbol IS 'Instrument, as the venue names it.';
COMMENT ON COLUMN ops.trades_kept.side IS 'long or short.';
COMMENT ON COLUMN ops.trades_kept.currency IS 'Currency of prices, fees and PnL.';
COMMENT ON COLUMN ops.trades_kept.decision_id IS 'Decision that led to the trade.';
COMMENT ON COLUMN ops.trades_kept.prompt_version IS 'Prompt version behind the decision.';
COMMENT ON COLUMN ops.trades_kept.deployment_id IS 'Deployment of the agent that traded.';
COMMENT ON COLUMN ops.trades_kept.config_id IS 'Configuration the agent ran with.';
COMMENT ON COLUMN ops.trades_kept.quantity IS 'Size in units of the base asset, positive.';
COMMENT ON COLUMN ops.trades_kept.leverage IS 'Multiple of the margin.';
COMMENT ON COLUMN ops.trades_kept.confidence IS 'The agent''s own probability of being right, 0 to 1.';
COMMENT ON COLUMN ops.trades_kept.entry_price IS 'Average entry price, in the currency per unit.';
COMMENT ON COLUMN ops.trades_kept.exit_price IS 'Average exit price, in the currency per unit.';
COMMENT ON COLUMN ops.trades_kept.stop_loss IS 'Planned stop price.';
COMMENT ON COLUMN ops.trades_kept.take_profit IS 'Planned target price.';
COMMENT ON COLUMN ops.trades_kept.gross_pnl IS 'PnL before fees, in the currency.';
COMMENT ON COLUMN ops.trades_kept.net_pnl IS 'PnL after all fees, as the venue accounts it.';
COMMENT ON COLUMN ops.trades_kept.pnl_percent IS 'Net PnL in percent, as the writer defines it.';
COMMENT ON COLUMN ops.trades_kept.fee IS 'All fees of the trade, in the currency.';
COMMENT ON COLUMN ops.trades_kept.opened_at IS 'When the position was entered (UTC).';
COMMENT ON COLUMN ops.trades_kept.closed_at IS 'When the position was left (UTC).';
COMMENT ON COLUMN ops.trades_kept.origin IS 'live, recorded, repaired, paper, simulated or handmade.';
COMMENT ON COLUMN ops.trades_kept.created_at IS 'When PostgreSQL learned of it (UTC).';

CREATE VIEW trades_all AS
SELECT
    t.id, t.updated_at, t.status,
    t.agent_id, t.exchange, t.symbol, t.side, t.currency, t.decision_id, t.prompt_version, t.deployment_id,
    t.config_id, t.quantity, t.leverage, t.confidence, t.entry_price, t.exit_price, t.stop_loss, t.take_profit,
    t.gross_pnl, t.net_pnl, t.pnl_percent, t.fee, t.opened_at, t.closed_at, t.origin, t.created_at
FROM trades AS t
UNION ALL
SELECT
    k.id, k.updated_at, 'closed' AS status,
    k.agent_id, k.exchange, k.symbol, k.side, k.currency, k.decision_id, k.prompt_version, k.deployment_id,
    k.config_id, k.quantity, k.leverage, k.confidence, k.entry_price, k.exit_price, k.stop_loss, k.take_profit,
    k.gross_pnl, k.net_pnl, k.pnl_percent, k.fee, k.opened_at, k.closed_at, k.origin, k.created_at
FROM ops.trades_kept AS k
WHERE k.is_purged AND NOT EXISTS (SELECT FROM trades AS t WHERE t.id = k.id);

COMMENT ON VIEW trades_all IS 'Every trade once, also those that left PostgreSQL for ClickHouse: what boards count.';
COMMENT ON COLUMN trades_all.id IS 'Stable id, chosen by the writer.';
COMMENT ON COLUMN trades_all.updated_at IS 'Version: when the row last changed (UTC).';
COMMENT ON COLUMN trades_all.status IS 'pending, open, closed, cancelled or error.';
COMMENT ON COLUMN trades_all.agent_id IS 'Who traded.';
COMMENT ON COLUMN trades_all.exchange IS 'Venue, such as hyperliquid; sandbox for generated data.';
COMMENT ON COLUMN trades_all.symbol IS 'Instrument, as the venue names it.';
COMMENT ON COLUMN trades_all.side IS 'long or short.';
COMMENT ON COLUMN trades_all.currency IS 'Currency of prices, fees and PnL.';
COMMENT ON COLUMN trades_all.decision_id IS 'Decision that led to the trade.';
COMMENT ON COLUMN trades_all.prompt_version IS 'Prompt version behind the decision.';
COMMENT ON COLUMN trades_all.deployment_id IS 'Deployment of the agent that traded.';
COMMENT ON COLUMN trades_all.config_id IS 'Configuration the agent ran with.';
COMMENT ON COLUMN trades_all.quantity IS 'Size in units of the base asset, positive.';
COMMENT ON COLUMN trades_all.leverage IS 'Multiple of the margin.';
COMMENT ON COLUMN trades_all.confidence IS 'The agent''s own probability of being right, 0 to 1.';
COMMENT ON COLUMN trades_all.entry_price IS 'Average entry price, in the currency per unit.';
COMMENT ON COLUMN trades_all.exit_price IS 'Average exit price, in the currency per unit.';
COMMENT ON COLUMN trades_all.stop_loss IS 'Planned stop price.';
COMMENT ON COLUMN trades_all.take_profit IS 'Planned target price.';
COMMENT ON COLUMN trades_all.gross_pnl IS 'PnL before fees, in the currency.';
COMMENT ON COLUMN trades_all.net_pnl IS 'PnL after all fees, as the venue accounts it.';
COMMENT ON COLUMN trades_all.pnl_percent IS 'Net PnL in percent, as the writer defines it.';
COMMENT ON COLUMN trades_all.fee IS 'All fees of the trade, in the currency.';
COMMENT ON COLUMN trades_all.opened_at IS 'When the position was entered (UTC).';
COMMENT ON COLUMN trades_all.closed_at IS 'When the position was left (UTC).';
COMMENT ON COLUMN trades_all.origin IS 'live, recorded, repaired, paper, simulated or handmade.';
COMMENT ON COLUMN trades_all.created_at IS 'When PostgreSQL learned of it (UTC).';
