-- First writes of one key take turns. A row of the home exchange has two unique keys, its primary one and the companion that
-- facades know it by. INSERT ... ON CONFLICT (one of them) promises not to fail, but only for the key it names: of two first
-- writes at one moment the second found the other key taken (unique_violation, 1 in 100 with six writers). Positions of the
-- home agent likewise: the second one of a symbol gets no live_symbol, which its trigger can only know after the first.
-- 1,024 locks per table, because an import writes all its accounts in one transaction: with a lock per key, 10,000 rows ended
-- in "out of shared memory" (max_locks_per_transaction is 64 for each of 100 connections).

CREATE FUNCTION ops.take_turn() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    wanted text := coalesce(to_jsonb(NEW) ->> TG_ARGV[1], to_jsonb(NEW) ->> TG_ARGV[0]);
    is_known boolean;
BEGIN
    EXECUTE format('SELECT EXISTS (SELECT 1 FROM public.%I WHERE %I = $1)', TG_TABLE_NAME, TG_ARGV[1])
    INTO is_known USING wanted;
    IF NOT is_known THEN
        PERFORM pg_advisory_xact_lock(TG_RELID::int, hashtext(wanted) & 1023);
    END IF;
    RETURN NEW;
END
$$;

COMMENT ON FUNCTION ops.take_turn() IS 'Trigger: a transaction that writes a key for the first time waits for another that does. Its arguments: the column and its companion of one column.';

CREATE TRIGGER fill_0_turn BEFORE INSERT ON symbols FOR EACH ROW
WHEN (NEW.exchange = ops.home_exchange())
EXECUTE FUNCTION ops.take_turn('symbol', 'home_symbol');

CREATE TRIGGER fill_0_turn BEFORE INSERT ON price_latest FOR EACH ROW
WHEN (NEW.exchange = ops.home_exchange())
EXECUTE FUNCTION ops.take_turn('symbol', 'home_symbol');

CREATE TRIGGER fill_0_turn BEFORE INSERT ON accounts FOR EACH ROW
WHEN (NEW.exchange = ops.home_exchange())
EXECUTE FUNCTION ops.take_turn('agent_id', 'home_agent_id');

CREATE TRIGGER fill_0_turn BEFORE INSERT ON positions FOR EACH ROW
WHEN (coalesce(NEW.status, 'open') = 'open' AND NEW.agent_id = ops.home_agent() AND NEW.exchange = ops.home_exchange())
EXECUTE FUNCTION ops.take_turn('symbol', 'live_symbol');

CREATE TRIGGER fill_0_turn_again BEFORE UPDATE ON positions FOR EACH ROW
WHEN (
    OLD.status <> 'open' AND NEW.status = 'open'
    AND NEW.agent_id = ops.home_agent() AND NEW.exchange = ops.home_exchange()
)
EXECUTE FUNCTION ops.take_turn('symbol', 'live_symbol');
