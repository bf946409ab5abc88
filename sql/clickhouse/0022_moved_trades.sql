-- trades_history looks at the months that a query asks for. FINAL had to compare all of them, because a correction may move
-- a close into another month: with ten million trades in 26 months a week took 1,448 ms, and now 26.
-- Whoever writes a version into another month hides those that it leaves behind: a row of the same identity and month, not
-- closed ('moved'), a microsecond older than the newest version. Compared across months, the newest version still wins.

INSERT INTO trades_history_versions (
    id, agent_id, user_id, exchange, symbol, side, status, currency, closed_at, decision_id, origin, details, created_at, updated_at
)
SELECT
    id, agent_id, user_id, exchange, symbol, side, 'moved' AS status, currency, closed_at, decision_id, origin, '{}' AS details,
    created_at, greatest(updated_at, newest - toIntervalMicrosecond(1)) AS updated_at
FROM (
    SELECT
        *,
        max(updated_at) OVER (PARTITION BY agent_id, id) AS newest,
        row_number() OVER (PARTITION BY agent_id, id ORDER BY updated_at DESC, ingested_at DESC) AS recency
    FROM (
        SELECT *
        FROM trades_history_versions
        WHERE (agent_id, id) GLOBAL IN (
            SELECT every.agent_id, every.id FROM trades_history_versions AS every GROUP BY every.agent_id, every.id
            HAVING toYYYYMM(min(every.closed_at)) != toYYYYMM(max(every.closed_at))
        )
        ORDER BY updated_at DESC, ingested_at DESC
        LIMIT 1 BY agent_id, id, toYYYYMM(closed_at)
    )
)
WHERE recency > 1
SETTINGS optimize_aggregation_in_order = 1, prefer_column_name_to_alias = 1;

CREATE OR REPLACE VIEW trades_history
(
    id String COMMENT 'Stable id, chosen by the writer.',
    agent_id LowCardinality(String) COMMENT 'Who traded.',
    user_id Nullable(String) COMMENT 'Owner of the account.',
    exchange LowCardinality(String) COMMENT 'Venue; sandbox for generated data.',
    symbol LowCardinality(String) COMMENT 'Instrument, as the venue names it.',
    side Enum8('long' = 1, 'short' = 2) COMMENT 'Carries the sign: quantity is always positive.',
    trade_type LowCardinality(Nullable(String)) COMMENT 'Kind of trade as the writer calls it.',
    status LowCardinality(String) COMMENT 'closed, or what a closed trade was turned into later.',
    currency LowCardinality(String) COMMENT 'Currency of prices, fees and PnL.',
    quantity Nullable(Decimal(38, 18)) COMMENT 'Size in units of the base asset, positive; NULL where the writer did not say.',
    leverage Nullable(Decimal(38, 18)) COMMENT 'Multiple of the margin.',
    confidence Nullable(Decimal(38, 18)) COMMENT 'The agent''s own probability of being right, 0 to 1.',
    entry_price Nullable(Decimal(38, 18)) COMMENT 'Average entry price, in the currency per unit.',
    exit_price Nullable(Decimal(38, 18)) COMMENT 'Average exit price, in the currency per unit.',
    stop_loss Nullable(Decimal(38, 18)) COMMENT 'Planned stop price.',
    take_profit Nullable(Decimal(38, 18)) COMMENT 'Planned target price.',
    gross_pnl Nullable(Decimal(38, 18)) COMMENT 'PnL before fees, in the currency.',
    net_pnl Nullable(Decimal(38, 18)) COMMENT 'PnL after all fees, as the venue accounts it.',
    pnl_percent Nullable(Decimal(38, 18)) COMMENT 'Net PnL in percent, as the writer defines it.',
    fee Nullable(Decimal(38, 18)) COMMENT 'All fees of the trade, in the currency.',
    entry_fee Nullable(Decimal(38, 18)) COMMENT 'Fee of the entry, in the currency.',
    exit_fee Nullable(Decimal(38, 18)) COMMENT 'Fee of the exit, in the currency.',
    opened_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When the position was entered (UTC).',
    closed_at DateTime64(6, 'UTC') COMMENT 'When the position was left (UTC).',
    entry_reason Nullable(String) COMMENT 'Why it was entered.',
    exit_reason Nullable(String) COMMENT 'Why it was left.',
    entry_order_id Nullable(String) COMMENT 'Order id of the entry at the venue.',
    exit_order_id Nullable(String) COMMENT 'Order id of the exit at the venue.',
    deployment_id LowCardinality(Nullable(String)) COMMENT 'Deployment of the agent that traded.',
    config_id LowCardinality(Nullable(String)) COMMENT 'Configuration the agent ran with.',
    prompt_version LowCardinality(Nullable(String)) COMMENT 'Prompt version behind the decision.',
    decision_id Nullable(String) COMMENT 'Decision that led to the trade.',
    origin LowCardinality(String) COMMENT 'live, recorded, repaired, paper, simulated or handmade.',
    details String COMMENT 'JSON object: fields of the source that have no column here.',
    created_at DateTime64(6, 'UTC') COMMENT 'When PostgreSQL learned of it (UTC).',
    updated_at DateTime64(6, 'UTC') COMMENT 'Version: when the row last changed in PostgreSQL (UTC).',
    ingested_at DateTime64(6, 'UTC') COMMENT 'When it arrived here (UTC).'
)
AS SELECT * FROM trades_history_versions FINAL WHERE status = 'closed'
SETTINGS do_not_merge_across_partitions_select_final = 1
COMMENT 'Every closed trade once, newest version.';

CREATE MATERIALIZED VIEW IF NOT EXISTS hybrid_write.trades_history_moves TO trades_history_versions AS
SELECT
    v.id AS id,
    v.agent_id AS agent_id,
    v.user_id AS user_id,
    v.exchange AS exchange,
    v.symbol AS symbol,
    v.side AS side,
    'moved' AS status,
    v.currency AS currency,
    v.closed_at AS closed_at,
    v.decision_id AS decision_id,
    v.origin AS origin,
    '{}' AS details,
    v.created_at AS created_at,
    greatest(v.updated_at, i.closed_at - toIntervalMicrosecond(1)) AS updated_at
FROM hybrid_write.trades_history AS i
INNER JOIN (
    SELECT *
    FROM trades_history_versions
    WHERE (agent_id, id) GLOBAL IN (SELECT agent_id, id FROM hybrid_write.trades_history)
    ORDER BY updated_at DESC, ingested_at DESC
    LIMIT 1 BY agent_id, id, toYYYYMM(closed_at)
) AS v
    ON i.agent_id = v.agent_id AND i.id = v.id
WHERE toYYYYMM(i.closed_at) != toYYYYMM(v.closed_at) AND v.updated_at < i.closed_at AND v.status != 'moved'
COMMENT 'Hides versions in other months of what is inserted into hybrid_write.trades_history.';
