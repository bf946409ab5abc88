-- How long a version is asked for depends on when it was replaced, not on its own age: a trade of last month that was
-- corrected twice since the last cut lost the version that this cut, and ClickHouse, still had.
CREATE OR REPLACE FUNCTION ops.keep_changed_trade() RETURNS trigger
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
    -- Nobody asks for a cut of last week: what was replaced by then may go.
    DELETE FROM ops.trades_kept AS k
    WHERE k.id = OLD.id AND k.updated_at < (
        SELECT max(n.updated_at) FROM ops.trades_kept AS n
        WHERE n.id = OLD.id AND n.updated_at < clock_timestamp() - interval '7 days'
    );
    RETURN NULL;
END
$$;
