-- What marts of PostgreSQL are made of: rows stay countable when they leave, and every version that ClickHouse may show is
-- here as long as it may be asked for.

CREATE FUNCTION ops.keep_purged_trades() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO ops.trades_kept (
        id, updated_at, is_purged, is_proven,
        agent_id, exchange, symbol, side, currency, decision_id, prompt_version, deployment_id, config_id,
        quantity, leverage, confidence, entry_price, exit_price, stop_loss, take_profit, gross_pnl, net_pnl,
        pnl_percent, fee, opened_at, closed_at, origin, created_at
    )
    SELECT
        g.id, g.updated_at, TRUE, TRUE,
        g.agent_id, g.exchange, g.symbol, g.side, g.currency, g.decision_id, g.prompt_version, g.deployment_id,
        g.config_id, g.quantity, g.leverage, g.confidence, g.entry_price, g.exit_price, g.stop_loss,
        g.take_profit, g.gross_pnl, g.net_pnl, g.pnl_percent, g.fee, g.opened_at, g.closed_at, g.origin,
        g.created_at
    FROM gone AS g
    WHERE
        g.status = 'closed'
        AND EXISTS (
            SELECT FROM ops.archive_marks AS m
            INNER JOIN ops.archive_manifests AS a ON a.policy = m.policy AND a.batch = m.batch
            WHERE m.policy = 'trades' AND m.version = g.updated_at AND m.key = g.id
                AND a.kind = 'archive' AND a.verdict = 'verified'
        )
        AND NOT EXISTS (
            SELECT FROM ops.archive_manifests AS a
            WHERE a.policy = 'trades' AND a.kind = 'erasure' AND a.verdict = 'verified' AND g.id = ANY(a.row_keys)
                AND g.updated_at <= a.verified_at
        )
    ON CONFLICT (id, updated_at) DO UPDATE SET is_purged = TRUE, is_proven = TRUE;
    DELETE FROM ops.trades_kept AS k USING gone AS g WHERE k.id = g.id AND k.updated_at < g.updated_at;
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION ops.keep_purged_trades() IS 'Trigger: the numbers of a proven closed trade stay when its row is deleted; those of an erased one do not.';

CREATE TRIGGER keep_purged AFTER DELETE ON trades REFERENCING OLD TABLE AS gone FOR EACH STATEMENT
EXECUTE FUNCTION ops.keep_purged_trades();

CREATE FUNCTION ops.keep_changed_trade() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO ops.trades_kept (
        id, updated_at, is_purged, is_proven,
        agent_id, exchange, symbol, side, currency, decision_id, prompt_version, deployment_id, config_id,
        quantity, leverage, confidence, entry_price, exit_price, stop_loss, take_profit, gross_pnl, net_pnl,
        pnl_percent, fee, opened_at, closed_at, origin, created_at
    )
    VALUES (
        OLD.id, OLD.updated_at, FALSE,
        EXISTS (
            SELECT FROM ops.archive_marks AS m
            WHERE m.policy = 'trades' AND m.version = OLD.updated_at AND m.key = OLD.id
        ),
        OLD.agent_id, OLD.exchange, OLD.symbol, OLD.side, OLD.currency, OLD.decision_id, OLD.prompt_version,
        OLD.deployment_id, OLD.config_id, OLD.quantity, OLD.leverage, OLD.confidence, OLD.entry_price,
        OLD.exit_price, OLD.stop_loss, OLD.take_profit, OLD.gross_pnl, OLD.net_pnl, OLD.pnl_percent, OLD.fee,
        OLD.opened_at, OLD.closed_at, OLD.origin, OLD.created_at
    )
    ON CONFLICT DO NOTHING;
    -- Nobody asks for a cut of last week.
    DELETE FROM ops.trades_kept AS k
    WHERE k.id = OLD.id AND k.updated_at < OLD.updated_at AND k.updated_at < clock_timestamp() - interval '7 days';
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION ops.keep_changed_trade() IS 'Trigger: the version that a closed trade had before a change stays, because ClickHouse shows it until the next pass.';

CREATE TRIGGER keep_changed AFTER UPDATE ON trades FOR EACH ROW
WHEN (OLD.status = 'closed' AND OLD.updated_at IS DISTINCT FROM NEW.updated_at)
EXECUTE FUNCTION ops.keep_changed_trade();

CREATE FUNCTION ops.forget_erased_trades() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM ops.trades_kept WHERE id = ANY(NEW.row_keys);
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION ops.forget_erased_trades() IS 'Trigger: an erasure that a manifest records also takes the numbers of trades that had left.';

CREATE TRIGGER forget_erased AFTER INSERT ON ops.archive_manifests FOR EACH ROW
WHEN (NEW.policy = 'trades' AND NEW.kind = 'erasure' AND NEW.verdict = 'verified')
EXECUTE FUNCTION ops.forget_erased_trades();

CREATE VIEW trade_versions AS
SELECT
    t.id, t.updated_at, t.status = 'closed' AS is_closed,
    t.status <> 'closed' OR EXISTS (
        SELECT FROM ops.archive_marks AS m WHERE m.policy = 'trades' AND m.version = t.updated_at AND m.key = t.id
    ) AS is_proven,
    t.agent_id, t.exchange, t.symbol, t.side, t.currency, t.decision_id, t.prompt_version, t.deployment_id,
    t.config_id, t.quantity, t.leverage, t.confidence, t.entry_price, t.exit_price, t.stop_loss, t.take_profit,
    t.gross_pnl, t.net_pnl, t.pnl_percent, t.fee, t.opened_at, t.closed_at, t.origin, t.created_at
FROM trades AS t
UNION ALL
SELECT
    k.id, k.updated_at, TRUE AS is_closed,
    k.is_proven OR EXISTS (
        SELECT FROM ops.archive_marks AS m WHERE m.policy = 'trades' AND m.version = k.updated_at AND m.key = k.id
    ) AS is_proven,
    k.agent_id, k.exchange, k.symbol, k.side, k.currency, k.decision_id, k.prompt_version, k.deployment_id,
    k.config_id, k.quantity, k.leverage, k.confidence, k.entry_price, k.exit_price, k.stop_loss, k.take_profit,
    k.gross_pnl, k.net_pnl, k.pnl_percent, k.fee, k.opened_at, k.closed_at, k.origin, k.created_at
FROM ops.trades_kept AS k;

COMMENT ON VIEW trade_versions IS 'Versions of trades: the present one of each, and former ones of closed trades that were corrected, reopened or purged. What the marts of PostgreSQL read.';
COMMENT ON COLUMN trade_versions.id IS 'Id of the trade.';
COMMENT ON COLUMN trade_versions.updated_at IS 'Version (UTC).';
COMMENT ON COLUMN trade_versions.is_closed IS 'Whether the trade was closed in this version.';
COMMENT ON COLUMN trade_versions.is_proven IS 'Whether ClickHouse is proven to hold this version; true for versions that are not closed and do not travel.';
COMMENT ON COLUMN trade_versions.agent_id IS 'Who traded.';
COMMENT ON COLUMN trade_versions.exchange IS 'Venue, such as hyperliquid; sandbox for generated data.';
COMMENT ON COLUMN trade_versions.symbol IS 'Instrument, as the venue names it.';
COMMENT ON COLUMN trade_versions.side IS 'long or short.';
COMMENT ON COLUMN trade_versions.currency IS 'Currency of prices, fees and PnL.';
COMMENT ON COLUMN trade_versions.decision_id IS 'Decision that led to the trade.';
COMMENT ON COLUMN trade_versions.prompt_version IS 'Prompt version behind the decision.';
COMMENT ON COLUMN trade_versions.deployment_id IS 'Deployment of the agent that traded.';
COMMENT ON COLUMN trade_versions.config_id IS 'Configuration the agent ran with.';
COMMENT ON COLUMN trade_versions.quantity IS 'Size in units of the base asset, positive.';
COMMENT ON COLUMN trade_versions.leverage IS 'Multiple of the margin.';
COMMENT ON COLUMN trade_versions.confidence IS 'The agent''s own probability of being right, 0 to 1.';
COMMENT ON COLUMN trade_versions.entry_price IS 'Average entry price, in the currency per unit.';
COMMENT ON COLUMN trade_versions.exit_price IS 'Average exit price, in the currency per unit.';
COMMENT ON COLUMN trade_versions.stop_loss IS 'Planned stop price.';
COMMENT ON COLUMN trade_versions.take_profit IS 'Planned target price.';
COMMENT ON COLUMN trade_versions.gross_pnl IS 'PnL before fees, in the currency.';
COMMENT ON COLUMN trade_versions.net_pnl IS 'PnL after all fees, as the venue accounts it.';
COMMENT ON COLUMN trade_versions.pnl_percent IS 'Net PnL in percent, as the writer defines it.';
COMMENT ON COLUMN trade_versions.fee IS 'All fees of the trade, in the currency.';
COMMENT ON COLUMN trade_versions.opened_at IS 'When the position was entered (UTC).';
COMMENT ON COLUMN trade_versions.closed_at IS 'When the position was left (UTC).';
COMMENT ON COLUMN trade_versions.origin IS 'live, recorded, repaired, paper, simulated or handmade.';
COMMENT ON COLUMN trade_versions.created_at IS 'When PostgreSQL learned of it (UTC).';

-- trade_facts reads trade_versions, so that no row is lost with its source, whether it is built anew or in pieces.
INSERT INTO ops.lasting_marts (mart) VALUES ('trade_facts');

CREATE TABLE ops.mart_cuts (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    as_of timestamptz NOT NULL,
    taken_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    run_id text
);

COMMENT ON TABLE ops.mart_cuts IS 'Moments that the marts of both warehouses are built of; the newest counts.';
COMMENT ON COLUMN ops.mart_cuts.id IS 'Id given by this database.';
COMMENT ON COLUMN ops.mart_cuts.as_of IS 'Every closed trade in a version up to this has been dealt with by the archive (UTC).';
COMMENT ON COLUMN ops.mart_cuts.taken_at IS 'When the cut was taken (UTC).';
COMMENT ON COLUMN ops.mart_cuts.run_id IS 'Dagster run that took it.';

CREATE TABLE ops.mart_builds (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    engine text NOT NULL CHECK (engine IN ('postgres', 'clickhouse')),
    as_of timestamptz NOT NULL,
    project text NOT NULL,
    is_full boolean NOT NULL,
    began_at timestamptz NOT NULL,
    built_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    run_id text
);

CREATE INDEX mart_builds_engine ON ops.mart_builds (engine, id DESC);

COMMENT ON TABLE ops.mart_builds IS 'Builds of all marts of a warehouse that succeeded. The next one looks at what changed since.';
COMMENT ON COLUMN ops.mart_builds.id IS 'Id given by this database.';
COMMENT ON COLUMN ops.mart_builds.engine IS 'postgres or clickhouse.';
COMMENT ON COLUMN ops.mart_builds.as_of IS 'The cut it was built of (UTC).';
COMMENT ON COLUMN ops.mart_builds.project IS 'SHA-256 of the dbt project: with another one everything is built anew.';
COMMENT ON COLUMN ops.mart_builds.is_full IS 'Whether incremental marts were built anew.';
COMMENT ON COLUMN ops.mart_builds.began_at IS 'When it began (UTC).';
COMMENT ON COLUMN ops.mart_builds.built_at IS 'When it ended (UTC).';
COMMENT ON COLUMN ops.mart_builds.run_id IS 'Dagster run that made it.';
