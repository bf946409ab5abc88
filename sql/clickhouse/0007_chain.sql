-- What happens on chains. Rows are provisional until confirmed and reversed by reorgs, as new versions of the same identity.
-- Labels have validity ranges and are joined when flows are computed, never frozen into a transfer.
-- address_labels has no partitions: it is small, and a label's life spans months.

CREATE TABLE IF NOT EXISTS onchain_transactions_versions
(
    blockchain LowCardinality(String) COMMENT 'Chain, such as bitcoin or ethereum.',
    transaction_hash String COMMENT 'Hash of the transaction, lower case where the chain''s is hexadecimal.' CODEC(ZSTD(1)),
    transfer_index Int32 DEFAULT -1 COMMENT 'Which transfer of the transaction: log or output index; -1 for the transaction as a whole.' CODEC(ZSTD(1)),
    id Nullable(String) COMMENT 'Id chosen by the writer, where it has one; not the identity.' CODEC(ZSTD(1)),
    block_number Nullable(UInt64) COMMENT 'Height of the block; NULL while not in a block.' CODEC(ZSTD(1)),
    block_hash Nullable(String) COMMENT 'Hash of the block; another one after a reorg.' CODEC(ZSTD(1)),
    block_time Nullable(DateTime64(3, 'UTC')) COMMENT 'Time of the block (UTC).' CODEC(ZSTD(1)),
    symbol LowCardinality(String) COMMENT 'Asset that moved.',
    token_address Nullable(String) COMMENT 'Contract of the token; NULL for the chain''s own coin.' CODEC(ZSTD(1)),
    transaction_type LowCardinality(String) COMMENT 'Kind as the writer classed it, such as large_transfer or exchange_inflow; flows come from address_labels, not from this.',
    from_address String COMMENT 'Sender.' CODEC(ZSTD(1)),
    to_address String COMMENT 'Receiver.' CODEC(ZSTD(1)),
    amount Decimal(76, 18) COMMENT 'Amount in units of the asset. Wider than money elsewhere: supplies of tokens pass 1e20.' CODEC(ZSTD(1)),
    amount_usd Nullable(Decimal(38, 18)) COMMENT 'Worth in USD at detected_at; NULL without a price.' CODEC(ZSTD(1)),
    fee Nullable(Decimal(38, 18)) COMMENT 'Fee of the transaction, in the chain''s own coin.' CODEC(ZSTD(1)),
    impact_score Nullable(UInt8) COMMENT 'Expected effect on prices from 0 to 10.' CODEC(ZSTD(1)),
    status Enum8('provisional' = 1, 'confirmed' = 2, 'reversed' = 3) DEFAULT 'provisional' COMMENT 'provisional until deep enough; reversed when a reorg threw it out.',
    confirmations UInt32 DEFAULT 0 COMMENT 'Blocks above it when last looked at.' CODEC(ZSTD(1)),
    detected_at DateTime64(3, 'UTC') COMMENT 'When it happened: time of the block, else when a node first showed it (UTC).' CODEC(ZSTD(1)),
    first_seen_at DateTime64(3, 'UTC') COMMENT 'When we first had it (UTC): nothing known later may be used for a time before.' CODEC(ZSTD(1)),
    confirmed_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When it became confirmed (UTC).' CODEC(ZSTD(1)),
    reversed_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When a reorg threw it out (UTC).' CODEC(ZSTD(1)),
    origin LowCardinality(String) DEFAULT 'live' COMMENT 'live, recorded, repaired, paper, simulated or handmade.',
    details String DEFAULT '{}' COMMENT 'JSON object: fields of the source that have no column here.' CODEC(ZSTD(3)),
    updated_at DateTime64(6, 'UTC') DEFAULT now64(6) COMMENT 'Version: when this state of the row was known (UTC).' CODEC(ZSTD(1)),
    ingested_at DateTime64(6, 'UTC') DEFAULT now64(6) COMMENT 'When it arrived here (UTC).' CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(updated_at)
PARTITION BY toYYYYMM(detected_at)
ORDER BY (blockchain, transaction_hash, transfer_index)
COMMENT 'On-chain transfers, all versions, also reversed ones: read the view onchain_transactions.';

CREATE OR REPLACE VIEW onchain_transactions
(
    blockchain LowCardinality(String) COMMENT 'Chain, such as bitcoin or ethereum.',
    transaction_hash String COMMENT 'Hash of the transaction, lower case where the chain''s is hexadecimal.',
    transfer_index Int32 COMMENT 'Which transfer of the transaction: log or output index; -1 for the transaction as a whole.',
    id Nullable(String) COMMENT 'Id chosen by the writer, where it has one; not the identity.',
    block_number Nullable(UInt64) COMMENT 'Height of the block; NULL while not in a block.',
    block_hash Nullable(String) COMMENT 'Hash of the block; another one after a reorg.',
    block_time Nullable(DateTime64(3, 'UTC')) COMMENT 'Time of the block (UTC).',
    symbol LowCardinality(String) COMMENT 'Asset that moved.',
    token_address Nullable(String) COMMENT 'Contract of the token; NULL for the chain''s own coin.',
    transaction_type LowCardinality(String) COMMENT 'Kind as the writer classed it, such as large_transfer or exchange_inflow; flows come from address_labels, not from this.',
    from_address String COMMENT 'Sender.',
    to_address String COMMENT 'Receiver.',
    amount Decimal(76, 18) COMMENT 'Amount in units of the asset. Wider than money elsewhere: supplies of tokens pass 1e20.',
    amount_usd Nullable(Decimal(38, 18)) COMMENT 'Worth in USD at detected_at; NULL without a price.',
    fee Nullable(Decimal(38, 18)) COMMENT 'Fee of the transaction, in the chain''s own coin.',
    impact_score Nullable(UInt8) COMMENT 'Expected effect on prices from 0 to 10.',
    status Enum8('provisional' = 1, 'confirmed' = 2, 'reversed' = 3) COMMENT 'provisional until deep enough; reversed when a reorg threw it out.',
    confirmations UInt32 COMMENT 'Blocks above it when last looked at.',
    detected_at DateTime64(3, 'UTC') COMMENT 'When it happened: time of the block, else when a node first showed it (UTC).',
    first_seen_at DateTime64(3, 'UTC') COMMENT 'When we first had it (UTC): nothing known later may be used for a time before.',
    confirmed_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When it became confirmed (UTC).',
    reversed_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When a reorg threw it out (UTC).',
    origin LowCardinality(String) COMMENT 'live, recorded, repaired, paper, simulated or handmade.',
    details String COMMENT 'JSON object: fields of the source that have no column here.',
    updated_at DateTime64(6, 'UTC') COMMENT 'Version: when this state of the row was known (UTC).',
    ingested_at DateTime64(6, 'UTC') COMMENT 'When it arrived here (UTC).'
)
AS SELECT * FROM onchain_transactions_versions FINAL WHERE status != 'reversed'
COMMENT 'Every transfer that stands once, newest version: what a reorg threw out is in onchain_transactions_versions.';

CREATE TABLE IF NOT EXISTS exchange_flows_versions
(
    exchange_name LowCardinality(String) COMMENT 'Exchange whose addresses they are, as address_labels names it.',
    blockchain LowCardinality(String) COMMENT 'Chain.',
    symbol LowCardinality(String) COMMENT 'Asset that moved.',
    hour DateTime64(3, 'UTC') COMMENT 'Start of the hour (UTC).' CODEC(DoubleDelta, ZSTD(1)),
    inflow Decimal(76, 18) COMMENT 'Moved to the exchange from outside, in units of the asset.' CODEC(ZSTD(1)),
    outflow Decimal(76, 18) COMMENT 'Moved from the exchange to outside, in units of the asset.' CODEC(ZSTD(1)),
    net_flow Decimal(76, 18) DEFAULT inflow - outflow COMMENT 'inflow - outflow.' CODEC(ZSTD(1)),
    transaction_count UInt32 COMMENT 'Transfers that were added up.' CODEC(ZSTD(1)),
    status Enum8('provisional' = 1, 'confirmed' = 2) DEFAULT 'provisional' COMMENT 'provisional while any transfer of the hour is.',
    labels_as_of Nullable(DateTime64(6, 'UTC')) COMMENT 'Newest change of address_labels that it was computed with (UTC).' CODEC(ZSTD(1)),
    origin LowCardinality(String) DEFAULT 'live' COMMENT 'live, recorded, repaired, paper, simulated or handmade.',
    updated_at DateTime64(6, 'UTC') DEFAULT now64(6) COMMENT 'Version: when it was computed (UTC).' CODEC(DoubleDelta, ZSTD(1)),
    ingested_at DateTime64(6, 'UTC') DEFAULT now64(6) COMMENT 'When it arrived here (UTC).' CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = ReplacingMergeTree(updated_at)
PARTITION BY toYYYYMM(hour)
ORDER BY (exchange_name, blockchain, symbol, hour)
COMMENT 'Flows to and from exchanges per hour, all versions: read the view exchange_flows.';

CREATE OR REPLACE VIEW exchange_flows
(
    exchange_name LowCardinality(String) COMMENT 'Exchange whose addresses they are, as address_labels names it.',
    blockchain LowCardinality(String) COMMENT 'Chain.',
    symbol LowCardinality(String) COMMENT 'Asset that moved.',
    hour DateTime64(3, 'UTC') COMMENT 'Start of the hour (UTC).',
    inflow Decimal(76, 18) COMMENT 'Moved to the exchange from outside, in units of the asset.',
    outflow Decimal(76, 18) COMMENT 'Moved from the exchange to outside, in units of the asset.',
    net_flow Decimal(76, 18) COMMENT 'inflow - outflow.',
    transaction_count UInt32 COMMENT 'Transfers that were added up.',
    status Enum8('provisional' = 1, 'confirmed' = 2) COMMENT 'provisional while any transfer of the hour is.',
    labels_as_of Nullable(DateTime64(6, 'UTC')) COMMENT 'Newest change of address_labels that it was computed with (UTC).',
    origin LowCardinality(String) COMMENT 'live, recorded, repaired, paper, simulated or handmade.',
    updated_at DateTime64(6, 'UTC') COMMENT 'Version: when it was computed (UTC).',
    ingested_at DateTime64(6, 'UTC') COMMENT 'When it arrived here (UTC).'
)
AS SELECT * FROM exchange_flows_versions FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1
COMMENT 'Every hour of flows once, as last computed.';

CREATE TABLE IF NOT EXISTS address_labels_versions
(
    blockchain LowCardinality(String) COMMENT 'Chain.',
    address String COMMENT 'Address, lower case where the chain''s is hexadecimal.' CODEC(ZSTD(1)),
    source LowCardinality(String) COMMENT 'Who says so.',
    valid_from DateTime64(3, 'UTC') COMMENT 'From when the label holds (UTC).' CODEC(ZSTD(1)),
    valid_to Nullable(DateTime64(3, 'UTC')) COMMENT 'Until when, exclusive (UTC); NULL: still.' CODEC(ZSTD(1)),
    label LowCardinality(String) COMMENT 'Name, such as Binance 14.',
    entity LowCardinality(String) COMMENT 'Who owns it, such as binance.',
    category LowCardinality(String) COMMENT 'exchange, fund, miner, contract, bridge, whale.',
    confidence Nullable(Float64) COMMENT 'How sure the source is, 0 to 1.' CODEC(ZSTD(3)),
    is_withdrawn Bool DEFAULT false COMMENT 'True when the source took it back: it never held.',
    first_seen_at DateTime64(3, 'UTC') COMMENT 'When we first had it (UTC): nothing known later may be used for a time before.' CODEC(ZSTD(1)),
    details String DEFAULT '{}' COMMENT 'JSON object: fields of the source that have no column here.' CODEC(ZSTD(3)),
    updated_at DateTime64(6, 'UTC') DEFAULT now64(6) COMMENT 'Version: when this state of the row was known (UTC).' CODEC(ZSTD(1)),
    ingested_at DateTime64(6, 'UTC') DEFAULT now64(6) COMMENT 'When it arrived here (UTC).' CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(updated_at)
ORDER BY (blockchain, address, source, valid_from)
COMMENT 'Who owns which address when, all versions: read the view address_labels.';

CREATE OR REPLACE VIEW address_labels
(
    blockchain LowCardinality(String) COMMENT 'Chain.',
    address String COMMENT 'Address, lower case where the chain''s is hexadecimal.',
    source LowCardinality(String) COMMENT 'Who says so.',
    valid_from DateTime64(3, 'UTC') COMMENT 'From when the label holds (UTC).',
    valid_to Nullable(DateTime64(3, 'UTC')) COMMENT 'Until when, exclusive (UTC); NULL: still.',
    label LowCardinality(String) COMMENT 'Name, such as Binance 14.',
    entity LowCardinality(String) COMMENT 'Who owns it, such as binance.',
    category LowCardinality(String) COMMENT 'exchange, fund, miner, contract, bridge, whale.',
    confidence Nullable(Float64) COMMENT 'How sure the source is, 0 to 1.',
    is_withdrawn Bool COMMENT 'True when the source took it back: it never held.',
    first_seen_at DateTime64(3, 'UTC') COMMENT 'When we first had it (UTC): nothing known later may be used for a time before.',
    details String COMMENT 'JSON object: fields of the source that have no column here.',
    updated_at DateTime64(6, 'UTC') COMMENT 'Version: when this state of the row was known (UTC).',
    ingested_at DateTime64(6, 'UTC') COMMENT 'When it arrived here (UTC).'
)
AS SELECT * FROM address_labels_versions FINAL WHERE NOT is_withdrawn
COMMENT 'Every label that stands once, with its validity.';
