-- The archive that proves itself: what was compared with ClickHouse (manifests), which row versions that covers (marks), and
-- triggers that let nothing go which no verified manifest covers. Why marks are a table of their own and not a column:
-- measured on one million closed trades, UPDATE trades SET archived_at took 65 us a row (it writes every index and checks
-- every constraint again), as a HOT update without an index on it 23 us, an INSERT here 4 us.

CREATE TABLE ops.archive_manifests (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL DEFAULT 'archive' CHECK (kind IN ('archive', 'erasure')),
    policy text NOT NULL,
    batch uuid NOT NULL,
    verdict text NOT NULL CHECK (verdict IN ('verified', 'failed')),
    reason text,
    source text NOT NULL,
    target text NOT NULL,
    contract text NOT NULL,
    rows bigint NOT NULL CHECK (rows >= 0),
    bytes bigint NOT NULL CHECK (bytes >= 0),
    first_key text,
    last_key text,
    min_version timestamptz,
    max_version timestamptz,
    row_keys text [] NOT NULL,
    row_versions timestamptz [] NOT NULL,
    row_digests bytea NOT NULL,
    postgres jsonb NOT NULL,
    clickhouse jsonb NOT NULL,
    days jsonb NOT NULL DEFAULT '{}',
    queries jsonb NOT NULL DEFAULT '{}',
    seconds jsonb NOT NULL DEFAULT '{}',
    software text NOT NULL,
    run_id text,
    snapshot_at timestamptz NOT NULL,
    verified_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT archive_manifests_both_sides_agree
    CHECK (verdict <> 'verified' OR kind <> 'archive' OR postgres = clickhouse),
    CONSTRAINT archive_manifests_lists_every_row
    CHECK (
        verdict <> 'verified'
        OR (
            cardinality(row_keys) = rows AND cardinality(row_versions) = rows
            AND (kind <> 'archive' OR octet_length(row_digests) = 16 * rows)
        )
    ),
    CONSTRAINT archive_manifests_failure_has_reason CHECK (verdict = 'verified' OR reason IS NOT NULL)
);

-- Ids and digests do not compress: 1.7 us a row instead of 3.2.
ALTER TABLE ops.archive_manifests
ALTER COLUMN row_keys SET STORAGE EXTERNAL,
ALTER COLUMN row_versions SET STORAGE EXTERNAL,
ALTER COLUMN row_digests SET STORAGE EXTERNAL;

CREATE UNIQUE INDEX archive_manifests_verified_batch ON ops.archive_manifests (policy, batch) WHERE verdict = 'verified';
CREATE INDEX archive_manifests_policy_verified_at ON ops.archive_manifests (policy, verified_at);

COMMENT ON TABLE ops.archive_manifests IS 'What was compared with ClickHouse, batch by batch, and the verdict. Append-only.';
COMMENT ON COLUMN ops.archive_manifests.id IS 'Id given by this database.';
COMMENT ON COLUMN ops.archive_manifests.kind IS 'archive: rows that ClickHouse holds. erasure: rows deleted in both stores on request.';
COMMENT ON COLUMN ops.archive_manifests.policy IS 'Archive policy, named after its source table.';
COMMENT ON COLUMN ops.archive_manifests.batch IS 'SHA-256 of policy, contract, keys and versions, as a UUID: the token of the insert and archive_batch of its rows.';
COMMENT ON COLUMN ops.archive_manifests.verdict IS 'verified: both sides agree in everything. failed: they do not, and nothing is marked.';
COMMENT ON COLUMN ops.archive_manifests.reason IS 'Why it failed, for a person to read.';
COMMENT ON COLUMN ops.archive_manifests.source IS 'Table in PostgreSQL.';
COMMENT ON COLUMN ops.archive_manifests.target IS 'Table in ClickHouse.';
COMMENT ON COLUMN ops.archive_manifests.contract IS 'SHA-256 of the columns and types that travelled.';
COMMENT ON COLUMN ops.archive_manifests.rows IS 'Number of rows.';
COMMENT ON COLUMN ops.archive_manifests.bytes IS 'Bytes of the lines that were sent.';
COMMENT ON COLUMN ops.archive_manifests.first_key IS 'Key of the first row in the order of the policy.';
COMMENT ON COLUMN ops.archive_manifests.last_key IS 'Key of the last row in the order of the policy.';
COMMENT ON COLUMN ops.archive_manifests.min_version IS 'Oldest updated_at of its rows (UTC).';
COMMENT ON COLUMN ops.archive_manifests.max_version IS 'Newest updated_at of its rows (UTC).';
COMMENT ON COLUMN ops.archive_manifests.row_keys IS 'Key of every row.';
COMMENT ON COLUMN ops.archive_manifests.row_versions IS 'updated_at of every row, in the order of row_keys (UTC).';
COMMENT ON COLUMN ops.archive_manifests.row_digests IS 'MD5 of every row''s line, 16 bytes each, in the order of row_keys.';
COMMENT ON COLUMN ops.archive_manifests.postgres IS 'Rows, hash, sums of money, first and last times in the snapshot of PostgreSQL.';
COMMENT ON COLUMN ops.archive_manifests.clickhouse IS 'The same, read back from ClickHouse.';
COMMENT ON COLUMN ops.archive_manifests.days IS 'Rows and sums per UTC day of the policy''s time column, read back from ClickHouse.';
COMMENT ON COLUMN ops.archive_manifests.queries IS 'Query ids in ClickHouse: insert and read_back.';
COMMENT ON COLUMN ops.archive_manifests.seconds IS 'Seconds that each step took.';
COMMENT ON COLUMN ops.archive_manifests.software IS 'Versions of Candlehouse, PostgreSQL and ClickHouse.';
COMMENT ON COLUMN ops.archive_manifests.run_id IS 'Dagster run that made it.';
COMMENT ON COLUMN ops.archive_manifests.snapshot_at IS 'Time of the snapshot of PostgreSQL (UTC).';
COMMENT ON COLUMN ops.archive_manifests.verified_at IS 'When the verdict was given (UTC); the grace of a purge counts from here.';

CREATE TABLE ops.archive_marks (
    policy text NOT NULL COLLATE "C",
    version timestamptz NOT NULL,
    key text NOT NULL COLLATE "C",
    batch uuid NOT NULL,
    archived_at timestamptz NOT NULL,
    PRIMARY KEY (policy, version, key)
);

COMMENT ON TABLE ops.archive_marks IS 'Row versions that are in PostgreSQL and archived. A changed row has a new version and so no mark. Purged with its row; finds the manifest, which alone decides.';
COMMENT ON COLUMN ops.archive_marks.policy IS 'Archive policy.';
COMMENT ON COLUMN ops.archive_marks.version IS 'updated_at of the row that was archived (UTC).';
COMMENT ON COLUMN ops.archive_marks.key IS 'Key of the row, as text.';
COMMENT ON COLUMN ops.archive_marks.batch IS 'The manifest that covers it.';
COMMENT ON COLUMN ops.archive_marks.archived_at IS 'When ClickHouse was proven to hold this version (UTC).';

CREATE TABLE ops.archive_progress (
    policy text PRIMARY KEY,
    done_version timestamptz NOT NULL DEFAULT '-infinity',
    done_time timestamptz NOT NULL DEFAULT '-infinity',
    horizon timestamptz NOT NULL DEFAULT '-infinity',
    cutoff timestamptz NOT NULL DEFAULT '-infinity',
    cursor text [],
    is_full boolean NOT NULL DEFAULT TRUE,
    full_at timestamptz,
    purged_through timestamptz NOT NULL DEFAULT '-infinity',
    moved_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

COMMENT ON TABLE ops.archive_progress IS 'How far each policy has come. Only saves work: a full pass compares every due row with the marks.';
COMMENT ON COLUMN ops.archive_progress.policy IS 'Archive policy.';
COMMENT ON COLUMN ops.archive_progress.done_version IS 'Every row that was due and not newer than this has been dealt with (UTC).';
COMMENT ON COLUMN ops.archive_progress.done_time IS 'For policies by age: rows up to this time were due (UTC).';
COMMENT ON COLUMN ops.archive_progress.horizon IS 'The pass under way, or the last one, takes versions up to this. No row gets a version that is not later (UTC).';
COMMENT ON COLUMN ops.archive_progress.cutoff IS 'For policies by age: the pass under way, or the last one, takes rows before this time (UTC).';
COMMENT ON COLUMN ops.archive_progress.cursor IS 'Order columns of the last row that the pass under way has archived; NULL: no pass is under way.';
COMMENT ON COLUMN ops.archive_progress.is_full IS 'Whether the pass under way compares every due row with the marks.';
COMMENT ON COLUMN ops.archive_progress.full_at IS 'When the last full pass began (UTC).';
COMMENT ON COLUMN ops.archive_progress.purged_through IS 'No manifest verified before this has rows left to purge (UTC).';
COMMENT ON COLUMN ops.archive_progress.moved_at IS 'When this row last changed (UTC).';

CREATE TABLE ops.archive_recalls (
    policy text NOT NULL,
    key text NOT NULL,
    recalled_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (policy, key)
);

COMMENT ON TABLE ops.archive_recalls IS 'Archived rows that are no longer due, such as a reopened trade: their present state travels once, so that ClickHouse does not keep showing the old one.';
COMMENT ON COLUMN ops.archive_recalls.policy IS 'Archive policy.';
COMMENT ON COLUMN ops.archive_recalls.key IS 'Key of the row, as text.';
COMMENT ON COLUMN ops.archive_recalls.recalled_at IS 'When it stopped being due (UTC).';

CREATE TABLE ops.archive_purges (
    policy text NOT NULL,
    batch uuid NOT NULL,
    rows bigint NOT NULL CHECK (rows >= 0),
    is_complete boolean NOT NULL,
    purged_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    run_id text
);

CREATE INDEX archive_purges_batch ON ops.archive_purges (policy, batch);
CREATE INDEX archive_purges_purged_at ON ops.archive_purges (purged_at);

COMMENT ON TABLE ops.archive_purges IS 'What was deleted from PostgreSQL after its grace, batch by batch. Append-only.';
COMMENT ON COLUMN ops.archive_purges.policy IS 'Archive policy.';
COMMENT ON COLUMN ops.archive_purges.batch IS 'The manifest that covers the rows.';
COMMENT ON COLUMN ops.archive_purges.rows IS 'Rows deleted.';
COMMENT ON COLUMN ops.archive_purges.is_complete IS 'Whether no row of the batch is left that could be deleted.';
COMMENT ON COLUMN ops.archive_purges.purged_at IS 'When they were deleted (UTC).';
COMMENT ON COLUMN ops.archive_purges.run_id IS 'Dagster run that did it.';

CREATE TABLE ops.lasting_marts (
    mart text PRIMARY KEY,
    since timestamptz NOT NULL DEFAULT clock_timestamp()
);

COMMENT ON TABLE ops.lasting_marts IS 'Marts of PostgreSQL that keep rows whose source row was purged. A mart that is rebuilt from its source would lose them, so no purge relies on one that is not listed here.';
COMMENT ON COLUMN ops.lasting_marts.mart IS 'Table of the schema analytics, such as trade_facts.';
COMMENT ON COLUMN ops.lasting_marts.since IS 'When it was listed (UTC).';

CREATE TABLE ops.archive_parity (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    checked_at timestamptz NOT NULL DEFAULT now(),
    run_id text,
    policy text NOT NULL,
    day date NOT NULL,
    rows_expected bigint NOT NULL,
    rows_found bigint NOT NULL,
    sums_expected jsonb NOT NULL,
    sums_found jsonb NOT NULL,
    batches jsonb NOT NULL DEFAULT '[]',
    agree boolean NOT NULL
);

CREATE INDEX archive_parity_policy_checked_at ON ops.archive_parity (policy, checked_at DESC);

COMMENT ON TABLE ops.archive_parity IS 'Archived rows and sums per day: what the manifests say and what ClickHouse holds. Days that changed since the last check.';
COMMENT ON COLUMN ops.archive_parity.id IS 'Id given by this database.';
COMMENT ON COLUMN ops.archive_parity.checked_at IS 'When it was compared (UTC).';
COMMENT ON COLUMN ops.archive_parity.run_id IS 'Dagster run that compared.';
COMMENT ON COLUMN ops.archive_parity.policy IS 'Archive policy.';
COMMENT ON COLUMN ops.archive_parity.day IS 'UTC day of the policy''s time column.';
COMMENT ON COLUMN ops.archive_parity.rows_expected IS 'Rows that the manifests prove, less those that a later version replaced.';
COMMENT ON COLUMN ops.archive_parity.rows_found IS 'Rows in ClickHouse, newest versions.';
COMMENT ON COLUMN ops.archive_parity.sums_expected IS 'Sums of money by the manifests.';
COMMENT ON COLUMN ops.archive_parity.sums_found IS 'Sums of money in ClickHouse.';
COMMENT ON COLUMN ops.archive_parity.batches IS 'Batches of a difference: batch, rows missing or changed, first keys.';
COMMENT ON COLUMN ops.archive_parity.agree IS 'Whether both agree.';

CREATE TABLE ops.archive_superseded (
    policy text NOT NULL,
    batch uuid NOT NULL,
    day date NOT NULL,
    rows bigint NOT NULL CHECK (rows >= 0),
    sums jsonb NOT NULL,
    checked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (policy, batch, day)
);

COMMENT ON TABLE ops.archive_superseded IS 'Rows of a batch that later versions replaced, found row by row. Only saves work: the next check expects so many less.';
COMMENT ON COLUMN ops.archive_superseded.policy IS 'Archive policy.';
COMMENT ON COLUMN ops.archive_superseded.batch IS 'The batch whose rows were replaced.';
COMMENT ON COLUMN ops.archive_superseded.day IS 'UTC day under which the batch counted them.';
COMMENT ON COLUMN ops.archive_superseded.rows IS 'How many rows are replaced.';
COMMENT ON COLUMN ops.archive_superseded.sums IS 'Their part of the sums of money.';
COMMENT ON COLUMN ops.archive_superseded.checked_at IS 'When every row of the batch was last compared by its digest (UTC).';

CREATE VIEW ops.archived AS
SELECT m.policy, listed.key, listed.version, m.batch, m.verified_at AS archived_at
FROM ops.archive_manifests AS m
CROSS JOIN LATERAL unnest(m.row_keys, m.row_versions) AS listed (key, version)
WHERE m.verdict = 'verified' AND m.kind = 'archive';

COMMENT ON VIEW ops.archived IS 'Every row version ever archived, from the lists of the manifests. For one row ask with its policy and batch, or `candlehouse prove`.';
COMMENT ON COLUMN ops.archived.policy IS 'Archive policy.';
COMMENT ON COLUMN ops.archived.key IS 'Key of the row, as text.';
COMMENT ON COLUMN ops.archived.version IS 'updated_at of the row (UTC).';
COMMENT ON COLUMN ops.archived.batch IS 'The manifest that covers it.';
COMMENT ON COLUMN ops.archived.archived_at IS 'When ClickHouse was proven to hold this version (UTC).';

CREATE FUNCTION ops.append_only() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%.% is append-only: % refused', TG_TABLE_SCHEMA, TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;
END
$$;

COMMENT ON FUNCTION ops.append_only() IS 'Trigger: what is written stays as it is.';

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ops.archive_manifests
FOR EACH STATEMENT EXECUTE FUNCTION ops.append_only();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ops.archive_purges
FOR EACH STATEMENT EXECUTE FUNCTION ops.append_only();

-- A transaction that has written and not ended may still bring rows older than the settle delay. SECURITY DEFINER: only a
-- superuser sees what others have begun.
CREATE FUNCTION ops.archive_horizon(settle interval) RETURNS timestamptz
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT least(
        clock_timestamp() - settle,
        (
            SELECT min(a.xact_start) FROM pg_stat_activity AS a
            -- An autovacuum worker that analyzes has an id and brings no rows.
            WHERE
                a.backend_xid IS NOT NULL AND a.pid <> pg_backend_pid() AND a.datname = current_database()
                AND a.backend_type <> 'autovacuum worker'
        ),
        (SELECT min(p.prepared) FROM pg_prepared_xacts AS p WHERE p.database = current_database())
    )
$$;

COMMENT ON FUNCTION ops.archive_horizon(interval) IS 'Versions up to this time are settled and committed: now less the delay, and not later than the oldest transaction that writes.';

-- U+0001 stands for the quotes: quotes inside of the elements are escaped on the way, these become quotes after that.
CREATE FUNCTION ops.archive_array(elements text []) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT '[' || coalesce(string_agg(chr(1) || element || chr(1), ',' ORDER BY place), '') || ']'
    FROM unnest(elements) WITH ORDINALITY AS listed (element, place)
$$;

COMMENT ON FUNCTION ops.archive_array(text []) IS 'An array as ClickHouse writes it, with U+0001 for the quotes around elements; [] for NULL.';

-- Versions only grow: past the row's own older version, and past whatever the archive has already looked at. So a row that
-- comes back after its purge is newer than its archived self even when the clock jumped back or the writer brought a time.
CREATE FUNCTION ops.grow_version() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    seen timestamptz;
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF EXISTS (SELECT FROM ops.erased_rows AS e WHERE e.policy = TG_ARGV[0] AND e.key = NEW.id::text) THEN
            RAISE EXCEPTION '%.%: % was erased on request, and an erased id is not taken again',
                TG_TABLE_SCHEMA, TG_TABLE_NAME, NEW.id
                USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;
        END IF;
        -- An INSERT has no transaction id before its row is written, so the horizon of a pass could overtake the stamp that
        -- the row already has. With the id first and the stamp after it, either the pass waits for this transaction or the
        -- stamp is later. An UPDATE has locked its row, and has an id.
        PERFORM pg_current_xact_id();
        IF NEW.updated_at BETWEEN now() AND clock_timestamp() THEN
            NEW.updated_at := clock_timestamp();
        END IF;
    ELSIF NEW.updated_at <= OLD.updated_at THEN
        NEW.updated_at := OLD.updated_at + interval '1 microsecond';
    END IF;
    seen := (SELECT p.horizon FROM ops.archive_progress AS p WHERE p.policy = TG_ARGV[0]);
    IF NEW.updated_at <= seen THEN
        NEW.updated_at := greatest(clock_timestamp(), seen + interval '1 microsecond');
    END IF;
    RETURN NEW;
END
$$;

COMMENT ON FUNCTION ops.grow_version() IS 'Trigger: updated_at is later than the row''s older version and than everything the archive of the policy (argument) has looked at; an erased id does not come back.';

-- ClickHouse tells rows apart by these columns: a changed one would leave its old self behind for ever. A table that is
-- archived by age lets young rows change.
CREATE FUNCTION ops.keep_identity() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_NARGS > 2 AND (to_jsonb(OLD) ->> TG_ARGV[2])::timestamptz
        >= (SELECT p.cutoff FROM ops.archive_progress AS p WHERE p.policy = TG_ARGV[0])
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '%.%: % of a row that may be archived never changes: insert a new row instead',
        TG_TABLE_SCHEMA, TG_TABLE_NAME, TG_ARGV[1]
        USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;
END
$$;

COMMENT ON FUNCTION ops.keep_identity() IS 'Trigger with the arguments policy, columns and time column (where rows are archived by age): the columns under which ClickHouse keeps a row do not change.';

CREATE FUNCTION ops.recall_archived() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    row_key text := to_jsonb(OLD) ->> TG_ARGV[1];
BEGIN
    INSERT INTO ops.archive_recalls (policy, key)
    SELECT TG_ARGV[0], row_key
    WHERE EXISTS (
        SELECT FROM ops.archive_marks AS m WHERE m.policy = TG_ARGV[0] AND m.version = OLD.updated_at AND m.key = row_key
    )
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION ops.recall_archived() IS 'Trigger with the arguments policy and key column: an archived row that is no longer due travels once more.';

-- The marks say which manifests to look into; the list of a verified manifest decides. One query for the whole statement.
CREATE FUNCTION ops.refuse_unproven_delete() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    unproven bigint;
    example text;
BEGIN
    EXECUTE format(
        'WITH wanted AS MATERIALIZED (SELECT gone.%I::text AS key, gone.updated_at AS version FROM gone),'
        ' listed AS ('
        ' SELECT l.key, l.version FROM ops.archive_manifests AS m'
        ' CROSS JOIN LATERAL unnest(m.row_keys, m.row_versions) AS l (key, version)'
        ' WHERE m.policy = $1 AND m.verdict = ''verified'' AND m.batch IN ('
        ' SELECT marks.batch FROM wanted INNER JOIN ops.archive_marks AS marks'
        ' ON marks.policy = $1 AND marks.version = wanted.version AND marks.key = wanted.key)'
        -- What an erasure takes, in its own transaction only.
        ' UNION ALL SELECT wanted.key, wanted.version FROM wanted'
        ' INNER JOIN ops.erased_rows AS e ON e.policy = $1 AND e.key = wanted.key AND e.version >= wanted.version'
        ' INNER JOIN ops.archive_manifests AS m'
        ' ON m.policy = e.policy AND m.batch = e.batch AND m.kind = ''erasure'' AND m.verdict = ''verified'''
        ' WHERE e.transaction_id = pg_current_xact_id())'
        ' SELECT count(*), min(key) FROM (SELECT key, version FROM wanted EXCEPT SELECT key, version FROM listed) AS missing',
        TG_ARGV[1]
    ) INTO unproven, example USING TG_ARGV[0];
    IF unproven > 0 THEN
        RAISE EXCEPTION 'DELETE on %.% refused: % of its rows are covered by no verified archive manifest in this version, the first is %',
            TG_TABLE_SCHEMA, TG_TABLE_NAME, unproven, example
            USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME,
            HINT = 'Archive first (candlehouse archive apply), or disable the trigger on purpose.';
    END IF;
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION ops.refuse_unproven_delete() IS 'Trigger with the arguments policy and key column: a row leaves PostgreSQL only when a verified manifest lists this version of it, or with the erasure manifest of its own transaction.';

CREATE FUNCTION ops.refuse_unproven_truncate() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    unproven bigint;
    example text;
BEGIN
    EXECUTE format(
        'SELECT count(*), min(t.%1$I::text) FROM %2$I.%3$I AS t WHERE NOT EXISTS ('
        ' SELECT FROM ops.archive_marks AS marks'
        ' INNER JOIN ops.archived ON archived.policy = marks.policy AND archived.batch = marks.batch'
        ' AND archived.version = marks.version AND archived.key = marks.key'
        ' WHERE marks.policy = $1 AND marks.version = t.updated_at AND marks.key = t.%1$I::text)',
        TG_ARGV[1], TG_TABLE_SCHEMA, TG_TABLE_NAME
    ) INTO unproven, example USING TG_ARGV[0];
    IF unproven > 0 THEN
        RAISE EXCEPTION 'TRUNCATE on %.% refused: % of its rows are covered by no verified archive manifest in this version, the first is %',
            TG_TABLE_SCHEMA, TG_TABLE_NAME, unproven, example
            USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME,
            HINT = 'Archive first (candlehouse archive apply), or disable the trigger on purpose.';
    END IF;
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION ops.refuse_unproven_truncate() IS 'Trigger with the arguments policy and key column: TRUNCATE only of rows that verified manifests list.';

CREATE FUNCTION ops.guard_archive(
    policy text, guarded regclass, key text, identity text [], ages_by text DEFAULT NULL, no_longer_due text DEFAULT NULL
) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    columns text := (SELECT string_agg(quote_ident(name), ', ') FROM unnest(identity) AS name);
    moved text := (
        SELECT string_agg(format('OLD.%1$I IS DISTINCT FROM NEW.%1$I', name), ' OR ') FROM unnest(identity) AS name
    );
    -- A condition of a BEFORE trigger may not name generated columns, and so no whole rows of tables that have some; a
    -- column that is named cannot be retyped.
    changed text := (
        SELECT
            CASE
                WHEN bool_or(a.attgenerated <> '')
                    THEN string_agg(format('OLD.%1$I IS DISTINCT FROM NEW.%1$I', a.attname), ' OR ')
                        FILTER (WHERE a.attgenerated = '')
                ELSE 'OLD.* IS DISTINCT FROM NEW.*'
            END
        FROM pg_attribute AS a
        WHERE a.attrelid = guarded AND a.attnum > 0 AND NOT a.attisdropped
    );
BEGIN
    EXECUTE format(
        'CREATE OR REPLACE TRIGGER version_grows_insert BEFORE INSERT ON %s FOR EACH ROW'
        ' EXECUTE FUNCTION ops.grow_version(%L)', guarded, policy
    );
    EXECUTE format(
        'CREATE OR REPLACE TRIGGER version_grows_update BEFORE UPDATE ON %s FOR EACH ROW WHEN (%s)'
        ' EXECUTE FUNCTION ops.grow_version(%L)', guarded, changed, policy
    );
    EXECUTE format(
        'CREATE OR REPLACE TRIGGER keep_identity BEFORE UPDATE OF %s ON %s FOR EACH ROW WHEN (%s)'
        ' EXECUTE FUNCTION ops.keep_identity(%s)', columns, guarded, moved,
        concat_ws(', ', quote_literal(policy), quote_literal(array_to_string(identity, ', ')), quote_literal(ages_by))
    );
    EXECUTE format(
        'CREATE OR REPLACE TRIGGER archive_guards_delete AFTER DELETE ON %s REFERENCING OLD TABLE AS gone FOR EACH STATEMENT'
        ' EXECUTE FUNCTION ops.refuse_unproven_delete(%L, %L)', guarded, policy, key
    );
    EXECUTE format(
        'CREATE OR REPLACE TRIGGER archive_guards_truncate BEFORE TRUNCATE ON %s FOR EACH STATEMENT'
        ' EXECUTE FUNCTION ops.refuse_unproven_truncate(%L, %L)', guarded, policy, key
    );
    IF no_longer_due IS NOT NULL THEN
        EXECUTE format(
            'CREATE OR REPLACE TRIGGER archive_recalls AFTER UPDATE ON %s FOR EACH ROW WHEN (%s)'
            ' EXECUTE FUNCTION ops.recall_archived(%L, %L)', guarded, no_longer_due, policy, key
        );
    END IF;
    INSERT INTO ops.archive_progress (policy) VALUES (guard_archive.policy) ON CONFLICT DO NOTHING;
END
$$;

COMMENT ON FUNCTION ops.guard_archive(text, regclass, text, text [], text, text) IS 'Puts a table under the guard of the archive: versions grow, identities stay, and no row leaves without proof. key identifies a row here, identity in ClickHouse; ages_by is the time column of a policy by age, no_longer_due a condition over OLD and NEW.';

-- In the order in which policies take rows.
CREATE INDEX orders_finished_at ON orders (finished_at, id) WHERE finished_at IS NOT NULL;
CREATE INDEX agent_reasoning_sessions_started_at ON agent_reasoning_sessions (started_at, id);
CREATE INDEX agent_reflections_created_at ON agent_reflections (created_at, id);
CREATE INDEX decision_cycles_executed_at ON decision_cycles (executed_at, id);
CREATE INDEX price_ticks_priced_at ON price_ticks (priced_at, id);
CREATE INDEX conversations_created_at ON conversations (created_at, id);
CREATE INDEX conversation_messages_created_at ON conversation_messages (created_at, id);

SELECT
    ops.guard_archive(
        'trades', 'trades', 'id', '{id}',
        no_longer_due => 'OLD.status = ''closed'' AND NEW.status IS DISTINCT FROM ''closed'''
    ),
    ops.guard_archive(
        'orders', 'orders', 'id', '{id}', no_longer_due => 'OLD.finished_at IS NOT NULL AND NEW.finished_at IS NULL'
    ),
    ops.guard_archive('agent_reasoning_sessions', 'agent_reasoning_sessions', 'id', '{id}'),
    ops.guard_archive('agent_reflections', 'agent_reflections', 'id', '{id}'),
    ops.guard_archive('decision_cycles', 'decision_cycles', 'id', '{id}'),
    ops.guard_archive('price_ticks', 'price_ticks', 'id', '{id, exchange, symbol, priced_at, price}', 'priced_at'),
    ops.guard_archive('conversation_messages', 'conversation_messages', 'id', '{id, conversation_id}', 'created_at'),
    ops.guard_archive('conversations', 'conversations', 'id', '{id, agent_id}', 'created_at'),
    ops.guard_archive(
        'account_equity_snapshots', 'account_equity_snapshots', 'id', '{id, agent_id, exchange, captured_at}', 'captured_at'
    ),
    ops.guard_archive('agent_analysis_results', 'agent_analysis_results', 'id', '{id}'),
    ops.guard_archive('trading_signals', 'trading_signals', 'id', '{id}'),
    ops.guard_archive('news_documents', 'news_documents', 'id', '{id}'),
    ops.guard_archive('social_documents', 'social_documents', 'id', '{id}');
