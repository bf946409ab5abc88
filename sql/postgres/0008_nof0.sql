-- The nof0 design as a facade: its names, units (epoch milliseconds, signed sizes) and shapes over the canonical tables.
-- SET search_path = nof0, public. Every view but price_ticks and account_equity_snapshots is a plain one, so that all of
-- INSERT, UPDATE, DELETE and ON CONFLICT reach the table; those two write through triggers, because a partition key cannot
-- be filled on the way. Indexes that the design prints are on the canonical tables.

CREATE SCHEMA nof0;

COMMENT ON SCHEMA nof0 IS 'Facade: the storage design of the NOF0 trading arena.';

CREATE VIEW nof0.models AS
SELECT
    id,
    display_name,
    created_at
FROM public.agents
WHERE ops.in_view(coalesce(details ->> 'exchange', ''));

COMMENT ON VIEW nof0.models IS 'Participants of the arena: public.agents, without those of the sandbox.';
COMMENT ON COLUMN nof0.models.id IS 'Stable id, chosen by the writer, such as gpt-5.';
COMMENT ON COLUMN nof0.models.display_name IS 'Name for people.';
COMMENT ON COLUMN nof0.models.created_at IS 'When we learned of it (UTC).';

CREATE VIEW nof0.symbols AS
SELECT
    home_symbol AS symbol,
    quote_currency,
    created_at
FROM public.symbols
WHERE home_symbol IS NOT NULL AND exchange = ops.home_exchange();

COMMENT ON VIEW nof0.symbols IS 'Instruments of the home exchange: public.symbols.';
COMMENT ON COLUMN nof0.symbols.symbol IS 'Name at the venue, such as BTC or BTC/USDT.';
COMMENT ON COLUMN nof0.symbols.quote_currency IS 'Currency that prices are in.';
COMMENT ON COLUMN nof0.symbols.created_at IS 'When we learned of it (UTC).';

CREATE VIEW nof0.price_ticks AS
SELECT
    id,
    symbol,
    price,
    ops.epoch_ms(priced_at) AS ts_ms,
    exchange AS source,
    created_at AS ingested_at
FROM public.price_ticks
WHERE ops.in_view(exchange);

COMMENT ON VIEW nof0.price_ticks IS 'Prices as they came: public.price_ticks. The same tick again changes nothing.';
COMMENT ON COLUMN nof0.price_ticks.id IS 'Number given by this database for designs that want one; not the key.';
COMMENT ON COLUMN nof0.price_ticks.symbol IS 'Instrument, as the venue names it.';
COMMENT ON COLUMN nof0.price_ticks.price IS 'Price in the quote currency per unit.';
COMMENT ON COLUMN nof0.price_ticks.ts_ms IS 'When the price was true, epoch milliseconds.';
COMMENT ON COLUMN nof0.price_ticks.source IS 'Venue; sandbox for generated data.';
COMMENT ON COLUMN nof0.price_ticks.ingested_at IS 'When we learned of it (UTC).';

ALTER VIEW nof0.price_ticks ALTER COLUMN source SET DEFAULT ops.home_exchange();
ALTER VIEW nof0.price_ticks ALTER COLUMN ingested_at SET DEFAULT now();

CREATE VIEW nof0.price_latest AS
SELECT
    home_symbol AS symbol,
    price,
    priced_at_ms AS ts_ms,
    updated_at
FROM public.price_latest
WHERE home_symbol IS NOT NULL AND exchange = ops.home_exchange();

COMMENT ON VIEW nof0.price_latest IS 'Newest known price per instrument of the home exchange: public.price_latest.';
COMMENT ON COLUMN nof0.price_latest.symbol IS 'Instrument, as the venue names it.';
COMMENT ON COLUMN nof0.price_latest.price IS 'Price in the quote currency per unit.';
COMMENT ON COLUMN nof0.price_latest.ts_ms IS 'When the price was true, epoch milliseconds.';
COMMENT ON COLUMN nof0.price_latest.updated_at IS 'When the row last changed (UTC); kept by trigger.';

CREATE VIEW nof0.accounts AS
SELECT
    home_agent_id AS model_id,
    base_currency,
    created_at,
    updated_at
FROM public.accounts
WHERE home_agent_id IS NOT NULL AND exchange = ops.home_exchange();

COMMENT ON VIEW nof0.accounts IS 'One account per model at the home exchange: public.accounts.';
COMMENT ON COLUMN nof0.accounts.model_id IS 'Owner.';
COMMENT ON COLUMN nof0.accounts.base_currency IS 'Currency of all money of the account.';
COMMENT ON COLUMN nof0.accounts.created_at IS 'When we learned of it (UTC).';
COMMENT ON COLUMN nof0.accounts.updated_at IS 'When the row last changed (UTC); kept by trigger.';

CREATE VIEW nof0.account_equity_snapshots AS
SELECT
    id,
    agent_id AS model_id,
    ops.epoch_ms(captured_at) AS ts_ms,
    equity AS equity_usd,
    realized_pnl,
    unrealized_pnl,
    run_id,
    created_at
FROM public.account_equity_snapshots
WHERE ops.in_view(exchange);

COMMENT ON VIEW nof0.account_equity_snapshots IS 'Equity of an account at a moment: public.account_equity_snapshots. A second snapshot of a model and millisecond replaces the first.';
COMMENT ON COLUMN nof0.account_equity_snapshots.id IS 'Number given by this database for designs that want one; not the key.';
COMMENT ON COLUMN nof0.account_equity_snapshots.model_id IS 'Owner of the account.';
COMMENT ON COLUMN nof0.account_equity_snapshots.ts_ms IS 'When the value was true, epoch milliseconds.';
COMMENT ON COLUMN nof0.account_equity_snapshots.equity_usd IS 'Balance plus open PnL, in the account''s base currency.';
COMMENT ON COLUMN nof0.account_equity_snapshots.realized_pnl IS 'Realised PnL since inception, in the base currency.';
COMMENT ON COLUMN nof0.account_equity_snapshots.unrealized_pnl IS 'Open PnL at the moment, in the base currency.';
COMMENT ON COLUMN nof0.account_equity_snapshots.run_id IS 'Run of the writer, where it has one.';
COMMENT ON COLUMN nof0.account_equity_snapshots.created_at IS 'When we learned of it (UTC).';

ALTER VIEW nof0.account_equity_snapshots ALTER COLUMN realized_pnl SET DEFAULT 0;
ALTER VIEW nof0.account_equity_snapshots ALTER COLUMN unrealized_pnl SET DEFAULT 0;
ALTER VIEW nof0.account_equity_snapshots ALTER COLUMN run_id SET DEFAULT gen_random_uuid();
ALTER VIEW nof0.account_equity_snapshots ALTER COLUMN created_at SET DEFAULT now();

CREATE VIEW nof0.positions AS
SELECT
    id,
    agent_id AS model_id,
    symbol,
    side,
    entry_price,
    quantity_signed AS quantity,
    leverage,
    confidence,
    opened_at_ms AS entry_ts_ms,
    fee AS commission,
    status,
    closed_at_ms AS exit_ts_ms,
    exit_price,
    details AS metadata,
    updated_at
FROM public.positions
WHERE ops.in_view(exchange);

COMMENT ON VIEW nof0.positions IS 'Positions of models: public.positions.';
COMMENT ON COLUMN nof0.positions.id IS 'Stable id, chosen by the writer.';
COMMENT ON COLUMN nof0.positions.model_id IS 'Who holds it. Never changes for an id.';
COMMENT ON COLUMN nof0.positions.symbol IS 'Instrument, as the venue names it.';
COMMENT ON COLUMN nof0.positions.side IS 'long or short. Carries the sign: quantity is always positive.';
COMMENT ON COLUMN nof0.positions.entry_price IS 'Average entry price, in the quote currency per unit.';
COMMENT ON COLUMN nof0.positions.quantity IS 'Size in units of the base asset, with the sign its writer gave, else negative for shorts.';
COMMENT ON COLUMN nof0.positions.leverage IS 'Multiple of the margin.';
COMMENT ON COLUMN nof0.positions.confidence IS 'The agent''s own probability of being right, 0 to 1.';
COMMENT ON COLUMN nof0.positions.entry_ts_ms IS 'When it was entered, epoch milliseconds.';
COMMENT ON COLUMN nof0.positions.commission IS 'Fees so far, in the quote currency.';
COMMENT ON COLUMN nof0.positions.status IS 'open or closed.';
COMMENT ON COLUMN nof0.positions.exit_ts_ms IS 'When it was left, epoch milliseconds.';
COMMENT ON COLUMN nof0.positions.exit_price IS 'Average exit price, in the quote currency per unit.';
COMMENT ON COLUMN nof0.positions.metadata IS 'Fields of the source that have no column here.';
COMMENT ON COLUMN nof0.positions.updated_at IS 'When the row last changed (UTC); kept by trigger.';

CREATE VIEW nof0.trades AS
SELECT
    id,
    agent_id AS model_id,
    symbol,
    side,
    trade_type,
    quantity_signed AS quantity,
    leverage,
    confidence,
    entry_price,
    opened_at_ms AS entry_ts_ms,
    exit_price,
    closed_at_ms AS exit_ts_ms,
    gross_pnl AS realized_gross_pnl,
    net_pnl AS realized_net_pnl,
    fee AS total_commission_dollars,
    entry_oid,
    exit_oid,
    created_at
FROM public.trades
WHERE status IN ('open', 'closed') AND ops.in_view(exchange);

COMMENT ON VIEW nof0.trades IS 'Trades of models: the open and closed ones of public.trades. An exit time closes a trade.';
COMMENT ON COLUMN nof0.trades.id IS 'Stable id, chosen by the writer; a replay is an upsert.';
COMMENT ON COLUMN nof0.trades.model_id IS 'Who traded. Never changes for an id.';
COMMENT ON COLUMN nof0.trades.symbol IS 'Instrument, as the venue names it.';
COMMENT ON COLUMN nof0.trades.side IS 'long or short. Carries the sign: quantity is always positive.';
COMMENT ON COLUMN nof0.trades.trade_type IS 'Kind of trade as the writer calls it.';
COMMENT ON COLUMN nof0.trades.quantity IS 'Size in units of the base asset, with the sign its writer gave, else negative for shorts.';
COMMENT ON COLUMN nof0.trades.leverage IS 'Multiple of the margin.';
COMMENT ON COLUMN nof0.trades.confidence IS 'The agent''s own probability of being right, 0 to 1.';
COMMENT ON COLUMN nof0.trades.entry_price IS 'Average entry price, in the currency per unit.';
COMMENT ON COLUMN nof0.trades.entry_ts_ms IS 'When it was entered, epoch milliseconds.';
COMMENT ON COLUMN nof0.trades.exit_price IS 'Average exit price, in the currency per unit.';
COMMENT ON COLUMN nof0.trades.exit_ts_ms IS 'When it was left, epoch milliseconds.';
COMMENT ON COLUMN nof0.trades.realized_gross_pnl IS 'PnL before fees, in the currency.';
COMMENT ON COLUMN nof0.trades.realized_net_pnl IS 'PnL after all fees, as the venue accounts it; the truth where gross minus fee differs.';
COMMENT ON COLUMN nof0.trades.total_commission_dollars IS 'All fees of the trade, in the currency.';
COMMENT ON COLUMN nof0.trades.entry_oid IS 'Order id of the entry at the venue; NULL where it is no number.';
COMMENT ON COLUMN nof0.trades.exit_oid IS 'Order id of the exit at the venue; NULL where it is no number.';
COMMENT ON COLUMN nof0.trades.created_at IS 'When we learned of it (UTC).';

CREATE VIEW nof0.model_analytics AS
SELECT
    agent_id AS model_id,
    updated_at,
    payload,
    server_time_ms
FROM public.model_analytics;

COMMENT ON VIEW nof0.model_analytics IS 'Published analytics of a model: public.model_analytics.';
COMMENT ON COLUMN nof0.model_analytics.model_id IS 'Whose figures they are.';
COMMENT ON COLUMN nof0.model_analytics.updated_at IS 'When the row last changed (UTC); kept by trigger.';
COMMENT ON COLUMN nof0.model_analytics.payload IS 'The JSON object as it is served.';
COMMENT ON COLUMN nof0.model_analytics.server_time_ms IS 'When the figures were true, epoch milliseconds.';

CREATE VIEW nof0.conversations AS
SELECT
    id,
    agent_id AS model_id,
    created_at
FROM public.conversations;

COMMENT ON VIEW nof0.conversations IS 'Threads between a model and its language model: public.conversations.';
COMMENT ON COLUMN nof0.conversations.id IS 'Id given by this database.';
COMMENT ON COLUMN nof0.conversations.model_id IS 'Whose thread it is.';
COMMENT ON COLUMN nof0.conversations.created_at IS 'When we learned of it (UTC).';

CREATE VIEW nof0.conversation_messages AS
SELECT
    id,
    conversation_id,
    role,
    content,
    sent_at_ms AS ts_ms,
    details AS metadata
FROM public.conversation_messages;

COMMENT ON VIEW nof0.conversation_messages IS 'Messages of conversations: public.conversation_messages.';
COMMENT ON COLUMN nof0.conversation_messages.id IS 'Id given by this database.';
COMMENT ON COLUMN nof0.conversation_messages.conversation_id IS 'Thread of the message.';
COMMENT ON COLUMN nof0.conversation_messages.role IS 'system, user or assistant.';
COMMENT ON COLUMN nof0.conversation_messages.content IS 'The text.';
COMMENT ON COLUMN nof0.conversation_messages.ts_ms IS 'When it was sent, epoch milliseconds.';
COMMENT ON COLUMN nof0.conversation_messages.metadata IS 'Fields of the source that have no column here.';

CREATE VIEW nof0.decision_cycles AS
SELECT
    id,
    agent_id AS model_id,
    cycle_number,
    prompt_digest,
    cot_trace,
    decisions,
    success,
    error_message,
    executed_at
FROM public.decision_cycles;

COMMENT ON VIEW nof0.decision_cycles IS 'Turns of models: public.decision_cycles.';
COMMENT ON COLUMN nof0.decision_cycles.id IS 'Id given by this database.';
COMMENT ON COLUMN nof0.decision_cycles.model_id IS 'Whose turn it was. Never changes for an id.';
COMMENT ON COLUMN nof0.decision_cycles.cycle_number IS 'Number of the turn at its writer.';
COMMENT ON COLUMN nof0.decision_cycles.prompt_digest IS 'Hash of the prompt as it was sent.';
COMMENT ON COLUMN nof0.decision_cycles.cot_trace IS 'Chain of thought, in the model''s words.';
COMMENT ON COLUMN nof0.decision_cycles.decisions IS 'The decisions of the turn as the model gave them.';
COMMENT ON COLUMN nof0.decision_cycles.success IS 'Whether all of its decisions were carried out.';
COMMENT ON COLUMN nof0.decision_cycles.error_message IS 'What went wrong.';
COMMENT ON COLUMN nof0.decision_cycles.executed_at IS 'When the turn was carried out (UTC).';

-- What the two views over partitioned tables write.
CREATE FUNCTION ops.required_time(name text, ms bigint) RETURNS timestamptz
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF ms IS NULL THEN
        RAISE EXCEPTION 'null value in column "%" violates not-null constraint', name
            USING ERRCODE = 'not_null_violation', COLUMN = name;
    END IF;
    IF ms NOT BETWEEN 0 AND 10413791999999 THEN
        RAISE EXCEPTION '% % is not between the years 1970 and 2299', name, ms
            USING ERRCODE = 'check_violation', COLUMN = name;
    END IF;
    RETURN ops.from_epoch_ms(ms);
END
$$;

COMMENT ON FUNCTION ops.required_time(text, bigint) IS 'The time of epoch milliseconds; NULL and times that do not fit are errors that name the column.';

CREATE FUNCTION nof0.write_price_tick() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    moment timestamptz;
BEGIN
    IF TG_OP <> 'DELETE' THEN
        moment := ops.required_time('ts_ms', NEW.ts_ms);
        NEW.source := coalesce(NEW.source, ops.home_exchange());
        NEW.ingested_at := coalesce(NEW.ingested_at, clock_timestamp());
    END IF;
    CASE TG_OP
        WHEN 'INSERT' THEN
            NEW.id := coalesce(NEW.id, nextval('public.price_ticks_id_seq'));
            INSERT INTO public.price_ticks (id, exchange, symbol, priced_at, price, created_at)
            VALUES (NEW.id, NEW.source, NEW.symbol, moment, NEW.price, NEW.ingested_at)
            ON CONFLICT (exchange, symbol, priced_at, price) DO NOTHING;
            IF NOT FOUND THEN
                SELECT stored.id, stored.created_at INTO NEW.id, NEW.ingested_at
                FROM public.price_ticks AS stored
                WHERE (stored.exchange, stored.symbol, stored.priced_at, stored.price)
                    = (NEW.source, NEW.symbol, moment, NEW.price);
            END IF;
        WHEN 'UPDATE' THEN
            UPDATE public.price_ticks AS stored
            SET id = NEW.id, exchange = NEW.source, symbol = NEW.symbol, price = NEW.price, created_at = NEW.ingested_at,
                priced_at = CASE WHEN NEW.ts_ms = OLD.ts_ms THEN stored.priced_at ELSE moment END
            WHERE stored.id = OLD.id AND stored.exchange = OLD.source AND stored.symbol = OLD.symbol
                AND stored.price = OLD.price AND stored.priced_at >= ops.from_epoch_ms(OLD.ts_ms)
                AND stored.priced_at < ops.from_epoch_ms(OLD.ts_ms + 1);
        ELSE
            DELETE FROM public.price_ticks AS stored
            WHERE stored.id = OLD.id AND stored.exchange = OLD.source AND stored.symbol = OLD.symbol
                AND stored.price = OLD.price AND stored.priced_at >= ops.from_epoch_ms(OLD.ts_ms)
                AND stored.priced_at < ops.from_epoch_ms(OLD.ts_ms + 1);
            RETURN CASE WHEN FOUND THEN OLD END;
    END CASE;
    RETURN NEW;
END
$$;

COMMENT ON FUNCTION nof0.write_price_tick() IS 'Trigger: writes of nof0.price_ticks reach public.price_ticks.';

CREATE TRIGGER write INSTEAD OF INSERT OR UPDATE OR DELETE ON nof0.price_ticks
FOR EACH ROW EXECUTE FUNCTION nof0.write_price_tick();

CREATE FUNCTION nof0.write_equity_snapshot() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    moment timestamptz;
BEGIN
    IF TG_OP <> 'DELETE' THEN
        moment := ops.required_time('ts_ms', NEW.ts_ms);
        NEW.created_at := coalesce(NEW.created_at, clock_timestamp());
    END IF;
    CASE TG_OP
        WHEN 'INSERT' THEN
            -- Another writer may have given the snapshot of this millisecond to the microsecond.
            SELECT stored.captured_at INTO moment FROM public.account_equity_snapshots AS stored
            WHERE stored.agent_id = NEW.model_id AND stored.exchange = ops.home_exchange()
                AND stored.captured_at >= moment AND stored.captured_at < moment + interval '1 millisecond'
            ORDER BY stored.captured_at LIMIT 1;
            moment := coalesce(moment, ops.from_epoch_ms(NEW.ts_ms));
            INSERT INTO public.account_equity_snapshots AS stored (
                id, agent_id, exchange, captured_at, equity, realized_pnl, unrealized_pnl, run_id, created_at
            )
            VALUES (
                coalesce(NEW.id, nextval('public.account_equity_snapshots_id_seq')), NEW.model_id, ops.home_exchange(),
                moment, NEW.equity_usd, NEW.realized_pnl, NEW.unrealized_pnl, NEW.run_id, NEW.created_at
            )
            ON CONFLICT (agent_id, exchange, captured_at) DO UPDATE
            SET equity = excluded.equity, realized_pnl = excluded.realized_pnl,
                unrealized_pnl = excluded.unrealized_pnl, run_id = coalesce(stored.run_id, excluded.run_id)
            RETURNING stored.id, stored.run_id, stored.created_at INTO NEW.id, NEW.run_id, NEW.created_at;
        WHEN 'UPDATE' THEN
            UPDATE public.account_equity_snapshots AS stored
            SET id = NEW.id, agent_id = NEW.model_id, equity = NEW.equity_usd, realized_pnl = NEW.realized_pnl,
                unrealized_pnl = NEW.unrealized_pnl, run_id = NEW.run_id, created_at = NEW.created_at,
                captured_at = CASE WHEN NEW.ts_ms = OLD.ts_ms THEN stored.captured_at ELSE moment END
            WHERE stored.id = OLD.id AND stored.agent_id = OLD.model_id
                AND stored.captured_at >= ops.from_epoch_ms(OLD.ts_ms)
                AND stored.captured_at < ops.from_epoch_ms(OLD.ts_ms + 1);
        ELSE
            DELETE FROM public.account_equity_snapshots AS stored
            WHERE stored.id = OLD.id AND stored.agent_id = OLD.model_id
                AND stored.captured_at >= ops.from_epoch_ms(OLD.ts_ms)
                AND stored.captured_at < ops.from_epoch_ms(OLD.ts_ms + 1);
            RETURN CASE WHEN FOUND THEN OLD END;
    END CASE;
    RETURN NEW;
END
$$;

COMMENT ON FUNCTION nof0.write_equity_snapshot() IS 'Trigger: writes of nof0.account_equity_snapshots reach public.account_equity_snapshots.';

CREATE TRIGGER write INSTEAD OF INSERT OR UPDATE OR DELETE ON nof0.account_equity_snapshots
FOR EACH ROW EXECUTE FUNCTION nof0.write_equity_snapshot();

-- The design's materialized views.
CREATE MATERIALIZED VIEW nof0.v_crypto_prices_latest AS
SELECT
    symbol,
    price,
    ts_ms AS timestamp_ms
FROM nof0.price_latest;

CREATE UNIQUE INDEX v_crypto_prices_latest_symbol ON nof0.v_crypto_prices_latest (symbol);

COMMENT ON MATERIALIZED VIEW nof0.v_crypto_prices_latest IS 'Newest price per instrument of the home exchange. Refreshed by refresh_views_nof0().';
COMMENT ON COLUMN nof0.v_crypto_prices_latest.symbol IS 'Instrument, as the venue names it.';
COMMENT ON COLUMN nof0.v_crypto_prices_latest.price IS 'Price in the quote currency per unit.';
COMMENT ON COLUMN nof0.v_crypto_prices_latest.timestamp_ms IS 'When the price was true, epoch milliseconds.';

CREATE MATERIALIZED VIEW nof0.v_leaderboard AS
WITH newest AS (
    SELECT DISTINCT ON (agent_id)
        agent_id,
        exchange,
        equity,
        CASE WHEN jsonb_typeof(details -> 'sharpe') = 'number' THEN (details ->> 'sharpe')::numeric END AS sharpe
    FROM public.account_equity_snapshots
    WHERE ops.in_view(exchange)
    ORDER BY agent_id ASC, captured_at DESC, (exchange = ops.home_exchange()) DESC, exchange ASC
),

closed AS (
    SELECT
        agent_id,
        count(*) AS num_trades,
        count(*) FILTER (WHERE net_pnl > 0) AS num_wins,
        count(*) FILTER (WHERE net_pnl <= 0) AS num_losses,
        coalesce(sum(net_pnl) FILTER (WHERE net_pnl > 0), 0) AS win_dollars,
        coalesce(sum(net_pnl) FILTER (WHERE net_pnl <= 0), 0) AS lose_dollars
    FROM public.trades_all
    WHERE status = 'closed' AND ops.in_view(exchange)
    GROUP BY agent_id
)

SELECT
    models.id AS model_id,
    newest.equity,
    newest.sharpe,
    coalesce(closed.num_trades, 0) AS num_trades,
    coalesce(closed.num_wins, 0) AS num_wins,
    coalesce(closed.num_losses, 0) AS num_losses,
    coalesce(closed.win_dollars, 0) AS win_dollars,
    coalesce(closed.lose_dollars, 0) AS lose_dollars,
    (newest.equity / nullif(accounts.initial_equity, 0) - 1) * 100 AS return_pct
FROM nof0.models
LEFT JOIN newest ON models.id = newest.agent_id
LEFT JOIN public.accounts ON newest.agent_id = accounts.agent_id AND newest.exchange = accounts.exchange
LEFT JOIN closed ON models.id = closed.agent_id;

CREATE UNIQUE INDEX v_leaderboard_model_id ON nof0.v_leaderboard (model_id);

COMMENT ON MATERIALIZED VIEW nof0.v_leaderboard IS 'Newest equity of each model beside its closed trades. Refreshed by refresh_views_nof0().';
COMMENT ON COLUMN nof0.v_leaderboard.model_id IS 'The model.';
COMMENT ON COLUMN nof0.v_leaderboard.equity IS 'Its newest equity, in the account''s base currency; NULL without a snapshot.';
COMMENT ON COLUMN nof0.v_leaderboard.sharpe IS 'Sharpe ratio as the newest snapshot''s source gives it; NULL where it gives none.';
COMMENT ON COLUMN nof0.v_leaderboard.num_trades IS 'Closed trades, those that left PostgreSQL among them.';
COMMENT ON COLUMN nof0.v_leaderboard.num_wins IS 'Those with a net PnL above zero.';
COMMENT ON COLUMN nof0.v_leaderboard.num_losses IS 'Those with a net PnL of zero or less.';
COMMENT ON COLUMN nof0.v_leaderboard.win_dollars IS 'Sum of net PnL over the wins.';
COMMENT ON COLUMN nof0.v_leaderboard.lose_dollars IS 'Sum of net PnL over the losses, negative.';
COMMENT ON COLUMN nof0.v_leaderboard.return_pct IS 'Equity against the account''s initial equity, in percent; NULL where that is not known.';

CREATE MATERIALIZED VIEW nof0.v_since_inception AS
SELECT DISTINCT ON (agent_id, ops.epoch_ms(captured_at))
    agent_id AS model_id,
    ops.epoch_ms(captured_at) AS "timestamp",
    equity AS "value"
FROM public.account_equity_snapshots
WHERE ops.in_view(exchange)
ORDER BY
    agent_id ASC, ops.epoch_ms(captured_at) ASC, (exchange = ops.home_exchange()) DESC, captured_at DESC, exchange ASC;

CREATE UNIQUE INDEX v_since_inception_model_id ON nof0.v_since_inception (model_id, "timestamp");

COMMENT ON MATERIALIZED VIEW nof0.v_since_inception IS 'Equity of each model over time, one value per millisecond (that of the home exchange first). Refreshed by refresh_views_nof0().';
COMMENT ON COLUMN nof0.v_since_inception.model_id IS 'The model.';
COMMENT ON COLUMN nof0.v_since_inception."timestamp" IS 'When the value was true, epoch milliseconds.';
COMMENT ON COLUMN nof0.v_since_inception."value" IS 'Equity, in the account''s base currency.';

-- Materialized views hold the home of the database and not of whoever refreshes them: a sandbox session must not put its
-- rows before everybody.
CREATE FUNCTION ops.database_setting(name text) RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT split_part(entry, '=', 2)
    FROM pg_catalog.pg_db_role_setting AS s
    CROSS JOIN LATERAL unnest(s.setconfig) AS entry
    INNER JOIN pg_catalog.pg_database AS d ON s.setdatabase = d.oid AND d.datname = current_database()
    WHERE s.setrole = 0 AND split_part(entry, '=', 1) = name
$$;

COMMENT ON FUNCTION ops.database_setting(text) IS 'Value that ALTER DATABASE ... SET gave a setting of this database, else NULL.';

CREATE FUNCTION nof0.refresh_views_nof0() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    own text := coalesce(current_setting('candlehouse.exchange', true), '');
BEGIN
    PERFORM set_config('candlehouse.exchange', coalesce(ops.database_setting('candlehouse.exchange'), ''), true);
    REFRESH MATERIALIZED VIEW CONCURRENTLY nof0.v_crypto_prices_latest;
    REFRESH MATERIALIZED VIEW CONCURRENTLY nof0.v_leaderboard;
    REFRESH MATERIALIZED VIEW CONCURRENTLY nof0.v_since_inception;
    PERFORM set_config('candlehouse.exchange', own, true);
END
$$;

COMMENT ON FUNCTION nof0.refresh_views_nof0() IS 'Refreshes the materialized views of the nof0 design; readers are not blocked.';
