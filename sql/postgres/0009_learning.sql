-- The learning design as a facade: one agent, LONG/SHORT, decisions with their outcomes. SET search_path = learning, public.
-- What the design has no column for comes from the settings candlehouse.agent_id and candlehouse.exchange (see ops.home_agent
-- and ops.home_exchange). Every view is a plain one, so that all of INSERT, UPDATE, DELETE and ON CONFLICT reach the table.

CREATE SCHEMA learning;

COMMENT ON SCHEMA learning IS 'Facade: the long-term learning design.';

CREATE VIEW learning.trades AS
SELECT
    id,
    symbol,
    side_upper AS side,
    entry_price,
    quantity,
    stop_loss,
    take_profit,
    exit_price,
    net_pnl AS pnl,
    pnl_percent,
    exit_reason,
    entry_order_id AS bybit_order_id,
    status,
    created_at,
    opened_at,
    closed_at,
    decision_id,
    prompt_version
FROM public.trades
WHERE ops.in_view(exchange);

COMMENT ON VIEW learning.trades IS 'Trades of all agents: public.trades. New ones are the home agents.';
COMMENT ON COLUMN learning.trades.id IS 'Stable id, chosen by the writer; a replay is an upsert.';
COMMENT ON COLUMN learning.trades.symbol IS 'Instrument, as the venue names it.';
COMMENT ON COLUMN learning.trades.side IS 'LONG or SHORT.';
COMMENT ON COLUMN learning.trades.entry_price IS 'Average entry price, in the currency per unit.';
COMMENT ON COLUMN learning.trades.quantity IS 'Size in units of the base asset, positive; NULL where its writer does not say.';
COMMENT ON COLUMN learning.trades.stop_loss IS 'Planned stop price.';
COMMENT ON COLUMN learning.trades.take_profit IS 'Planned target price.';
COMMENT ON COLUMN learning.trades.exit_price IS 'Average exit price, in the currency per unit.';
COMMENT ON COLUMN learning.trades.pnl IS 'PnL after all fees, as the venue accounts it; the truth where gross minus fee differs.';
COMMENT ON COLUMN learning.trades.pnl_percent IS 'Net PnL in percent, as the writer defines it.';
COMMENT ON COLUMN learning.trades.exit_reason IS 'Why it was left: tp_hit, sl_hit, manual, liquidated, or the agent''s words.';
COMMENT ON COLUMN learning.trades.bybit_order_id IS 'Order id of the entry at the venue.';
COMMENT ON COLUMN learning.trades.status IS 'pending, open, closed, cancelled or error.';
COMMENT ON COLUMN learning.trades.created_at IS 'When we learned of it (UTC).';
COMMENT ON COLUMN learning.trades.opened_at IS 'When the position was entered (UTC).';
COMMENT ON COLUMN learning.trades.closed_at IS 'When the position was left (UTC). Of a trade that was closed without a time: when the database was told, and details.closed_at_from says so.';
COMMENT ON COLUMN learning.trades.decision_id IS 'Decision that led to the trade.';
COMMENT ON COLUMN learning.trades.prompt_version IS 'Prompt version behind the decision.';

ALTER VIEW learning.trades ALTER COLUMN status SET DEFAULT 'pending';
ALTER VIEW learning.trades ALTER COLUMN created_at SET DEFAULT now();

CREATE VIEW learning.positions AS
SELECT
    id,
    live_symbol AS symbol,
    side_upper AS side,
    quantity,
    entry_price,
    current_price,
    unrealized_pnl,
    unrealized_pnl_percent,
    trade_id,
    synced_at
FROM public.positions
WHERE live_symbol IS NOT NULL AND agent_id = ops.home_agent() AND exchange = ops.home_exchange();

COMMENT ON VIEW learning.positions IS 'Open positions of the home agent at the home exchange, one per symbol: public.positions.';
COMMENT ON COLUMN learning.positions.id IS 'Stable id, chosen by the writer.';
COMMENT ON COLUMN learning.positions.symbol IS 'Instrument, as the venue names it.';
COMMENT ON COLUMN learning.positions.side IS 'LONG or SHORT.';
COMMENT ON COLUMN learning.positions.quantity IS 'Size in units of the base asset, positive; a closed position may hold 0.';
COMMENT ON COLUMN learning.positions.entry_price IS 'Average entry price, in the quote currency per unit.';
COMMENT ON COLUMN learning.positions.current_price IS 'Price at synced_at, in the quote currency per unit.';
COMMENT ON COLUMN learning.positions.unrealized_pnl IS 'Open PnL at synced_at, in the quote currency.';
COMMENT ON COLUMN learning.positions.unrealized_pnl_percent IS 'Open PnL at synced_at in percent, as the writer defines it.';
COMMENT ON COLUMN learning.positions.trade_id IS 'The trade it belongs to; the trade may already live in ClickHouse only.';
COMMENT ON COLUMN learning.positions.synced_at IS 'When the writer last compared it with the venue (UTC).';

ALTER VIEW learning.positions ALTER COLUMN synced_at SET DEFAULT now();

CREATE VIEW learning.decisions AS
SELECT
    id,
    symbol,
    timeframe,
    chart_image_path,
    market_snapshot,
    recommendation,
    confidence,
    entry_price,
    stop_loss,
    take_profit,
    reasoning,
    raw_response,
    executed AS traded,
    skip_reason,
    trade_id,
    actual_pnl,
    actual_pnl_percent,
    max_favorable,
    max_adverse,
    hold_duration_minutes,
    outcome_correct,
    prompt_version,
    model_version,
    analysis_duration_ms,
    decided_at AS analyzed_at,
    outcome_recorded_at
FROM public.decisions
WHERE ops.in_view(exchange);

COMMENT ON VIEW learning.decisions IS 'Decisions of all agents: public.decisions. New ones are the home agents.';
COMMENT ON COLUMN learning.decisions.id IS 'Stable id, chosen by the writer; a replay is an upsert.';
COMMENT ON COLUMN learning.decisions.symbol IS 'Instrument, as the venue names it.';
COMMENT ON COLUMN learning.decisions.timeframe IS 'Timeframe of the candles that were looked at, such as 1h.';
COMMENT ON COLUMN learning.decisions.chart_image_path IS 'Where the chart that was looked at is kept.';
COMMENT ON COLUMN learning.decisions.market_snapshot IS 'The market as the agent saw it.';
COMMENT ON COLUMN learning.decisions.recommendation IS 'LONG, SHORT or HOLD; CLOSE where another design decided to close.';
COMMENT ON COLUMN learning.decisions.confidence IS 'The agent''s own probability of being right, 0 to 1.';
COMMENT ON COLUMN learning.decisions.entry_price IS 'Price at which the agent would enter, in the quote currency per unit.';
COMMENT ON COLUMN learning.decisions.stop_loss IS 'Planned stop price.';
COMMENT ON COLUMN learning.decisions.take_profit IS 'Planned target price.';
COMMENT ON COLUMN learning.decisions.reasoning IS 'Why, in the agent''s words.';
COMMENT ON COLUMN learning.decisions.raw_response IS 'Answer of the model as it came.';
COMMENT ON COLUMN learning.decisions.traded IS 'Whether it was traded.';
COMMENT ON COLUMN learning.decisions.skip_reason IS 'Why it was not traded: low_confidence, no_slots, risk_exceeded, or the writer''s words.';
COMMENT ON COLUMN learning.decisions.trade_id IS 'Trade that came of it; it may already live in ClickHouse only.';
COMMENT ON COLUMN learning.decisions.actual_pnl IS 'Outcome: PnL, in the quote currency.';
COMMENT ON COLUMN learning.decisions.actual_pnl_percent IS 'Outcome: PnL in percent.';
COMMENT ON COLUMN learning.decisions.max_favorable IS 'Outcome: best excursion before the exit, in the unit of the writer that scored it.';
COMMENT ON COLUMN learning.decisions.max_adverse IS 'Outcome: worst excursion before the exit, in the unit of the writer that scored it.';
COMMENT ON COLUMN learning.decisions.hold_duration_minutes IS 'Outcome: how long it was held, in minutes.';
COMMENT ON COLUMN learning.decisions.outcome_correct IS 'Outcome: whether the direction was right; NULL until known.';
COMMENT ON COLUMN learning.decisions.prompt_version IS 'Prompt version behind it.';
COMMENT ON COLUMN learning.decisions.model_version IS 'Language model that answered.';
COMMENT ON COLUMN learning.decisions.analysis_duration_ms IS 'How long the analysis took, in milliseconds.';
COMMENT ON COLUMN learning.decisions.analyzed_at IS 'When it was taken (UTC).';
COMMENT ON COLUMN learning.decisions.outcome_recorded_at IS 'When the outcome was recorded (UTC).';

ALTER VIEW learning.decisions ALTER COLUMN model_version SET DEFAULT 'gpt-4-vision-preview';
ALTER VIEW learning.decisions ALTER COLUMN analyzed_at SET DEFAULT now();

CREATE VIEW learning.prompt_versions AS
SELECT
    id,
    version,
    name,
    description,
    prompt_text,
    created_at,
    is_active
FROM public.prompt_versions;

COMMENT ON VIEW learning.prompt_versions IS 'Prompts by version: public.prompt_versions.';
COMMENT ON COLUMN learning.prompt_versions.id IS 'Stable id, chosen by the writer.';
COMMENT ON COLUMN learning.prompt_versions.version IS 'Name of the version, as decisions.prompt_version and trades.prompt_version have it.';
COMMENT ON COLUMN learning.prompt_versions.name IS 'Name for people.';
COMMENT ON COLUMN learning.prompt_versions.description IS 'What it tries, for people.';
COMMENT ON COLUMN learning.prompt_versions.prompt_text IS 'The prompt itself.';
COMMENT ON COLUMN learning.prompt_versions.created_at IS 'When we learned of it (UTC).';
COMMENT ON COLUMN learning.prompt_versions.is_active IS 'Whether agents should run it now.';

ALTER VIEW learning.prompt_versions ALTER COLUMN created_at SET DEFAULT now();

CREATE MATERIALIZED VIEW learning.prompt_performance AS
SELECT
    d.prompt_version,
    count(*) AS total_decisions,
    count(CASE WHEN d.traded THEN 1 END) AS trades_taken,
    count(CASE WHEN d.outcome_correct THEN 1 END) AS correct_predictions,
    round(avg(d.confidence)::numeric, 3) AS avg_confidence,
    round(avg(t.pnl_percent)::numeric, 2) AS avg_pnl_percent,
    count(CASE WHEN t.net_pnl > 0 THEN 1 END)::float / nullif(count(t.id), 0) AS win_rate,
    sum(t.net_pnl) AS total_pnl
FROM learning.decisions AS d
LEFT JOIN public.trades_all AS t ON d.trade_id = t.id AND ops.in_view(t.exchange)
GROUP BY d.prompt_version;

CREATE UNIQUE INDEX prompt_performance_prompt_version ON learning.prompt_performance (prompt_version);

COMMENT ON MATERIALIZED VIEW learning.prompt_performance IS 'How each prompt version did, as the design defines it. Refreshed by refresh_prompt_performance().';
COMMENT ON COLUMN learning.prompt_performance.prompt_version IS 'The version; NULL for decisions that name none.';
COMMENT ON COLUMN learning.prompt_performance.total_decisions IS 'Decisions on it.';
COMMENT ON COLUMN learning.prompt_performance.trades_taken IS 'Decisions that were traded.';
COMMENT ON COLUMN learning.prompt_performance.correct_predictions IS 'Decisions with the right direction.';
COMMENT ON COLUMN learning.prompt_performance.avg_confidence IS 'Mean confidence, 0 to 1.';
COMMENT ON COLUMN learning.prompt_performance.avg_pnl_percent IS 'Mean net PnL of its trades, in percent, unweighted.';
COMMENT ON COLUMN learning.prompt_performance.win_rate IS 'Share of its trades with a net PnL above zero, 0 to 1; open trades count as not won.';
COMMENT ON COLUMN learning.prompt_performance.total_pnl IS 'Sum of net PnL of its trades.';

CREATE FUNCTION learning.refresh_prompt_performance() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    own text := coalesce(current_setting('candlehouse.exchange', true), '');
BEGIN
    PERFORM set_config('candlehouse.exchange', coalesce(ops.database_setting('candlehouse.exchange'), ''), true);
    REFRESH MATERIALIZED VIEW CONCURRENTLY learning.prompt_performance;
    PERFORM set_config('candlehouse.exchange', own, true);
END
$$;

COMMENT ON FUNCTION learning.refresh_prompt_performance() IS 'Refreshes prompt_performance; readers are not blocked.';
