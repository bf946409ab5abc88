-- Facade of the hybrid design: its names over the canonical tables. Its market data and history are views in ClickHouse.
-- An agent is its configuration there, so agent_id means agent_configs.id.

CREATE SCHEMA hybrid;
COMMENT ON SCHEMA hybrid IS 'Facade of the hybrid design: users, agents with their memories, trading.';

CREATE FUNCTION ops.describe_facade(facade regclass, canonical regclass, renamed jsonb DEFAULT '{}') RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    shown name;
    told text;
BEGIN
    EXECUTE format('COMMENT ON VIEW %s IS %L', facade, 'Facade of ' || canonical::text || '. ' || obj_description(canonical));
    FOR shown, told IN
        SELECT s.attname, col_description(canonical, c.attnum)
        FROM pg_attribute AS s
        LEFT JOIN pg_attribute AS c
            ON c.attrelid = canonical AND c.attname = coalesce(renamed ->> s.attname::text, s.attname::text)
        WHERE s.attrelid = facade AND s.attnum > 0
    LOOP
        IF told IS NULL THEN
            RAISE EXCEPTION '%.%: % has no such column with a comment', facade, shown, canonical;
        END IF;
        EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', facade, shown, told);
    END LOOP;
END
$$;

COMMENT ON FUNCTION ops.describe_facade(regclass, regclass, jsonb) IS 'Comments of a facade''s view: those of the canonical table, by name; renamed: name in the facade to canonical name.';

-- The design keeps a trade's duration; here it follows the two times where both are known.
ALTER TABLE public.trades ADD COLUMN duration_seconds bigint
CONSTRAINT trades_duration_seconds_fits CHECK (duration_seconds BETWEEN 0 AND 4294967295);

COMMENT ON COLUMN public.trades.duration_seconds IS 'Companion of opened_at and closed_at for the hybrid facade, kept by trigger: time between them in whole seconds; the writer''s own figure where one of them is unknown.';

-- A writer may round to the nearest second: a given duration within one second of the times is kept as it is.
CREATE FUNCTION ops.fill_duration() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    between_times numeric := extract(EPOCH FROM NEW.closed_at - NEW.opened_at);
BEGIN
    IF between_times IS NULL OR between_times < 0 THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' AND NEW.duration_seconds IS NOT DISTINCT FROM OLD.duration_seconds
        AND (NEW.opened_at, NEW.closed_at) IS NOT DISTINCT FROM (OLD.opened_at, OLD.closed_at) THEN
        RETURN NEW;
    END IF;
    IF NEW.duration_seconds IS NULL
        OR TG_OP = 'UPDATE' AND NEW.duration_seconds IS NOT DISTINCT FROM OLD.duration_seconds THEN
        NEW.duration_seconds := floor(between_times);
    ELSIF abs(NEW.duration_seconds - between_times) >= 1 THEN
        RAISE EXCEPTION 'trades.duration_seconds: % contradicts the % seconds from opened_at to closed_at',
            NEW.duration_seconds, between_times
            USING ERRCODE = 'check_violation', COLUMN = 'duration_seconds', TABLE = 'trades', SCHEMA = 'public';
    END IF;
    RETURN NEW;
END
$$;

COMMENT ON FUNCTION ops.fill_duration() IS 'Trigger: duration_seconds follows opened_at and closed_at; a contradicting one is refused.';

CREATE TRIGGER fill_2_duration BEFORE INSERT OR UPDATE ON public.trades
FOR EACH ROW EXECUTE FUNCTION ops.fill_duration();

CREATE VIEW hybrid.users AS
SELECT id, telegram_id, username, first_name, is_active, is_banned, ban_reason, banned_at, created_at, updated_at
FROM public.users;

CREATE VIEW hybrid.user_exchanges AS
SELECT id, user_id, exchange, api_key_encrypted, api_secret_encrypted, testnet, is_active, created_at, updated_at
FROM public.user_exchanges;

CREATE VIEW hybrid.agent_configs AS
SELECT
    id, user_id, name, personality, specialization, strategy, decision_interval_ns AS decision_interval, min_news_impact,
    min_whale_transaction, invert_sentiment, learning_rate, is_active, created_at, updated_at
FROM public.agent_configs;

CREATE VIEW hybrid.agent_states AS
SELECT
    id, agent_id, symbol, balance, initial_balance, equity, pnl, total_trades, winning_trades, losing_trades, win_rate,
    is_trading, updated_at
FROM public.agent_states;

CREATE VIEW hybrid.agent_memory AS
SELECT
    id, agent_id, technical_success_rate, news_success_rate, onchain_success_rate, sentiment_success_rate,
    best_market_conditions, worst_market_conditions, total_decisions, adaptation_count, last_adapted_at, updated_at
FROM public.agent_memory;

CREATE VIEW hybrid.agent_reasoning_sessions AS
SELECT
    id, session_id, agent_id, observation, recalled_memories, generated_options, evaluations, final_reasoning, decision,
    chain_of_thought, executed, started_at, completed_at, duration_ms, is_interrupted, checkpoint_state,
    checkpoint_history
FROM public.agent_reasoning_sessions;

CREATE VIEW hybrid.agent_reflections AS
SELECT
    id, agent_id, trade_id, analysis, what_worked, what_didnt_work, key_lessons, suggested_adjustments,
    confidence_in_analysis, created_at
FROM public.agent_reflections;

CREATE VIEW hybrid.agent_trading_plans AS
SELECT
    id, plan_id, agent_id, time_horizon_ns AS time_horizon, assumptions, scenarios, risk_limits, trigger_signals, status,
    created_at, expires_at
FROM public.agent_trading_plans;

CREATE VIEW hybrid.trades AS
SELECT
    id, agent_id, user_id, exchange, symbol, side, entry_price, exit_price, quantity AS size, leverage, net_pnl AS pnl,
    pnl_percent, fee, opened_at, closed_at, duration_seconds AS duration, entry_reason, exit_reason, status, archived_at,
    created_at, updated_at
FROM public.trades
WHERE ops.in_view(exchange);

CREATE VIEW hybrid.orders AS
SELECT
    id, agent_id, user_id, exchange, symbol, side, type, status, price, quantity AS amount, filled_quantity AS filled,
    average_price, stop_price, fee, fee_currency, reduce_only, venue_order_id AS exchange_order_id, client_order_id,
    trade_id, position_id, submitted_at AS timestamp, filled_at, cancelled_at, error_message, archived_at, created_at,
    updated_at
FROM public.orders
WHERE ops.in_view(exchange);

CREATE VIEW hybrid.positions AS
SELECT
    id, agent_id, user_id, exchange, symbol, side, status, quantity AS size, entry_price, current_price, unrealized_pnl,
    realized_pnl, liquidation_price, margin, leverage, stop_loss, take_profit, opened_at, closed_at,
    synced_at AS timestamp, created_at, updated_at
FROM public.positions
WHERE ops.in_view(exchange);

-- Memories. `embedding` is spelled exactly as the default model's HNSW index is, so that the design's own search uses it;
-- the outer cast only takes the length off the type, so that another default model does not change the view's type.
CREATE FUNCTION ops.show_default_embedding_model() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    shown text;
BEGIN
    SELECT ops.embedding_expression(name, dimensions) INTO STRICT shown FROM public.embedding_models WHERE is_default;
    EXECUTE format(
        'CREATE OR REPLACE VIEW hybrid.agent_semantic_memories AS SELECT id, agent_id, context, action, outcome, lesson,'
        ' (%s)::public.vector AS embedding, embedding_version, importance, access_count,'
        ' last_accessed_at AS last_accessed, created_at FROM public.agent_semantic_memories', shown
    );
    EXECUTE format(
        'CREATE OR REPLACE VIEW hybrid.collective_agent_memories AS SELECT id, personality, context, action, lesson,'
        ' (%s)::public.vector AS embedding, importance, confirmation_count, success_rate, last_confirmed_at, created_at'
        ' FROM public.collective_agent_memories', shown
    );
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION ops.show_default_embedding_model() IS 'Trigger: the hybrid facade shows the vectors of the default embedding model; those of others are NULL there.';

CREATE TRIGGER show_default AFTER UPDATE OF is_default ON public.embedding_models
FOR EACH ROW WHEN (NEW.is_default) EXECUTE FUNCTION ops.show_default_embedding_model();

CREATE FUNCTION ops.set_default_embedding_model(model text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM public.embedding_models WHERE name = model) THEN
        RAISE EXCEPTION 'embedding model % is not registered: INSERT INTO embedding_models (name, dimensions) first', model
            USING ERRCODE = 'foreign_key_violation';
    END IF;
    UPDATE public.embedding_models SET is_default = false WHERE is_default AND name <> model;
    UPDATE public.embedding_models SET is_default = true WHERE name = model;
END
$$;

COMMENT ON FUNCTION ops.set_default_embedding_model(text) IS 'Makes a registered embedding model the one whose vectors the hybrid facade shows and stores.';

UPDATE public.embedding_models SET is_default = is_default WHERE is_default;

ALTER VIEW hybrid.agent_semantic_memories ALTER COLUMN id SET DEFAULT gen_random_uuid()::text;
ALTER VIEW hybrid.agent_semantic_memories ALTER COLUMN embedding_version SET DEFAULT 1;
ALTER VIEW hybrid.agent_semantic_memories ALTER COLUMN importance SET DEFAULT 0.5;
ALTER VIEW hybrid.agent_semantic_memories ALTER COLUMN access_count SET DEFAULT 0;
ALTER VIEW hybrid.agent_semantic_memories ALTER COLUMN created_at SET DEFAULT clock_timestamp();
ALTER VIEW hybrid.collective_agent_memories ALTER COLUMN id SET DEFAULT gen_random_uuid()::text;
ALTER VIEW hybrid.collective_agent_memories ALTER COLUMN confirmation_count SET DEFAULT 1;
ALTER VIEW hybrid.collective_agent_memories ALTER COLUMN success_rate SET DEFAULT 0.5;
ALTER VIEW hybrid.collective_agent_memories ALTER COLUMN last_confirmed_at SET DEFAULT clock_timestamp();
ALTER VIEW hybrid.collective_agent_memories ALTER COLUMN created_at SET DEFAULT clock_timestamp();

CREATE FUNCTION ops.insert_semantic_memory() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO public.agent_semantic_memories (
        id, agent_id, context, action, outcome, lesson, embedding, embedding_version, importance, access_count,
        last_accessed_at, created_at
    ) VALUES (
        NEW.id, NEW.agent_id, NEW.context, NEW.action, NEW.outcome, NEW.lesson, NEW.embedding, NEW.embedding_version,
        NEW.importance, NEW.access_count, NEW.last_accessed, NEW.created_at
    );
    RETURN NEW;
END
$$;

COMMENT ON FUNCTION ops.insert_semantic_memory() IS 'INSERT into hybrid.agent_semantic_memories: the vector is the default model''s.';

-- The view's row was read without a lock, so counters are added to and only columns that changed are written: a memory
-- that two sessions recall at once counts twice.
CREATE FUNCTION ops.update_semantic_memory() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    is_embedded boolean := NEW.embedding IS DISTINCT FROM OLD.embedding;
BEGIN
    UPDATE public.agent_semantic_memories AS m SET
        id = NEW.id,
        agent_id = CASE WHEN NEW.agent_id IS DISTINCT FROM OLD.agent_id THEN NEW.agent_id ELSE m.agent_id END,
        context = CASE WHEN NEW.context IS DISTINCT FROM OLD.context THEN NEW.context ELSE m.context END,
        action = CASE WHEN NEW.action IS DISTINCT FROM OLD.action THEN NEW.action ELSE m.action END,
        outcome = CASE WHEN NEW.outcome IS DISTINCT FROM OLD.outcome THEN NEW.outcome ELSE m.outcome END,
        lesson = CASE WHEN NEW.lesson IS DISTINCT FROM OLD.lesson THEN NEW.lesson ELSE m.lesson END,
        embedding = CASE WHEN is_embedded THEN NEW.embedding ELSE m.embedding END,
        embedding_model = CASE WHEN NOT is_embedded THEN m.embedding_model END,
        embedding_version = CASE
            WHEN NEW.embedding_version IS DISTINCT FROM OLD.embedding_version THEN NEW.embedding_version
            ELSE m.embedding_version
        END,
        importance = CASE WHEN NEW.importance IS DISTINCT FROM OLD.importance THEN NEW.importance ELSE m.importance END,
        access_count = m.access_count + (NEW.access_count - OLD.access_count),
        last_accessed_at = CASE
            WHEN NEW.last_accessed IS DISTINCT FROM OLD.last_accessed THEN NEW.last_accessed ELSE m.last_accessed_at
        END,
        created_at = CASE WHEN NEW.created_at IS DISTINCT FROM OLD.created_at THEN NEW.created_at ELSE m.created_at END
    WHERE m.agent_id = OLD.agent_id AND m.id = OLD.id
    RETURNING m.access_count INTO NEW.access_count;
    RETURN CASE WHEN FOUND THEN NEW END;
END
$$;

COMMENT ON FUNCTION ops.update_semantic_memory() IS 'UPDATE of hybrid.agent_semantic_memories: a changed vector is the default model''s; others stay.';

CREATE TRIGGER insert_memory INSTEAD OF INSERT ON hybrid.agent_semantic_memories
FOR EACH ROW EXECUTE FUNCTION ops.insert_semantic_memory();
CREATE TRIGGER update_memory INSTEAD OF UPDATE ON hybrid.agent_semantic_memories
FOR EACH ROW EXECUTE FUNCTION ops.update_semantic_memory();

CREATE FUNCTION ops.insert_collective_memory() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO public.collective_agent_memories (
        id, personality, context, action, lesson, embedding, importance, confirmation_count, success_rate,
        last_confirmed_at, created_at
    ) VALUES (
        NEW.id, NEW.personality, NEW.context, NEW.action, NEW.lesson, NEW.embedding, NEW.importance,
        NEW.confirmation_count, NEW.success_rate, NEW.last_confirmed_at, NEW.created_at
    );
    RETURN NEW;
END
$$;

COMMENT ON FUNCTION ops.insert_collective_memory() IS 'INSERT into hybrid.collective_agent_memories: the vector is the default model''s.';

CREATE FUNCTION ops.update_collective_memory() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    is_embedded boolean := NEW.embedding IS DISTINCT FROM OLD.embedding;
BEGIN
    UPDATE public.collective_agent_memories AS m SET
        id = NEW.id,
        personality = CASE WHEN NEW.personality IS DISTINCT FROM OLD.personality THEN NEW.personality ELSE m.personality END,
        context = CASE WHEN NEW.context IS DISTINCT FROM OLD.context THEN NEW.context ELSE m.context END,
        action = CASE WHEN NEW.action IS DISTINCT FROM OLD.action THEN NEW.action ELSE m.action END,
        lesson = CASE WHEN NEW.lesson IS DISTINCT FROM OLD.lesson THEN NEW.lesson ELSE m.lesson END,
        embedding = CASE WHEN is_embedded THEN NEW.embedding ELSE m.embedding END,
        embedding_model = CASE WHEN NOT is_embedded THEN m.embedding_model END,
        importance = CASE WHEN NEW.importance IS DISTINCT FROM OLD.importance THEN NEW.importance ELSE m.importance END,
        confirmation_count = m.confirmation_count + (NEW.confirmation_count - OLD.confirmation_count),
        success_rate = CASE
            WHEN NEW.success_rate IS DISTINCT FROM OLD.success_rate THEN NEW.success_rate ELSE m.success_rate
        END,
        last_confirmed_at = CASE
            WHEN NEW.last_confirmed_at IS DISTINCT FROM OLD.last_confirmed_at THEN NEW.last_confirmed_at
            ELSE m.last_confirmed_at
        END,
        created_at = CASE WHEN NEW.created_at IS DISTINCT FROM OLD.created_at THEN NEW.created_at ELSE m.created_at END
    WHERE m.id = OLD.id
    RETURNING m.confirmation_count INTO NEW.confirmation_count;
    RETURN CASE WHEN FOUND THEN NEW END;
END
$$;

COMMENT ON FUNCTION ops.update_collective_memory() IS 'UPDATE of hybrid.collective_agent_memories: a changed vector is the default model''s; others stay.';

CREATE TRIGGER insert_memory INSTEAD OF INSERT ON hybrid.collective_agent_memories
FOR EACH ROW EXECUTE FUNCTION ops.insert_collective_memory();
CREATE TRIGGER update_memory INSTEAD OF UPDATE ON hybrid.collective_agent_memories
FOR EACH ROW EXECUTE FUNCTION ops.update_collective_memory();

-- The design's search filters by agent or personality after the index has spoken. Without iteration the index stops after
-- its first neighbours of everybody, and an agent among many finds none of its own. It starts with 200 of them, because
-- with 40 an agent that has a tenth of a partition found 91% of its ten nearest, with 200 95%; and it gives up after 8,000
-- instead of 20,000, because the search for memories nearer than 0.3 of an agent that has fewer than ten such goes all the
-- way (docs/volumes.md).
DO $$
DECLARE
    setting text;
    wanted CONSTANT text[] := ARRAY[
        'hnsw.iterative_scan = strict_order', 'hnsw.ef_search = 200', 'hnsw.max_scan_tuples = 8000'
    ];
BEGIN
    PERFORM '[1]'::public.vector;
    FOREACH setting IN ARRAY wanted LOOP
        EXECUTE format('ALTER DATABASE %I SET %s', current_database(), setting);
    END LOOP;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE WARNING 'ask the owner of the database for ALTER DATABASE % SET each of: %',
        quote_ident(current_database()), array_to_string(wanted, ', ');
END
$$;

SELECT ops.describe_facade('hybrid.users', 'public.users');
SELECT ops.describe_facade('hybrid.user_exchanges', 'public.user_exchanges');
SELECT ops.describe_facade(
    'hybrid.agent_configs', 'public.agent_configs', '{"decision_interval": "decision_interval_ns"}'
);
SELECT ops.describe_facade('hybrid.agent_states', 'public.agent_states');
SELECT ops.describe_facade('hybrid.agent_memory', 'public.agent_memory');
SELECT ops.describe_facade(
    'hybrid.agent_semantic_memories', 'public.agent_semantic_memories', '{"last_accessed": "last_accessed_at"}'
);
SELECT ops.describe_facade('hybrid.collective_agent_memories', 'public.collective_agent_memories');
SELECT ops.describe_facade('hybrid.agent_reasoning_sessions', 'public.agent_reasoning_sessions');
SELECT ops.describe_facade('hybrid.agent_reflections', 'public.agent_reflections');
SELECT ops.describe_facade('hybrid.agent_trading_plans', 'public.agent_trading_plans', '{"time_horizon": "time_horizon_ns"}');
SELECT ops.describe_facade(
    'hybrid.trades', 'public.trades', '{"size": "quantity", "pnl": "net_pnl", "duration": "duration_seconds"}'
);
SELECT ops.describe_facade(
    'hybrid.orders', 'public.orders',
    '{"amount": "quantity", "filled": "filled_quantity", "exchange_order_id": "venue_order_id", "timestamp": "submitted_at"}'
);
SELECT ops.describe_facade('hybrid.positions', 'public.positions', '{"size": "quantity", "timestamp": "synced_at"}');
COMMENT ON COLUMN hybrid.agent_semantic_memories.embedding IS 'Vector by the default embedding model; NULL until that model made one.';
COMMENT ON COLUMN hybrid.collective_agent_memories.embedding IS 'Vector by the default embedding model; NULL until that model made one.';
