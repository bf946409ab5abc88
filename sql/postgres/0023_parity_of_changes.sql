-- Marts that grow without end are compared whole once a day and after full builds, else what changed since they agreed.

ALTER TABLE ops.mart_parity ADD COLUMN as_of timestamptz, ADD COLUMN is_whole boolean NOT NULL DEFAULT TRUE;

COMMENT ON COLUMN ops.mart_parity.as_of IS 'Cut of trades that both sides were built of; NULL where no build is known.';
COMMENT ON COLUMN ops.mart_parity.is_whole IS 'Whether every row was compared, not only those that changed since the two sides agreed.';
