-- The roles of docs/roles.md for a ClickHouse server or cluster (on a cluster: add ON CLUSTER '{cluster}' to each line).
-- The embedded engine has one user and no store for others. An administrator runs this after `candlehouse migrate`:
--   clickhouse-client --user candlehouse --ask-password --queries-file deploy/clickhouse/roles.sql
-- then gives each role a user, with the SHA-256 of its password and never the password itself, such as:
--   CREATE USER grafana IDENTIFIED WITH sha256_hash BY '...' DEFAULT ROLE candlehouse_readonly SETTINGS PROFILE 'readonly'
-- CANDLEHOUSE_CLICKHOUSE_URL takes a user with the roles candlehouse_ingest and candlehouse_transform; `candlehouse
-- migrate` needs the owner.

CREATE ROLE IF NOT EXISTS candlehouse_app, candlehouse_ingest, candlehouse_transform, candlehouse_readonly;

-- Views run with the rights of who reads, so every reader of a facade or a mart may read what is under it.
GRANT SELECT ON candlehouse.* TO candlehouse_app, candlehouse_ingest, candlehouse_transform, candlehouse_readonly;
GRANT SELECT ON analytics.* TO candlehouse_ingest, candlehouse_readonly;
GRANT SELECT ON hybrid.* TO candlehouse_app, candlehouse_readonly;
GRANT SELECT ON quantbot.* TO candlehouse_app, candlehouse_readonly;
GRANT SELECT ON tradingagents.* TO candlehouse_app, candlehouse_readonly;

-- Applications write through the doors beside the facades; what a door passes on is written with its owner's rights.
GRANT INSERT ON hybrid_write.* TO candlehouse_app;
GRANT INSERT ON quantbot_write.* TO candlehouse_app;
GRANT INSERT ON tradingagents_write.* TO candlehouse_app;

-- Dagster's writers: rows in, corrections and retention by mutation and partition; no table made and none dropped.
GRANT INSERT, ALTER UPDATE, ALTER DELETE, ALTER MOVE PARTITION, OPTIMIZE ON candlehouse.* TO candlehouse_ingest;
GRANT CREATE TEMPORARY TABLE ON *.* TO candlehouse_ingest;

-- Cold files (docs/cold.md): scratch tables that files are restored into, views that read files beside tables, and reading
-- files. Partitions are dropped with ALTER DELETE above.
GRANT CREATE TABLE, DROP TABLE, INSERT ON candlehouse.cold_scratch_* TO candlehouse_ingest;
GRANT CREATE VIEW, DROP VIEW ON candlehouse.* TO candlehouse_ingest;
GRANT READ ON S3 TO candlehouse_ingest, candlehouse_app, candlehouse_transform, candlehouse_readonly;
GRANT READ ON FILE TO candlehouse_ingest, candlehouse_app, candlehouse_transform, candlehouse_readonly;

REVOKE INSERT, ALTER UPDATE, ALTER DELETE ON candlehouse.applied_migrations FROM candlehouse_ingest;
REVOKE INSERT, ALTER UPDATE, ALTER DELETE ON candlehouse.alembic_version FROM candlehouse_ingest;

-- dbt owns the marts.
GRANT SELECT, INSERT, TRUNCATE, OPTIMIZE, ALTER, CREATE, DROP TABLE, DROP VIEW ON analytics.* TO candlehouse_transform;
GRANT CREATE TEMPORARY TABLE ON *.* TO candlehouse_transform;
