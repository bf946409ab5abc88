-- Rows that leave for good because somebody asked: from PostgreSQL, ClickHouse and the cold files. Only the owner of the
-- database writes these tables, and only with them does the guard of the archive let an unproven row go.

CREATE TABLE ops.erasures (
    id uuid PRIMARY KEY,
    subject jsonb,
    digest text NOT NULL,
    agents text [] NOT NULL DEFAULT '{}',
    reason text,
    software text NOT NULL,
    begun_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at timestamptz,
    CONSTRAINT erasures_forget_whom CHECK ((finished_at IS NULL) = (subject IS NOT NULL))
);

CREATE INDEX erasures_digest ON ops.erasures (digest);

COMMENT ON TABLE ops.erasures IS 'Requests to delete a person''s data or single rows, begun when their rows had left PostgreSQL, finished when no store holds them.';
COMMENT ON COLUMN ops.erasures.id IS 'Id of the request.';
COMMENT ON COLUMN ops.erasures.subject IS 'Whom or what it is about, until it is finished: {"user": ID} or {"policy": NAME, "keys": [...]}. NULL afterwards.';
COMMENT ON COLUMN ops.erasures.digest IS 'SHA-256 of the subject, so that the same request is known again without saying whose it was.';
COMMENT ON COLUMN ops.erasures.agents IS 'Agents that only this person ran, and which went with the person.';
COMMENT ON COLUMN ops.erasures.reason IS 'Why, in the operator''s words, such as the number of a ticket.';
COMMENT ON COLUMN ops.erasures.software IS 'Versions of Candlehouse, PostgreSQL and ClickHouse.';
COMMENT ON COLUMN ops.erasures.begun_at IS 'When the rows left PostgreSQL (UTC).';
COMMENT ON COLUMN ops.erasures.finished_at IS 'When no store held them any more (UTC); NULL: `candlehouse erase apply` goes on with it.';

CREATE TABLE ops.erased_rows (
    policy text NOT NULL COLLATE "C",
    key text NOT NULL COLLATE "C",
    version timestamptz NOT NULL,
    erasure uuid NOT NULL REFERENCES ops.erasures (id),
    batch uuid NOT NULL,
    transaction_id xid8 NOT NULL DEFAULT pg_current_xact_id(),
    erased_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (policy, key)
);

CREATE INDEX erased_rows_erasure ON ops.erased_rows (erasure);

COMMENT ON TABLE ops.erased_rows IS 'Keys of erased rows of tables that are archived: they do not come back, and the archive does not miss them. Keys only, no content.';
COMMENT ON COLUMN ops.erased_rows.policy IS 'Archive policy, named after its table.';
COMMENT ON COLUMN ops.erased_rows.key IS 'Key of the row, as text.';
COMMENT ON COLUMN ops.erased_rows.version IS 'updated_at of its newest version (UTC).';
COMMENT ON COLUMN ops.erased_rows.erasure IS 'The request.';
COMMENT ON COLUMN ops.erased_rows.batch IS 'Its manifest in ops.archive_manifests, of kind erasure.';
COMMENT ON COLUMN ops.erased_rows.transaction_id IS 'Transaction of PostgreSQL that deleted it; the guard lets the row go in this one only.';
COMMENT ON COLUMN ops.erased_rows.erased_at IS 'When (UTC).';

CREATE TABLE ops.erasure_steps (
    erasure uuid NOT NULL REFERENCES ops.erasures (id),
    store text NOT NULL CHECK (store IN ('postgres', 'clickhouse', 'cold')),
    relation text NOT NULL,
    rows bigint NOT NULL CHECK (rows >= 0),
    done_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (erasure, store, relation)
);

COMMENT ON TABLE ops.erasure_steps IS 'What an erasure has done, table by table: how many rows went, and where nothing is left to do.';
COMMENT ON COLUMN ops.erasure_steps.erasure IS 'The request.';
COMMENT ON COLUMN ops.erasure_steps.store IS 'postgres, clickhouse or cold.';
COMMENT ON COLUMN ops.erasure_steps.relation IS 'Table, or table.column where only that was set to NULL.';
COMMENT ON COLUMN ops.erasure_steps.rows IS 'Rows deleted or changed; in ClickHouse every version counts.';
COMMENT ON COLUMN ops.erasure_steps.done_at IS 'When (UTC).';

-- Not SECURITY DEFINER: it asks who writes.
CREATE FUNCTION ops.refuse_foreign_erasure() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT pg_has_role(current_user, (SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'USAGE') THEN
        RAISE EXCEPTION 'an erasure manifest is written by the owner of the database alone: candlehouse erase'
            USING ERRCODE = 'insufficient_privilege', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END
$$;

COMMENT ON FUNCTION ops.refuse_foreign_erasure() IS 'Trigger: no role but the owner writes erasure manifests.';

CREATE TRIGGER only_the_owner_erases BEFORE INSERT ON ops.archive_manifests
FOR EACH ROW WHEN (NEW.kind = 'erasure') EXECUTE FUNCTION ops.refuse_foreign_erasure();
