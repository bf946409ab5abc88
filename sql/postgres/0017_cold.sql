-- What left ClickHouse for Parquet files, and dumps of PostgreSQL: what was written, the proof, and what became of it.

CREATE TABLE ops.cold_files (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('export', 'erasure')),
    table_name text NOT NULL,
    month integer NOT NULL CHECK (month BETWEEN 190001 AND 229912 AND month % 100 BETWEEN 1 AND 12),
    generation integer NOT NULL CHECK (generation > 0),
    path text NOT NULL UNIQUE,
    bytes bigint NOT NULL CHECK (bytes > 0),
    sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    rows bigint NOT NULL CHECK (rows > 0),
    source jsonb NOT NULL,
    file jsonb NOT NULL,
    columns jsonb NOT NULL,
    seconds jsonb NOT NULL DEFAULT '{}',
    software text NOT NULL,
    run_id text,
    verified_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT cold_files_both_sides_agree CHECK (source = file),
    CONSTRAINT cold_files_generation UNIQUE (table_name, month, generation)
);

COMMENT ON TABLE ops.cold_files IS 'Parquet files of months of ClickHouse tables, each read back and compared before it was listed here. Append-only.';
COMMENT ON COLUMN ops.cold_files.id IS 'Id given by this database.';
COMMENT ON COLUMN ops.cold_files.kind IS 'export: the newest rows of the month. erasure: an older file without the rows that a request deleted.';
COMMENT ON COLUMN ops.cold_files.table_name IS 'Table of ClickHouse.';
COMMENT ON COLUMN ops.cold_files.month IS 'Partition: UTC month as YYYYMM.';
COMMENT ON COLUMN ops.cold_files.generation IS 'How many files this month has had, this one included.';
COMMENT ON COLUMN ops.cold_files.path IS 'Name under the cold store (CANDLEHOUSE_COLD_URL).';
COMMENT ON COLUMN ops.cold_files.bytes IS 'Size of the file.';
COMMENT ON COLUMN ops.cold_files.sha256 IS 'SHA-256 of the file, hexadecimal.';
COMMENT ON COLUMN ops.cold_files.rows IS 'Rows in the file.';
COMMENT ON COLUMN ops.cold_files.source IS 'Rows, hash over every column, exact sums of decimals, first and last times, as ClickHouse held them.';
COMMENT ON COLUMN ops.cold_files.file IS 'The same, read back from the file in the store.';
COMMENT ON COLUMN ops.cold_files.columns IS 'Columns and their ClickHouse types, in order: [[name, type], ...].';
COMMENT ON COLUMN ops.cold_files.seconds IS 'Seconds that each step took.';
COMMENT ON COLUMN ops.cold_files.software IS 'Versions of Candlehouse, PostgreSQL and ClickHouse.';
COMMENT ON COLUMN ops.cold_files.run_id IS 'Dagster run that made it.';
COMMENT ON COLUMN ops.cold_files.verified_at IS 'When both sides were found to agree (UTC).';

CREATE TABLE ops.cold_events (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    table_name text NOT NULL,
    file_id bigint REFERENCES ops.cold_files (id),
    event text NOT NULL CHECK (event IN ('served', 'dropped', 'restored', 'replaced', 'deleted', 'compared')),
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    details jsonb NOT NULL DEFAULT '{}',
    run_id text,
    CONSTRAINT cold_events_is_about_a_file CHECK ((file_id IS NULL) = (event = 'compared'))
);

CREATE INDEX cold_events_file ON ops.cold_events (file_id, id);
CREATE INDEX cold_events_table_name ON ops.cold_events (table_name, event, at);

COMMENT ON TABLE ops.cold_events IS 'What became of each cold file; its newest event is its state. Append-only.';
COMMENT ON COLUMN ops.cold_events.id IS 'Id given by this database.';
COMMENT ON COLUMN ops.cold_events.table_name IS 'Table of ClickHouse.';
COMMENT ON COLUMN ops.cold_events.file_id IS 'The file; NULL for compared.';
COMMENT ON COLUMN ops.cold_events.event IS 'served: views read it. dropped: its partition has left ClickHouse. restored: its rows are in ClickHouse again. replaced: a newer file took over. deleted: it is gone from the store. compared: no row of the table that came since is older than what the files hold.';
COMMENT ON COLUMN ops.cold_events.at IS 'When (UTC). For compared: rows that came before this were looked at.';
COMMENT ON COLUMN ops.cold_events.details IS 'Dropped parts of ClickHouse, why a file was replaced.';
COMMENT ON COLUMN ops.cold_events.run_id IS 'Dagster run that did it.';

CREATE VIEW ops.cold_state AS
SELECT
    f.id, f.kind, f.table_name, f.month, f.generation, f.path, f.bytes, f.rows, f.verified_at,
    coalesce(e.event, 'written') AS state,
    coalesce(e.at, f.verified_at) AS since
FROM ops.cold_files AS f
LEFT JOIN LATERAL (
    SELECT l.event, l.at FROM ops.cold_events AS l WHERE l.file_id = f.id ORDER BY l.id DESC LIMIT 1
) AS e ON TRUE;

COMMENT ON VIEW ops.cold_state IS 'Every cold file with its state.';
COMMENT ON COLUMN ops.cold_state.id IS 'ops.cold_files.id.';
COMMENT ON COLUMN ops.cold_state.kind IS 'export or erasure.';
COMMENT ON COLUMN ops.cold_state.table_name IS 'Table of ClickHouse.';
COMMENT ON COLUMN ops.cold_state.month IS 'UTC month as YYYYMM.';
COMMENT ON COLUMN ops.cold_state.generation IS 'How many files this month has had, this one included.';
COMMENT ON COLUMN ops.cold_state.path IS 'Name under the cold store.';
COMMENT ON COLUMN ops.cold_state.bytes IS 'Size of the file.';
COMMENT ON COLUMN ops.cold_state.rows IS 'Rows in the file.';
COMMENT ON COLUMN ops.cold_state.verified_at IS 'When it was proven (UTC).';
COMMENT ON COLUMN ops.cold_state.state IS 'written, served, dropped, restored, replaced or deleted: see ops.cold_events.event.';
COMMENT ON COLUMN ops.cold_state.since IS 'Since when (UTC).';

CREATE TABLE ops.dumps (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    path text NOT NULL UNIQUE,
    bytes bigint NOT NULL CHECK (bytes > 0),
    sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    tables jsonb NOT NULL,
    settings jsonb NOT NULL,
    seconds jsonb NOT NULL DEFAULT '{}',
    software text NOT NULL,
    run_id text,
    snapshot_at timestamptz NOT NULL,
    verified_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

COMMENT ON TABLE ops.dumps IS 'Dumps of this database in the cold store (pg_dump, custom format). Append-only.';
COMMENT ON COLUMN ops.dumps.id IS 'Id given by this database.';
COMMENT ON COLUMN ops.dumps.path IS 'Name under the cold store (CANDLEHOUSE_COLD_URL).';
COMMENT ON COLUMN ops.dumps.bytes IS 'Size of the dump.';
COMMENT ON COLUMN ops.dumps.sha256 IS 'SHA-256 of the dump, hexadecimal.';
COMMENT ON COLUMN ops.dumps.tables IS 'Rows and hash of every table in the snapshot that was dumped: {"schema.table": [rows, hash]}.';
COMMENT ON COLUMN ops.dumps.settings IS 'Settings of the database (ALTER DATABASE ... SET), which pg_dump leaves out.';
COMMENT ON COLUMN ops.dumps.seconds IS 'Seconds that each step took.';
COMMENT ON COLUMN ops.dumps.software IS 'Versions of Candlehouse, PostgreSQL and pg_dump.';
COMMENT ON COLUMN ops.dumps.run_id IS 'Dagster run that made it.';
COMMENT ON COLUMN ops.dumps.snapshot_at IS 'Time of the snapshot (UTC).';
COMMENT ON COLUMN ops.dumps.verified_at IS 'When the bytes in the store were read back and found right (UTC).';

CREATE TABLE ops.dump_deletions (
    dump_id bigint PRIMARY KEY REFERENCES ops.dumps (id),
    deleted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    run_id text
);

COMMENT ON TABLE ops.dump_deletions IS 'Dumps that made room for newer ones. Append-only.';
COMMENT ON COLUMN ops.dump_deletions.dump_id IS 'The dump.';
COMMENT ON COLUMN ops.dump_deletions.deleted_at IS 'When it was deleted from the store (UTC).';
COMMENT ON COLUMN ops.dump_deletions.run_id IS 'Dagster run that did it.';

CREATE TABLE ops.restore_drills (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    file_id bigint REFERENCES ops.cold_files (id),
    dump_id bigint REFERENCES ops.dumps (id),
    passed boolean NOT NULL,
    reason text,
    rows bigint NOT NULL DEFAULT 0,
    bytes bigint NOT NULL DEFAULT 0,
    seconds double precision NOT NULL,
    drilled_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    run_id text,
    CONSTRAINT restore_drills_is_about_one_thing CHECK (num_nonnulls(file_id, dump_id) = 1),
    CONSTRAINT restore_drills_failure_has_reason CHECK (passed OR reason IS NOT NULL)
);

CREATE INDEX restore_drills_file ON ops.restore_drills (file_id, drilled_at);
CREATE INDEX restore_drills_dump ON ops.restore_drills (dump_id, drilled_at);

COMMENT ON TABLE ops.restore_drills IS 'Restores that were tried: a file into a scratch table of ClickHouse, a dump into a scratch database, compared and dropped again. Append-only.';
COMMENT ON COLUMN ops.restore_drills.id IS 'Id given by this database.';
COMMENT ON COLUMN ops.restore_drills.file_id IS 'The cold file.';
COMMENT ON COLUMN ops.restore_drills.dump_id IS 'The dump.';
COMMENT ON COLUMN ops.restore_drills.passed IS 'Whether everything came back as it was written.';
COMMENT ON COLUMN ops.restore_drills.reason IS 'Why not, for a person to read.';
COMMENT ON COLUMN ops.restore_drills.rows IS 'Rows that came back.';
COMMENT ON COLUMN ops.restore_drills.bytes IS 'Bytes read from the store.';
COMMENT ON COLUMN ops.restore_drills.seconds IS 'How long it took.';
COMMENT ON COLUMN ops.restore_drills.drilled_at IS 'When (UTC).';
COMMENT ON COLUMN ops.restore_drills.run_id IS 'Dagster run that did it.';

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ops.cold_files
FOR EACH STATEMENT EXECUTE FUNCTION ops.append_only();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ops.cold_events
FOR EACH STATEMENT EXECUTE FUNCTION ops.append_only();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ops.dumps
FOR EACH STATEMENT EXECUTE FUNCTION ops.append_only();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ops.dump_deletions
FOR EACH STATEMENT EXECUTE FUNCTION ops.append_only();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ops.restore_drills
FOR EACH STATEMENT EXECUTE FUNCTION ops.append_only();
