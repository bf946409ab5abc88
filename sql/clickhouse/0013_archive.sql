-- Which batch brought a row, for every table that the archive writes. The bloom filter finds the rows of one batch without
-- reading the others: 0.001, because a batch is looked up among all granules of its partitions. The window remembers the
-- last thousand insert tokens, so that a retried insert is swallowed; older ones are told apart by identity and version.
-- `key_index` is for those who know the id of a row and not its agent: `candlehouse prove ID` among all months.
-- Rows that an application wrote straight into ClickHouse name no batch (zeros).

ALTER TABLE trades_history_versions
    ADD COLUMN IF NOT EXISTS archive_batch UUID CODEC(ZSTD(1)) COMMENT 'The manifest in PostgreSQL (ops.archive_manifests.batch) that proves this row.',
    ADD INDEX IF NOT EXISTS archive_batch_index archive_batch TYPE bloom_filter(0.001) GRANULARITY 1,
    ADD INDEX IF NOT EXISTS key_index id TYPE bloom_filter(0.01) GRANULARITY 1,
    MODIFY SETTING non_replicated_deduplication_window = 1000;

ALTER TABLE orders_history_versions
    ADD COLUMN IF NOT EXISTS archive_batch UUID CODEC(ZSTD(1)) COMMENT 'The manifest in PostgreSQL (ops.archive_manifests.batch) that proves this row.',
    ADD INDEX IF NOT EXISTS archive_batch_index archive_batch TYPE bloom_filter(0.001) GRANULARITY 1,
    ADD INDEX IF NOT EXISTS key_index id TYPE bloom_filter(0.01) GRANULARITY 1,
    MODIFY SETTING non_replicated_deduplication_window = 1000;

ALTER TABLE agent_reasoning_sessions_versions
    ADD COLUMN IF NOT EXISTS archive_batch UUID CODEC(ZSTD(1)) COMMENT 'The manifest in PostgreSQL (ops.archive_manifests.batch) that proves this row.',
    ADD INDEX IF NOT EXISTS archive_batch_index archive_batch TYPE bloom_filter(0.001) GRANULARITY 1,
    ADD INDEX IF NOT EXISTS key_index id TYPE bloom_filter(0.01) GRANULARITY 1,
    MODIFY SETTING non_replicated_deduplication_window = 1000;

ALTER TABLE agent_reflections_versions
    ADD COLUMN IF NOT EXISTS archive_batch UUID CODEC(ZSTD(1)) COMMENT 'The manifest in PostgreSQL (ops.archive_manifests.batch) that proves this row.',
    ADD INDEX IF NOT EXISTS archive_batch_index archive_batch TYPE bloom_filter(0.001) GRANULARITY 1,
    ADD INDEX IF NOT EXISTS key_index id TYPE bloom_filter(0.01) GRANULARITY 1,
    MODIFY SETTING non_replicated_deduplication_window = 1000;

ALTER TABLE decision_cycles_versions
    ADD COLUMN IF NOT EXISTS archive_batch UUID CODEC(ZSTD(1)) COMMENT 'The manifest in PostgreSQL (ops.archive_manifests.batch) that proves this row.',
    ADD INDEX IF NOT EXISTS archive_batch_index archive_batch TYPE bloom_filter(0.001) GRANULARITY 1,
    ADD INDEX IF NOT EXISTS key_index id TYPE bloom_filter(0.01) GRANULARITY 1,
    MODIFY SETTING non_replicated_deduplication_window = 1000;

ALTER TABLE price_ticks_versions
    ADD COLUMN IF NOT EXISTS archive_batch UUID CODEC(ZSTD(1)) COMMENT 'The manifest in PostgreSQL (ops.archive_manifests.batch) that proves this row.',
    ADD INDEX IF NOT EXISTS archive_batch_index archive_batch TYPE bloom_filter(0.001) GRANULARITY 1,
    MODIFY SETTING non_replicated_deduplication_window = 1000;

ALTER TABLE conversation_messages_versions
    ADD COLUMN IF NOT EXISTS archive_batch UUID CODEC(ZSTD(1)) COMMENT 'The manifest in PostgreSQL (ops.archive_manifests.batch) that proves this row.',
    ADD INDEX IF NOT EXISTS archive_batch_index archive_batch TYPE bloom_filter(0.001) GRANULARITY 1,
    ADD INDEX IF NOT EXISTS key_index id TYPE bloom_filter(0.01) GRANULARITY 1,
    MODIFY SETTING non_replicated_deduplication_window = 1000;

ALTER TABLE conversations_versions
    ADD COLUMN IF NOT EXISTS archive_batch UUID CODEC(ZSTD(1)) COMMENT 'The manifest in PostgreSQL (ops.archive_manifests.batch) that proves this row.',
    ADD INDEX IF NOT EXISTS archive_batch_index archive_batch TYPE bloom_filter(0.001) GRANULARITY 1,
    ADD INDEX IF NOT EXISTS key_index id TYPE bloom_filter(0.01) GRANULARITY 1,
    MODIFY SETTING non_replicated_deduplication_window = 1000;

ALTER TABLE account_equity_snapshots_versions
    ADD COLUMN IF NOT EXISTS archive_batch UUID CODEC(ZSTD(1)) COMMENT 'The manifest in PostgreSQL (ops.archive_manifests.batch) that proves this row.',
    ADD INDEX IF NOT EXISTS archive_batch_index archive_batch TYPE bloom_filter(0.001) GRANULARITY 1,
    MODIFY SETTING non_replicated_deduplication_window = 1000;

ALTER TABLE agent_analysis_results_versions
    ADD COLUMN IF NOT EXISTS archive_batch UUID CODEC(ZSTD(1)) COMMENT 'The manifest in PostgreSQL (ops.archive_manifests.batch) that proves this row.',
    ADD INDEX IF NOT EXISTS archive_batch_index archive_batch TYPE bloom_filter(0.001) GRANULARITY 1,
    MODIFY SETTING non_replicated_deduplication_window = 1000;

ALTER TABLE trading_signals_versions
    ADD COLUMN IF NOT EXISTS archive_batch UUID CODEC(ZSTD(1)) COMMENT 'The manifest in PostgreSQL (ops.archive_manifests.batch) that proves this row.',
    ADD INDEX IF NOT EXISTS archive_batch_index archive_batch TYPE bloom_filter(0.001) GRANULARITY 1,
    MODIFY SETTING non_replicated_deduplication_window = 1000;

ALTER TABLE news_documents_versions
    ADD COLUMN IF NOT EXISTS archive_batch UUID CODEC(ZSTD(1)) COMMENT 'The manifest in PostgreSQL (ops.archive_manifests.batch) that proves this row.',
    ADD INDEX IF NOT EXISTS archive_batch_index archive_batch TYPE bloom_filter(0.001) GRANULARITY 1,
    MODIFY SETTING non_replicated_deduplication_window = 1000;

ALTER TABLE social_documents_versions
    ADD COLUMN IF NOT EXISTS archive_batch UUID CODEC(ZSTD(1)) COMMENT 'The manifest in PostgreSQL (ops.archive_manifests.batch) that proves this row.',
    ADD INDEX IF NOT EXISTS archive_batch_index archive_batch TYPE bloom_filter(0.001) GRANULARITY 1,
    MODIFY SETTING non_replicated_deduplication_window = 1000;
