-- What marts are made of beside trades: decisions, accounts, agents, equity snapshots and prices of days are copied to
-- ClickHouse while applications write. Both warehouses are built of the versions up to a moment, which ClickHouse has
-- whole; so the version that a row had then must stay here until nobody asks for it.

CREATE TABLE ops.copies (
    source text PRIMARY KEY,
    seen_until timestamptz NOT NULL,
    copied_at timestamptz NOT NULL
);

COMMENT ON TABLE ops.copies IS 'How far the copies to ClickHouse are that the marts read.';
COMMENT ON COLUMN ops.copies.source IS 'Table of PostgreSQL.';
COMMENT ON COLUMN ops.copies.seen_until IS 'Every version up to this is in ClickHouse, and no row gets a version that is not later (UTC).';
COMMENT ON COLUMN ops.copies.copied_at IS 'When the last copy that was proven equal ended (UTC).';

INSERT INTO ops.copies (source, seen_until, copied_at)
SELECT made.source, timestamptz '1970-01-01 00:00:00+00', clock_timestamp()
FROM unnest(ARRAY['agents', 'accounts', 'account_equity_snapshots', 'decisions', 'daily_marks']) AS made (source);

CREATE TABLE ops.former_rows (
    source text NOT NULL COLLATE "C",
    key text NOT NULL COLLATE "C",
    updated_at timestamptz NOT NULL,
    until timestamptz NOT NULL,
    row jsonb NOT NULL,
    PRIMARY KEY (source, key, updated_at)
);

CREATE INDEX former_rows_until ON ops.former_rows (until);
CREATE INDEX former_rows_updated_at ON ops.former_rows (source, updated_at);

COMMENT ON TABLE ops.former_rows IS 'Versions of rows that were changed since the last cut of the marts. A new cut forgets those that no later one can ask for.';
COMMENT ON COLUMN ops.former_rows.source IS 'Table of the row.';
COMMENT ON COLUMN ops.former_rows.key IS 'Its primary key, columns joined by U+001F.';
COMMENT ON COLUMN ops.former_rows.updated_at IS 'Version (UTC).';
COMMENT ON COLUMN ops.former_rows.until IS 'The version that followed (UTC).';
COMMENT ON COLUMN ops.former_rows.row IS 'The columns that marts read.';

CREATE FUNCTION ops.row_key(object jsonb, key_columns text []) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT string_agg(object ->> listed.name, U&'\001F' ORDER BY listed.place)
    FROM unnest(key_columns) WITH ORDINALITY AS listed (name, place)
$$;

COMMENT ON FUNCTION ops.row_key(jsonb, text []) IS 'Values of these columns joined by U+001F.';

CREATE FUNCTION ops.keep_former_row() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    former jsonb := to_jsonb(OLD);
BEGIN
    INSERT INTO ops.former_rows (source, key, updated_at, until, row)
    -- A partition's trigger does not know the table's name.
    VALUES (TG_ARGV[0], ops.row_key(former, TG_ARGV[1:]), OLD.updated_at, NEW.updated_at, former)
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION ops.keep_former_row() IS 'Trigger with the table and the columns of its key: the version before a change stays for the marts.';

-- Without the texts, which may be long.
CREATE FUNCTION ops.keep_former_decision() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO ops.former_rows (source, key, updated_at, until, row)
    VALUES (
        'decisions', OLD.id, OLD.updated_at, NEW.updated_at,
        jsonb_build_object(
            'id', OLD.id, 'agent_id', OLD.agent_id, 'exchange', OLD.exchange, 'symbol', OLD.symbol,
            'cycle_id', OLD.cycle_id, 'trade_id', OLD.trade_id, 'prompt_version', OLD.prompt_version,
            'action', OLD.action, 'origin', OLD.origin, 'confidence', OLD.confidence, 'leverage', OLD.leverage,
            'cost', OLD.cost, 'prompt_tokens', OLD.prompt_tokens, 'completion_tokens', OLD.completion_tokens,
            'executed', OLD.executed, 'outcome_correct', OLD.outcome_correct, 'decided_at', OLD.decided_at,
            'outcome_recorded_at', OLD.outcome_recorded_at
        )
    )
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION ops.keep_former_decision() IS 'Trigger: what marts read of the version before a change stays for them.';

CREATE FUNCTION ops.forget_former_rows() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM ops.former_rows AS f WHERE f.source = TG_ARGV[0]) THEN
        DELETE FROM ops.former_rows AS f
        USING gone AS g
        WHERE f.source = TG_ARGV[0] AND f.key = ops.row_key(to_jsonb(g), TG_ARGV[1:]);
    END IF;
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION ops.forget_former_rows() IS 'Trigger with the table and the columns of its key: what is deleted leaves with its former versions.';

-- As ops.grow_version does for the archive: what a copy has looked at is complete.
CREATE FUNCTION ops.follow_copy() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    seen timestamptz;
BEGIN
    PERFORM pg_current_xact_id();
    IF NEW.updated_at BETWEEN now() AND clock_timestamp() THEN
        NEW.updated_at := clock_timestamp();
    END IF;
    seen := (SELECT c.seen_until FROM ops.copies AS c WHERE c.source = TG_ARGV[0]);
    IF NEW.updated_at <= seen THEN
        NEW.updated_at := greatest(clock_timestamp(), seen + interval '1 microsecond');
    END IF;
    RETURN NEW;
END
$$;

COMMENT ON FUNCTION ops.follow_copy() IS 'Trigger with the name of the table: updated_at of a new row is later than everything that the copy has looked at.';

DO $$
DECLARE
    name text;
    key_columns text;
BEGIN
    FOR name, key_columns IN
        VALUES
        ('agents', '''id'''),
        ('accounts', '''agent_id'', ''exchange'''),
        ('account_equity_snapshots', '''agent_id'', ''exchange'', ''captured_at'''),
        ('decisions', '''id'''),
        ('daily_marks', '''exchange'', ''symbol'', ''day''')
    LOOP
        -- After the other triggers, which go by name: this one has the last word about the version.
        EXECUTE format(
            'CREATE TRIGGER version_follows_copy BEFORE INSERT ON public.%I FOR EACH ROW EXECUTE FUNCTION ops.follow_copy(%L)',
            name, name
        );
        EXECUTE format(
            'CREATE TRIGGER keep_former AFTER UPDATE ON public.%I FOR EACH ROW'
            ' WHEN (OLD.updated_at IS DISTINCT FROM NEW.updated_at) EXECUTE FUNCTION %s',
            name,
            CASE name
                WHEN 'decisions' THEN 'ops.keep_former_decision()'
                ELSE format('ops.keep_former_row(%L, %s)', name, key_columns)
            END
        );
        EXECUTE format(
            'CREATE TRIGGER forget_former AFTER DELETE ON public.%I REFERENCING OLD TABLE AS gone FOR EACH STATEMENT'
            ' EXECUTE FUNCTION ops.forget_former_rows(%L, %s)', name, name, key_columns
        );
    END LOOP;
END
$$;

CREATE VIEW agent_versions AS
SELECT t.id, t.display_name, t.origin, t.updated_at, timestamptz 'infinity' AS until
FROM agents AS t
UNION ALL
SELECT r.id, r.display_name, r.origin, f.updated_at, f.until
FROM ops.former_rows AS f
CROSS JOIN LATERAL jsonb_populate_record(NULL::agents, f.row) AS r
WHERE f.source = 'agents';

SELECT ops.describe_facade('agent_versions', 'agents', '{"until": "updated_at"}');
COMMENT ON VIEW agent_versions IS 'Agents as they are, and as they were before changes since the last cut. What the marts of PostgreSQL read.';
COMMENT ON COLUMN agent_versions.until IS 'The version that followed (UTC); infinity for the present one.';

CREATE VIEW account_versions AS
SELECT
    t.agent_id, t.exchange, t.base_currency, t.origin, t.initial_equity, t.inception_at, t.updated_at,
    timestamptz 'infinity' AS until
FROM accounts AS t
UNION ALL
SELECT
    r.agent_id, r.exchange, r.base_currency, r.origin, r.initial_equity, r.inception_at, f.updated_at, f.until
FROM ops.former_rows AS f
CROSS JOIN LATERAL jsonb_populate_record(NULL::accounts, f.row) AS r
WHERE f.source = 'accounts';

SELECT ops.describe_facade('account_versions', 'accounts', '{"until": "updated_at"}');
COMMENT ON VIEW account_versions IS 'Accounts as they are, and as they were before changes since the last cut. What the marts of PostgreSQL read.';
COMMENT ON COLUMN account_versions.until IS 'The version that followed (UTC); infinity for the present one.';

CREATE VIEW account_equity_snapshot_versions AS
SELECT t.agent_id, t.exchange, t.origin, t.equity, t.captured_at, t.updated_at, timestamptz 'infinity' AS until
FROM account_equity_snapshots AS t
UNION ALL
SELECT r.agent_id, r.exchange, r.origin, r.equity, r.captured_at, f.updated_at, f.until
FROM ops.former_rows AS f
CROSS JOIN LATERAL jsonb_populate_record(NULL::account_equity_snapshots, f.row) AS r
WHERE f.source = 'account_equity_snapshots';

SELECT ops.describe_facade('account_equity_snapshot_versions', 'account_equity_snapshots', '{"until": "updated_at"}');
COMMENT ON VIEW account_equity_snapshot_versions IS 'Equity snapshots as they are, and as they were before changes since the last cut. What the marts of PostgreSQL read.';
COMMENT ON COLUMN account_equity_snapshot_versions.until IS 'The version that followed (UTC); infinity for the present one.';

CREATE VIEW daily_mark_versions AS
SELECT t.exchange, t.symbol, t.price, t.day, t.updated_at, timestamptz 'infinity' AS until
FROM daily_marks AS t
UNION ALL
SELECT r.exchange, r.symbol, r.price, r.day, f.updated_at, f.until
FROM ops.former_rows AS f
CROSS JOIN LATERAL jsonb_populate_record(NULL::daily_marks, f.row) AS r
WHERE f.source = 'daily_marks';

SELECT ops.describe_facade('daily_mark_versions', 'daily_marks', '{"until": "updated_at"}');
COMMENT ON VIEW daily_mark_versions IS 'Prices of days as they are, and as they were before changes since the last cut. What the marts of PostgreSQL read.';
COMMENT ON COLUMN daily_mark_versions.until IS 'The version that followed (UTC); infinity for the present one.';

CREATE VIEW decision_versions AS
SELECT
    t.id, t.agent_id, t.exchange, t.symbol, t.cycle_id, t.trade_id, t.prompt_version, t.action, t.origin, t.confidence,
    t.leverage, t.cost, t.prompt_tokens, t.completion_tokens, t.executed, t.outcome_correct, t.decided_at,
    t.outcome_recorded_at, t.updated_at, timestamptz 'infinity' AS until
FROM decisions AS t
UNION ALL
SELECT
    r.id, r.agent_id, r.exchange, r.symbol, r.cycle_id, r.trade_id, r.prompt_version, r.action, r.origin, r.confidence,
    r.leverage, r.cost, r.prompt_tokens, r.completion_tokens, r.executed, r.outcome_correct, r.decided_at,
    r.outcome_recorded_at, f.updated_at, f.until
FROM ops.former_rows AS f
CROSS JOIN LATERAL jsonb_populate_record(NULL::decisions, f.row) AS r
WHERE f.source = 'decisions';

SELECT ops.describe_facade('decision_versions', 'decisions', '{"until": "updated_at"}');
COMMENT ON VIEW decision_versions IS 'Decisions as they are, and as they were before changes since the last cut, without texts. What the marts of PostgreSQL read.';
COMMENT ON COLUMN decision_versions.until IS 'The version that followed (UTC); infinity for the present one.';

ALTER TABLE ops.mart_cuts ADD COLUMN copied_until jsonb NOT NULL DEFAULT '{}';
ALTER TABLE ops.mart_cuts ALTER COLUMN copied_until DROP DEFAULT;
ALTER TABLE ops.mart_builds ADD COLUMN copied_until jsonb NOT NULL DEFAULT '{}';
ALTER TABLE ops.mart_builds ALTER COLUMN copied_until DROP DEFAULT;

COMMENT ON COLUMN ops.mart_cuts.copied_until IS 'Per table of PostgreSQL (decisions, accounts, agents, account_equity_snapshots, daily_marks): every version up to this is in ClickHouse (UTC).';
COMMENT ON COLUMN ops.mart_builds.copied_until IS 'copied_until of its cut.';
