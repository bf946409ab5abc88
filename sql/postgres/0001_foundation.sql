-- Schemas, the trigger that keeps updated_at, and the quarantine that every writer shares.

CREATE SCHEMA IF NOT EXISTS ops;
CREATE SCHEMA IF NOT EXISTS analytics;
CREATE EXTENSION IF NOT EXISTS vector;

COMMENT ON SCHEMA ops IS 'Ledgers and manifests of the data house itself.';
COMMENT ON SCHEMA analytics IS 'Marts built by dbt.';

CREATE FUNCTION ops.touch_updated_at() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at := greatest(clock_timestamp(), OLD.updated_at + interval '1 microsecond');
    RETURN NEW;
END
$$;

COMMENT ON FUNCTION ops.touch_updated_at() IS 'Trigger: updated_at is when the row last changed. It only grows: ClickHouse takes the row with the largest as the newest.';

-- Epoch milliseconds exist in facades only. floor: a time between two milliseconds belongs to the earlier one.
CREATE FUNCTION ops.epoch_ms(moment timestamptz) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT floor(extract(EPOCH FROM moment) * 1000)::bigint
$$;

COMMENT ON FUNCTION ops.epoch_ms(timestamptz) IS 'Milliseconds since 1970-01-01 UTC, rounded down. NULL for NULL.';

CREATE FUNCTION ops.from_epoch_ms(ms bigint) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT to_timestamp(ms / 1000) + (ms % 1000) * interval '1 millisecond'
$$;

COMMENT ON FUNCTION ops.from_epoch_ms(bigint) IS 'The time that is so many milliseconds after 1970-01-01 UTC, exactly. NULL for NULL.';

-- What rows of designs without these concepts get, and what their facades show. Set with
-- ALTER DATABASE or ALTER ROLE ... SET candlehouse.exchange = 'bybit'.
CREATE FUNCTION ops.home_exchange() RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce(nullif(current_setting('candlehouse.exchange', true), ''), 'hyperliquid')
$$;

COMMENT ON FUNCTION ops.home_exchange() IS 'Exchange of rows whose design has no exchange column: setting candlehouse.exchange, else hyperliquid.';

CREATE FUNCTION ops.home_agent() RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce(nullif(current_setting('candlehouse.agent_id', true), ''), 'learning')
$$;

COMMENT ON FUNCTION ops.home_agent() IS 'Agent of rows whose design has no agent column: setting candlehouse.agent_id, else learning.';

CREATE FUNCTION ops.in_view(exchange text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT (exchange = 'sandbox') = (ops.home_exchange() = 'sandbox')
$$;

COMMENT ON FUNCTION ops.in_view(text) IS 'Whether a facade without an exchange column shows rows of this exchange: sandbox rows never mix with real ones.';

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
