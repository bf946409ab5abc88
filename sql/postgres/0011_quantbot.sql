-- Facade of the quantbot design: research. Its candles and simulation events are views in ClickHouse.

CREATE SCHEMA quantbot;
COMMENT ON SCHEMA quantbot IS 'Facade of the quantbot design: tokens, callers, alerts, strategies, simulations, searches, models.';

CREATE VIEW quantbot.tokens AS
SELECT id, chain, address, symbol, name, decimals, metadata_json, created_at, updated_at
FROM public.tokens;

CREATE VIEW quantbot.callers AS
SELECT id, source, handle, display_name, attributes_json, created_at, updated_at
FROM public.callers;

CREATE VIEW quantbot.alerts AS
SELECT
    id, token_id, caller_id, strategy_id, side, confidence, alert_price, alert_timestamp, raw_payload_json, created_at
FROM public.alerts;

CREATE VIEW quantbot.calls AS
SELECT
    id, alert_id, token_id, caller_id, strategy_id, side, signal_type, signal_strength, signal_timestamp, metadata_json,
    created_at
FROM public.calls;

CREATE VIEW quantbot.strategies AS
SELECT id, name, version, category, description, config_json, is_active, created_at, updated_at
FROM public.strategies;

CREATE VIEW quantbot.simulation_runs AS
SELECT
    id, strategy_id, token_id, caller_id, run_type, engine_version, config_hash, config_json, data_selection_json, status,
    started_at, completed_at, error_message, created_at
FROM public.simulation_runs;

CREATE VIEW quantbot.simulation_results_summary AS
SELECT
    simulation_run_id, final_pnl, max_drawdown, volatility, sharpe_ratio, sortino_ratio, win_rate, trade_count,
    avg_trade_return, median_trade_return, reentry_count, ladder_entries_used, ladder_exits_used,
    average_holding_minutes, max_holding_minutes, metadata_json, created_at
FROM public.simulation_results_summary;

CREATE VIEW quantbot.optimization_jobs AS
SELECT
    id, strategy_template_id, name, search_space_json, objective, status, created_at, started_at, completed_at,
    error_message
FROM public.optimization_jobs;

CREATE VIEW quantbot.optimization_trials AS
SELECT id, job_id, trial_index, trial_params_json, simulation_run_id, metrics_json, score, created_at
FROM public.optimization_trials;

CREATE VIEW quantbot.ml_models AS
SELECT
    id, name, model_type, input_features_json, label_definition, storage_uri, metrics_json, status, created_at, updated_at
FROM public.ml_models;

DO $$
DECLARE
    facade name;
BEGIN
    FOR facade IN SELECT relname FROM pg_class WHERE relnamespace = 'quantbot'::regnamespace AND relkind = 'v' LOOP
        PERFORM ops.describe_facade(format('quantbot.%I', facade)::regclass, format('public.%I', facade)::regclass);
    END LOOP;
END
$$;
