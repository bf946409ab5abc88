-- Copies of the trading tables. Contract: every decimal is Decimal(38, 18); PostgreSQL refuses what does not fit, so
-- nothing is rounded on the way. Version of a row = its updated_at in PostgreSQL; identity = its ORDER BY and nothing else.
-- Readers use the views without the suffix, which say FINAL. They leave do_not_merge_across_partitions_select_final off:
-- a correction may move closed_at into another month, and both versions would show.

CREATE TABLE IF NOT EXISTS agents_versions
(
    id String COMMENT 'Stable id, chosen by the writer.',
    display_name String COMMENT 'Name for people.',
    origin LowCardinality(String) COMMENT 'live, recorded, repaired, paper, simulated or handmade.',
    created_at DateTime64(6, 'UTC') COMMENT 'When PostgreSQL learned of it (UTC).',
    updated_at DateTime64(6, 'UTC') COMMENT 'Version: when the row last changed in PostgreSQL (UTC).',
    ingested_at DateTime64(6, 'UTC') DEFAULT now64(6) COMMENT 'When it arrived here (UTC).'
)
ENGINE = ReplacingMergeTree(updated_at)
ORDER BY id
COMMENT 'Copy of agents, all versions: read the view agents.';

CREATE OR REPLACE VIEW agents
(
    id String COMMENT 'Stable id, chosen by the writer.',
    display_name String COMMENT 'Name for people.',
    origin LowCardinality(String) COMMENT 'live, recorded, repaired, paper, simulated or handmade.',
    created_at DateTime64(6, 'UTC') COMMENT 'When PostgreSQL learned of it (UTC).',
    updated_at DateTime64(6, 'UTC') COMMENT 'Version: when the row last changed in PostgreSQL (UTC).',
    ingested_at DateTime64(6, 'UTC') COMMENT 'When it arrived here (UTC).'
)
AS SELECT * FROM agents_versions FINAL
COMMENT 'Every agent once, newest version.';

CREATE TABLE IF NOT EXISTS accounts_versions
(
    agent_id LowCardinality(String) COMMENT 'Owner.',
    exchange LowCardinality(String) COMMENT 'Venue of the account.',
    base_currency LowCardinality(String) COMMENT 'Currency of all money of the account.',
    initial_equity Nullable(Decimal(38, 18)) COMMENT 'Equity at inception, in the base currency.',
    inception_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When the account started (UTC).',
    origin LowCardinality(String) COMMENT 'live, recorded, repaired, paper, simulated or handmade.',
    created_at DateTime64(6, 'UTC') COMMENT 'When PostgreSQL learned of it (UTC).',
    updated_at DateTime64(6, 'UTC') COMMENT 'Version: when the row last changed in PostgreSQL (UTC).',
    ingested_at DateTime64(6, 'UTC') DEFAULT now64(6) COMMENT 'When it arrived here (UTC).'
)
ENGINE = ReplacingMergeTree(updated_at)
ORDER BY (agent_id, exchange)
COMMENT 'Copy of accounts, all versions: read the view accounts.';

CREATE OR REPLACE VIEW accounts
(
    agent_id LowCardinality(String) COMMENT 'Owner.',
    exchange LowCardinality(String) COMMENT 'Venue of the account.',
    base_currency LowCardinality(String) COMMENT 'Currency of all money of the account.',
    initial_equity Nullable(Decimal(38, 18)) COMMENT 'Equity at inception, in the base currency.',
    inception_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When the account started (UTC).',
    origin LowCardinality(String) COMMENT 'live, recorded, repaired, paper, simulated or handmade.',
    created_at DateTime64(6, 'UTC') COMMENT 'When PostgreSQL learned of it (UTC).',
    updated_at DateTime64(6, 'UTC') COMMENT 'Version: when the row last changed in PostgreSQL (UTC).',
    ingested_at DateTime64(6, 'UTC') COMMENT 'When it arrived here (UTC).'
)
AS SELECT * FROM accounts_versions FINAL
COMMENT 'Every account once, newest version.';

CREATE TABLE IF NOT EXISTS account_equity_snapshots_versions
(
    id Int64 DEFAULT 0 COMMENT 'Id given by PostgreSQL; not the identity.' CODEC(ZSTD(1)),
    agent_id LowCardinality(String) COMMENT 'Owner of the account.',
    exchange LowCardinality(String) COMMENT 'Venue of the account.',
    captured_at DateTime64(6, 'UTC') COMMENT 'When the value was true (UTC).' CODEC(DoubleDelta, ZSTD(1)),
    equity Decimal(38, 18) COMMENT 'Balance plus open PnL, in the base currency.' CODEC(ZSTD(1)),
    balance Nullable(Decimal(38, 18)) COMMENT 'Cash without open PnL, in the base currency.' CODEC(ZSTD(1)),
    realized_pnl Nullable(Decimal(38, 18)) COMMENT 'Realised PnL since inception, in the base currency.' CODEC(ZSTD(1)),
    unrealized_pnl Nullable(Decimal(38, 18)) COMMENT 'Open PnL, in the base currency.' CODEC(ZSTD(1)),
    run_id Nullable(String) COMMENT 'Run of the writer, where it has one.' CODEC(ZSTD(1)),
    origin LowCardinality(String) COMMENT 'live, recorded, repaired, paper, simulated or handmade.',
    details String DEFAULT '{}' COMMENT 'JSON object: fields of the source that have no column here.' CODEC(ZSTD(3)),
    created_at DateTime64(6, 'UTC') COMMENT 'When PostgreSQL learned of it (UTC).' CODEC(DoubleDelta, ZSTD(1)),
    updated_at DateTime64(6, 'UTC') COMMENT 'Version: when the row last changed in PostgreSQL (UTC).' CODEC(DoubleDelta, ZSTD(1)),
    ingested_at DateTime64(6, 'UTC') DEFAULT now64(6) COMMENT 'When it arrived here (UTC).' CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = ReplacingMergeTree(updated_at)
PARTITION BY toYYYYMM(captured_at)
ORDER BY (agent_id, exchange, captured_at)
COMMENT 'Copy of account_equity_snapshots, all versions: read the view account_equity_snapshots.';

CREATE OR REPLACE VIEW account_equity_snapshots
(
    id Int64 COMMENT 'Id given by PostgreSQL; not the identity.',
    agent_id LowCardinality(String) COMMENT 'Owner of the account.',
    exchange LowCardinality(String) COMMENT 'Venue of the account.',
    captured_at DateTime64(6, 'UTC') COMMENT 'When the value was true (UTC).',
    equity Decimal(38, 18) COMMENT 'Balance plus open PnL, in the base currency.',
    balance Nullable(Decimal(38, 18)) COMMENT 'Cash without open PnL, in the base currency.',
    realized_pnl Nullable(Decimal(38, 18)) COMMENT 'Realised PnL since inception, in the base currency.',
    unrealized_pnl Nullable(Decimal(38, 18)) COMMENT 'Open PnL, in the base currency.',
    run_id Nullable(String) COMMENT 'Run of the writer, where it has one.',
    origin LowCardinality(String) COMMENT 'live, recorded, repaired, paper, simulated or handmade.',
    details String COMMENT 'JSON object: fields of the source that have no column here.',
    created_at DateTime64(6, 'UTC') COMMENT 'When PostgreSQL learned of it (UTC).',
    updated_at DateTime64(6, 'UTC') COMMENT 'Version: when the row last changed in PostgreSQL (UTC).',
    ingested_at DateTime64(6, 'UTC') COMMENT 'When it arrived here (UTC).'
)
AS SELECT * FROM account_equity_snapshots_versions FINAL
COMMENT 'Every equity snapshot once, newest version.';

CREATE TABLE IF NOT EXISTS trades_history_versions
(
    id String COMMENT 'Stable id, chosen by the writer.' CODEC(ZSTD(1)),
    agent_id LowCardinality(String) COMMENT 'Who traded.',
    user_id Nullable(String) COMMENT 'Owner of the account.' CODEC(ZSTD(1)),
    exchange LowCardinality(String) COMMENT 'Venue; sandbox for generated data.',
    symbol LowCardinality(String) COMMENT 'Instrument, as the venue names it.',
    side Enum8('long' = 1, 'short' = 2) COMMENT 'Carries the sign: quantity is always positive.',
    trade_type LowCardinality(Nullable(String)) COMMENT 'Kind of trade as the writer calls it.',
    status LowCardinality(String) COMMENT 'closed, or what a closed trade was turned into later.',
    currency LowCardinality(String) COMMENT 'Currency of prices, fees and PnL.',
    quantity Nullable(Decimal(38, 18)) COMMENT 'Size in units of the base asset, positive; NULL where the writer did not say.' CODEC(ZSTD(1)),
    leverage Nullable(Decimal(38, 18)) COMMENT 'Multiple of the margin.' CODEC(ZSTD(1)),
    confidence Nullable(Decimal(38, 18)) COMMENT 'The agent''s own probability of being right, 0 to 1.' CODEC(ZSTD(1)),
    entry_price Nullable(Decimal(38, 18)) COMMENT 'Average entry price, in the currency per unit.' CODEC(ZSTD(1)),
    exit_price Nullable(Decimal(38, 18)) COMMENT 'Average exit price, in the currency per unit.' CODEC(ZSTD(1)),
    stop_loss Nullable(Decimal(38, 18)) COMMENT 'Planned stop price.' CODEC(ZSTD(1)),
    take_profit Nullable(Decimal(38, 18)) COMMENT 'Planned target price.' CODEC(ZSTD(1)),
    gross_pnl Nullable(Decimal(38, 18)) COMMENT 'PnL before fees, in the currency.' CODEC(ZSTD(1)),
    net_pnl Nullable(Decimal(38, 18)) COMMENT 'PnL after all fees, as the venue accounts it.' CODEC(ZSTD(1)),
    pnl_percent Nullable(Decimal(38, 18)) COMMENT 'Net PnL in percent, as the writer defines it.' CODEC(ZSTD(1)),
    fee Nullable(Decimal(38, 18)) COMMENT 'All fees of the trade, in the currency.' CODEC(ZSTD(1)),
    entry_fee Nullable(Decimal(38, 18)) COMMENT 'Fee of the entry, in the currency.' CODEC(ZSTD(1)),
    exit_fee Nullable(Decimal(38, 18)) COMMENT 'Fee of the exit, in the currency.' CODEC(ZSTD(1)),
    opened_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When the position was entered (UTC).' CODEC(ZSTD(1)),
    closed_at DateTime64(6, 'UTC') COMMENT 'When the position was left (UTC).' CODEC(ZSTD(1)),
    entry_reason Nullable(String) COMMENT 'Why it was entered.' CODEC(ZSTD(3)),
    exit_reason Nullable(String) COMMENT 'Why it was left.' CODEC(ZSTD(3)),
    entry_order_id Nullable(String) COMMENT 'Order id of the entry at the venue.' CODEC(ZSTD(1)),
    exit_order_id Nullable(String) COMMENT 'Order id of the exit at the venue.' CODEC(ZSTD(1)),
    deployment_id LowCardinality(Nullable(String)) COMMENT 'Deployment of the agent that traded.',
    config_id LowCardinality(Nullable(String)) COMMENT 'Configuration the agent ran with.',
    prompt_version LowCardinality(Nullable(String)) COMMENT 'Prompt version behind the decision.',
    decision_id Nullable(String) COMMENT 'Decision that led to the trade.' CODEC(ZSTD(1)),
    origin LowCardinality(String) COMMENT 'live, recorded, repaired, paper, simulated or handmade.',
    details String COMMENT 'JSON object: fields of the source that have no column here.' CODEC(ZSTD(3)),
    created_at DateTime64(6, 'UTC') COMMENT 'When PostgreSQL learned of it (UTC).' CODEC(DoubleDelta, ZSTD(1)),
    updated_at DateTime64(6, 'UTC') COMMENT 'Version: when the row last changed in PostgreSQL (UTC).' CODEC(DoubleDelta, ZSTD(1)),
    ingested_at DateTime64(6, 'UTC') DEFAULT now64(6) COMMENT 'When it arrived here (UTC).' CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = ReplacingMergeTree(updated_at)
PARTITION BY toYYYYMM(closed_at)
ORDER BY (agent_id, id)
COMMENT 'Closed trades, all versions: read the view trades_history.';

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
COMMENT 'Every closed trade once, newest version.';
