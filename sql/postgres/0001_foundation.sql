-- Schemas, the trigger that keeps updated_at, and the quarantine that every writer shares.

CREATE SCHEMA IF NOT EXISTS ops;
CREATE SCHEMA IF NOT EXISTS analytics;
CREATE EXTENSION IF NOT EXISTS vector;

COMMENT ON SCHEMA ops IS 'Ledgers and manifests of the data house itself.';
COMMENT ON SCHEMA analytics IS 'Marts built by dbt.';

CREATE FUNCTION ops.touch_updated_at() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at := clock_timestamp();
    RETURN NEW;
END
$$;

CREATE TABLE ops.quarantine (
    source text NOT NULL,
    row_key text NOT NULL,
    reason text NOT NULL,
    payload jsonb NOT NULL,
    first_seen_at timestamptz NOT NULL DEFAULT now(),
    last_seen_at timestamptz NOT NULL DEFAULT now(),
    times_seen integer NOT NULL DEFAULT 1 CHECK (times_seen > 0),
    PRIMARY KEY (source, row_key, reason)
);

COMMENT ON TABLE ops.quarantine IS 'Rows that were refused: kept as they came, with the reason. One row per source, key and reason.';
COMMENT ON COLUMN ops.quarantine.source IS 'The writer that refused the row, such as candles/binance or import/nof0/trades.';
COMMENT ON COLUMN ops.quarantine.row_key IS 'Identity of the row at its source.';
COMMENT ON COLUMN ops.quarantine.reason IS 'Why it was refused, for a person to read.';
COMMENT ON COLUMN ops.quarantine.payload IS 'The row as it was received.';
COMMENT ON COLUMN ops.quarantine.first_seen_at IS 'When it was first refused (UTC).';
COMMENT ON COLUMN ops.quarantine.last_seen_at IS 'When it was last refused (UTC).';
COMMENT ON COLUMN ops.quarantine.times_seen IS 'How often it was offered and refused.';
