-- A build of the marts looks at decisions that came since the one before; a transaction that was open then had shown nothing.

CREATE FUNCTION ops.oldest_transaction() RETURNS timestamptz
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT min(a.xact_start) FROM pg_stat_activity AS a
    WHERE a.datname = current_database() AND a.pid <> pg_backend_pid() AND a.backend_type = 'client backend'
$$;

COMMENT ON FUNCTION ops.oldest_transaction() IS 'When the oldest transaction of another client of this database began; NULL without one.';

ALTER TABLE ops.mart_builds ADD COLUMN seen_until timestamptz NOT NULL DEFAULT '-infinity';
ALTER TABLE ops.mart_builds ALTER COLUMN seen_until DROP DEFAULT;

COMMENT ON COLUMN ops.mart_builds.seen_until IS 'Every decision that changed before this was seen (UTC); the next build looks at later ones.';
