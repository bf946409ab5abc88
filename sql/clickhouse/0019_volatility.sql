-- Refreshable: computed anew every hour from all hours that are stored, too many to add up for each reader. On a cluster every
-- node computes its own copy.
CREATE MATERIALIZED VIEW IF NOT EXISTS volatility_by_hour
REFRESH EVERY 1 HOUR OFFSET 20 MINUTE
(
    exchange LowCardinality(String) COMMENT 'Venue.',
    symbol LowCardinality(String) COMMENT 'Unified symbol.',
    hour_of_day UInt8 COMMENT 'UTC hour, 0 to 23.',
    hours UInt64 COMMENT 'Hours that were averaged.',
    avg_range Float64 COMMENT 'Mean of (high - low) / open, a fraction.',
    max_range Float64 COMMENT 'Largest of them.',
    avg_volume Float64 COMMENT 'Mean volume of an hour, in base currency.',
    last_hour DateTime64(3, 'UTC') COMMENT 'Newest hour that was averaged, UTC.'
)
ENGINE = MergeTree
ORDER BY (exchange, symbol, hour_of_day)
AS SELECT
    exchange,
    symbol,
    toHour(hour, 'UTC') AS hour_of_day,
    count() AS hours,
    avg((high - low) / open) AS avg_range,
    max((high - low) / open) AS max_range,
    avg(volume) AS avg_volume,
    max(hour) AS last_hour
FROM hourly_candles
WHERE open > 0 AND origin != 'synthetic'
GROUP BY exchange, symbol, hour_of_day
COMMENT 'How much each market moves and trades by the hour of the day, over all its stored hours. Refreshed every hour.';
