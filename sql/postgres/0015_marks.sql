-- Prices at which positions that stay open overnight are valued. Candles live in ClickHouse; marts of both warehouses
-- need the same prices, so they are taken from there once and stored here.

CREATE TABLE daily_marks (
    exchange text NOT NULL CHECK (exchange <> ''),
    symbol text NOT NULL CHECK (symbol <> ''),
    day date NOT NULL,
    price numeric NOT NULL CONSTRAINT daily_marks_price_fits CHECK (ops.fits_decimal(price) AND price > 0),
    priced_at timestamptz NOT NULL,
    market_exchange text NOT NULL,
    market_symbol text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (exchange, symbol, day)
);

CREATE INDEX daily_marks_updated_at ON daily_marks (updated_at);

COMMENT ON TABLE daily_marks IS 'Last price of each UTC day for the instruments that agents held, from stored candles.';
COMMENT ON COLUMN daily_marks.exchange IS 'Venue of the trades; sandbox for generated data.';
COMMENT ON COLUMN daily_marks.symbol IS 'Instrument, as the venue of the trades names it.';
COMMENT ON COLUMN daily_marks.day IS 'UTC day.';
COMMENT ON COLUMN daily_marks.price IS 'Close of the last candle of the day, in the quote currency per unit.';
COMMENT ON COLUMN daily_marks.priced_at IS 'When that candle ended (UTC); before midnight where candles are missing or the day is not over.';
COMMENT ON COLUMN daily_marks.market_exchange IS 'Venue of the candles: the same one where it has the market, else another with the same base asset.';
COMMENT ON COLUMN daily_marks.market_symbol IS 'Market of the candles.';
COMMENT ON COLUMN daily_marks.created_at IS 'When the mark was first taken (UTC).';
COMMENT ON COLUMN daily_marks.updated_at IS 'When the row last changed (UTC); kept by trigger. Version of the row in ClickHouse.';

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON daily_marks FOR EACH ROW
WHEN (old.* IS DISTINCT FROM new.*) EXECUTE FUNCTION ops.touch_updated_at();
