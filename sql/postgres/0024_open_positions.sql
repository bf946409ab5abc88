-- Positions that are still open count in every day since their entry. Both warehouses get the same list of them with each
-- cut: what is open changes with every fill, so versions of it would have to be kept for all trades there ever were.

CREATE TABLE mart_positions (
    cut bigint NOT NULL REFERENCES ops.mart_cuts (id) ON DELETE CASCADE,
    trade_id text NOT NULL COLLATE "C",
    agent_id text NOT NULL,
    exchange text NOT NULL,
    symbol text NOT NULL,
    side text NOT NULL CHECK (side IN ('long', 'short')),
    currency text NOT NULL,
    origin text NOT NULL CHECK (ops.is_origin(origin)),
    quantity numeric CONSTRAINT mart_positions_quantity_fits CHECK (ops.fits_decimal(quantity)),
    entry_price numeric CONSTRAINT mart_positions_entry_price_fits CHECK (ops.fits_decimal(entry_price)),
    opened_at timestamptz NOT NULL,
    version timestamptz NOT NULL,
    PRIMARY KEY (cut, trade_id)
);

COMMENT ON TABLE mart_positions IS 'Positions that were open at the last cuts of the marts, or closed but not yet proven to be in ClickHouse.';
COMMENT ON COLUMN mart_positions.cut IS 'The cut (ops.mart_cuts).';
COMMENT ON COLUMN mart_positions.trade_id IS 'Id of the trade.';
COMMENT ON COLUMN mart_positions.agent_id IS 'Who holds it.';
COMMENT ON COLUMN mart_positions.exchange IS 'Venue; sandbox for generated data.';
COMMENT ON COLUMN mart_positions.symbol IS 'Instrument, as the venue names it.';
COMMENT ON COLUMN mart_positions.side IS 'long or short.';
COMMENT ON COLUMN mart_positions.currency IS 'Currency of prices and PnL.';
COMMENT ON COLUMN mart_positions.origin IS 'live, recorded, repaired, paper, simulated or handmade.';
COMMENT ON COLUMN mart_positions.quantity IS 'Size in units of the base asset, positive.';
COMMENT ON COLUMN mart_positions.entry_price IS 'Average entry price, in the currency per unit.';
COMMENT ON COLUMN mart_positions.opened_at IS 'When the position was entered (UTC).';
COMMENT ON COLUMN mart_positions.version IS 'Version of the trade (UTC).';
