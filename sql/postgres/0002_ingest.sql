-- The gap ledger: what was asked of a venue, what came, and what the venue itself does not have.

CREATE TABLE ops.ingest_windows (
    exchange text NOT NULL,
    symbol text NOT NULL,
    timeframe text NOT NULL,
    window_start timestamptz NOT NULL,
    window_end timestamptz NOT NULL,
    state text NOT NULL CHECK (state IN ('complete', 'confirmed_empty', 'open', 'partial', 'missing', 'failed')),
    expected integer NOT NULL CHECK (expected >= 0),
    got integer NOT NULL CHECK (got >= 0),
    confirmed_empty integer NOT NULL DEFAULT 0 CHECK (confirmed_empty >= 0),
    quarantined integer NOT NULL DEFAULT 0 CHECK (quarantined >= 0),
    corrections integer NOT NULL DEFAULT 0 CHECK (corrections >= 0),
    cause text,
    tries integer NOT NULL DEFAULT 1 CHECK (tries > 0),
    rechecked_at timestamptz,
    first_checked_at timestamptz NOT NULL DEFAULT now(),
    checked_at timestamptz NOT NULL DEFAULT now(),
    run_id text,
    PRIMARY KEY (exchange, symbol, timeframe, window_start),
    CHECK (window_end > window_start),
    CHECK (got + confirmed_empty <= expected)
);

CREATE INDEX ingest_windows_day ON ops.ingest_windows (window_start);
CREATE INDEX ingest_windows_unfinished ON ops.ingest_windows (window_start)
WHERE state IN ('open', 'partial', 'missing', 'failed');

COMMENT ON TABLE ops.ingest_windows IS 'One row per market and UTC day: how much of it is stored. Written only after ClickHouse acknowledged the rows.';
COMMENT ON COLUMN ops.ingest_windows.exchange IS 'Venue.';
COMMENT ON COLUMN ops.ingest_windows.symbol IS 'Unified symbol such as BTC/USDT.';
COMMENT ON COLUMN ops.ingest_windows.timeframe IS 'Timeframe that is fetched.';
COMMENT ON COLUMN ops.ingest_windows.window_start IS 'Start of the UTC day, inclusive.';
COMMENT ON COLUMN ops.ingest_windows.window_end IS 'End of the UTC day, exclusive.';
COMMENT ON COLUMN ops.ingest_windows.state IS 'complete: every candle is stored or confirmed empty. confirmed_empty: no candle exists, says the venue. open: the day is not over, all so far is stored. partial: some candles are missing. missing: all are. failed: the venue did not answer.';
COMMENT ON COLUMN ops.ingest_windows.expected IS 'Candles that were closed when it was checked.';
COMMENT ON COLUMN ops.ingest_windows.got IS 'Candles stored in ClickHouse.';
COMMENT ON COLUMN ops.ingest_windows.confirmed_empty IS 'Candles that the venue confirmed not to have; see ops.ingest_gaps.';
COMMENT ON COLUMN ops.ingest_windows.quarantined IS 'Rows of this day refused by the last check that fetched; see ops.quarantine.';
COMMENT ON COLUMN ops.ingest_windows.corrections IS 'Candles of this day whose values the venue changed after they were stored.';
COMMENT ON COLUMN ops.ingest_windows.cause IS 'Why the day is not complete, for a person to read; NULL when it is.';
COMMENT ON COLUMN ops.ingest_windows.tries IS 'How many checks asked the venue.';
COMMENT ON COLUMN ops.ingest_windows.rechecked_at IS 'When the finished day was compared with the venue for late corrections (UTC); NULL: still due.';
COMMENT ON COLUMN ops.ingest_windows.first_checked_at IS 'When it was first checked (UTC).';
COMMENT ON COLUMN ops.ingest_windows.checked_at IS 'When it was last checked (UTC).';
COMMENT ON COLUMN ops.ingest_windows.run_id IS 'Dagster run of the last check.';

CREATE TABLE ops.ingest_gaps (
    exchange text NOT NULL,
    symbol text NOT NULL,
    timeframe text NOT NULL,
    gap_start timestamptz NOT NULL,
    gap_end timestamptz NOT NULL,
    state text NOT NULL CHECK (state IN ('missing', 'confirmed_empty', 'unavailable')),
    cause text NOT NULL,
    answers integer NOT NULL CHECK (answers >= 0),
    first_seen_at timestamptz NOT NULL,
    checked_at timestamptz NOT NULL,
    PRIMARY KEY (exchange, symbol, timeframe, gap_start),
    CHECK (gap_end > gap_start)
);

COMMENT ON TABLE ops.ingest_gaps IS 'Runs of candles that are not stored, each within one UTC day.';
COMMENT ON COLUMN ops.ingest_gaps.exchange IS 'Venue.';
COMMENT ON COLUMN ops.ingest_gaps.symbol IS 'Unified symbol.';
COMMENT ON COLUMN ops.ingest_gaps.timeframe IS 'Timeframe that is fetched.';
COMMENT ON COLUMN ops.ingest_gaps.gap_start IS 'Open time of the first candle that is not there (UTC).';
COMMENT ON COLUMN ops.ingest_gaps.gap_end IS 'Open time of the next candle that is, or end of the day (UTC, exclusive).';
COMMENT ON COLUMN ops.ingest_gaps.state IS 'missing: asked again by the next run. confirmed_empty: the venue answered with later candles often enough; not asked again. unavailable: older than what the venue keeps; not asked.';
COMMENT ON COLUMN ops.ingest_gaps.cause IS 'Why, for a person to read.';
COMMENT ON COLUMN ops.ingest_gaps.answers IS 'How many answers of the venue went past the gap without filling it.';
COMMENT ON COLUMN ops.ingest_gaps.first_seen_at IS 'When the gap was first seen (UTC).';
COMMENT ON COLUMN ops.ingest_gaps.checked_at IS 'When the venue was last asked about it (UTC).';

CREATE TABLE ops.candle_disputes (
    exchange text NOT NULL,
    symbol text NOT NULL,
    timeframe text NOT NULL,
    "timestamp" timestamptz NOT NULL,
    field text NOT NULL,
    derived double precision,
    venue double precision,
    first_seen_at timestamptz NOT NULL DEFAULT now(),
    last_seen_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (exchange, symbol, timeframe, "timestamp", field)
);

COMMENT ON TABLE ops.candle_disputes IS 'Derived candles that differ from what the venue says for the same timeframe.';
COMMENT ON COLUMN ops.candle_disputes.exchange IS 'Venue.';
COMMENT ON COLUMN ops.candle_disputes.symbol IS 'Unified symbol.';
COMMENT ON COLUMN ops.candle_disputes.timeframe IS 'Derived timeframe.';
COMMENT ON COLUMN ops.candle_disputes."timestamp" IS 'Open time of the candle (UTC).';
COMMENT ON COLUMN ops.candle_disputes.field IS 'open, high, low, close or volume; presence when only one side has the candle.';
COMMENT ON COLUMN ops.candle_disputes.derived IS 'The value added up from the base timeframe.';
COMMENT ON COLUMN ops.candle_disputes.venue IS 'The value that the venue gives.';
COMMENT ON COLUMN ops.candle_disputes.first_seen_at IS 'When the difference was first seen (UTC).';
COMMENT ON COLUMN ops.candle_disputes.last_seen_at IS 'When it was last seen (UTC).';
