{{ config(
    order_by=['exchange', 'origin_group', 'agent_id'],
    indexes=[{'columns': ['exchange', 'origin_group', 'agent_id'], 'unique': true}]
        if target.type == 'postgres' else [],
    pre_hook="{{ join_by_hash() }}",
) }}

with accounts as (

    select
        *,
        {{ origin_group('origin') }} as origin_group
    from {{ ref('stg_accounts') }}

),

participants as (

    select
        exchange,
        origin_group,
        agent_id
    from {{ ref('int_agent_trades') }}
    union distinct
    select
        exchange,
        origin_group,
        agent_id
    from {{ ref('int_agent_risk') }}
    union distinct
    select
        exchange,
        origin_group,
        agent_id
    from {{ ref('int_agent_signals') }}
    union distinct
    select
        exchange,
        origin_group,
        agent_id
    from accounts

)

select
    {{ typed('participants.exchange', 'text') }} as exchange,
    {{ typed('participants.origin_group', 'text') }} as origin_group,
    {{ typed('participants.agent_id', 'text') }} as agent_id,
    {{ typed('coalesce(agents.agent_name, participants.agent_id)', 'text') }} as agent_name,
    {{ typed('coalesce(trades.currency, accounts.currency)', 'text', nullable=true) }} as currency,

    -- fees and moves
    {{ typed('coalesce(trades.std_net_pnl, 0)', 'float') }} as std_net_pnl,
    {{ typed('coalesce(trades.total_fees_paid, 0)', 'total') }} as total_fees_paid,
    {{ typed('coalesce(trades.overall_pnl_without_fees, 0)', 'total') }} as overall_pnl_without_fees,
    {{ typed('coalesce(trades.total_fees_as_pct_of_pnl, 0)', 'float') }} as total_fees_as_pct_of_pnl,
    {{ typed('coalesce(trades.overall_pnl_with_fees, 0)', 'total') }} as overall_pnl_with_fees,
    {{ typed('coalesce(trades.avg_taker_fee, 0)', 'float') }} as avg_taker_fee,
    {{ typed('coalesce(trades.std_gross_pnl, 0)', 'float') }} as std_gross_pnl,
    {{ typed('coalesce(trades.avg_net_pnl, 0)', 'float') }} as avg_net_pnl,
    {{ typed('coalesce(trades.biggest_net_loss, 0)', 'decimal') }} as biggest_net_loss,
    {{ typed('coalesce(trades.biggest_net_gain, 0)', 'decimal') }} as biggest_net_gain,
    {{ typed('coalesce(trades.avg_gross_pnl, 0)', 'float') }} as avg_gross_pnl,
    {{ typed('coalesce(trades.std_taker_fee, 0)', 'float') }} as std_taker_fee,

    -- winners and losers
    {{ typed('coalesce(trades.win_rate, 0)', 'float') }} as win_rate,
    {{ typed('coalesce(trades.avg_winners_net_pnl, 0)', 'float') }} as avg_winners_net_pnl,
    {{ typed('coalesce(trades.std_winners_net_pnl, 0)', 'float') }} as std_winners_net_pnl,
    {{ typed('coalesce(trades.avg_winners_notional, 0)', 'float') }} as avg_winners_notional,
    {{ typed('coalesce(trades.std_winners_notional, 0)', 'float') }} as std_winners_notional,
    {{ typed('coalesce(trades.avg_winners_holding_period, 0)', 'float') }} as avg_winners_holding_period,
    {{ typed('coalesce(trades.std_winners_holding_period, 0)', 'float') }} as std_winners_holding_period,
    {{ typed('coalesce(trades.avg_losers_net_pnl, 0)', 'float') }} as avg_losers_net_pnl,
    {{ typed('coalesce(trades.std_losers_net_pnl, 0)', 'float') }} as std_losers_net_pnl,
    {{ typed('coalesce(trades.avg_losers_notional, 0)', 'float') }} as avg_losers_notional,
    {{ typed('coalesce(trades.std_losers_notional, 0)', 'float') }} as std_losers_notional,
    {{ typed('coalesce(trades.avg_losers_holding_period, 0)', 'float') }} as avg_losers_holding_period,
    {{ typed('coalesce(trades.std_losers_holding_period, 0)', 'float') }} as std_losers_holding_period,

    -- signals
    {{ typed('coalesce(signals.total_signals, 0)', 'int') }} as total_signals,
    {{ typed('coalesce(signals.num_long_signals, 0)', 'int') }} as num_long_signals,
    {{ typed('coalesce(signals.long_signal_pct, 0)', 'float') }} as long_signal_pct,
    {{ typed('coalesce(signals.num_short_signals, 0)', 'int') }} as num_short_signals,
    {{ typed('coalesce(signals.short_signal_pct, 0)', 'float') }} as short_signal_pct,
    {{ typed('coalesce(signals.num_hold_signals, 0)', 'int') }} as num_hold_signals,
    {{ typed('coalesce(signals.hold_signal_pct, 0)', 'float') }} as hold_signal_pct,
    {{ typed('coalesce(signals.num_close_signals, 0)', 'int') }} as num_close_signals,
    {{ typed('coalesce(signals.close_signal_pct, 0)', 'float') }} as close_signal_pct,
    {{ typed('coalesce(signals.long_short_ratio, 0)', 'float') }} as long_short_ratio,
    {{ typed('coalesce(signals.avg_confidence, 0)', 'float') }} as avg_confidence,
    {{ typed('coalesce(signals.median_confidence, 0)', 'float') }} as median_confidence,
    {{ typed('coalesce(signals.std_confidence, 0)', 'float') }} as std_confidence,
    {{ typed('coalesce(signals.avg_confidence_long, 0)', 'float') }} as avg_confidence_long,
    {{ typed('coalesce(signals.std_confidence_long, 0)', 'float') }} as std_confidence_long,
    {{ typed('coalesce(signals.avg_confidence_short, 0)', 'float') }} as avg_confidence_short,
    {{ typed('coalesce(signals.std_confidence_short, 0)', 'float') }} as std_confidence_short,
    {{ typed('coalesce(signals.avg_confidence_hold, 0)', 'float') }} as avg_confidence_hold,
    {{ typed('coalesce(signals.std_confidence_hold, 0)', 'float') }} as std_confidence_hold,
    {{ typed('coalesce(signals.avg_confidence_close, 0)', 'float') }} as avg_confidence_close,
    {{ typed('coalesce(signals.std_confidence_close, 0)', 'float') }} as std_confidence_close,
    {{ typed('coalesce(signals.avg_leverage, 0)', 'float') }} as avg_leverage,
    {{ typed('coalesce(signals.median_leverage, 0)', 'float') }} as median_leverage,
    {{ typed('coalesce(signals.std_leverage, 0)', 'float') }} as std_leverage,
    {{ typed('coalesce(signals.avg_leverage_long, 0)', 'float') }} as avg_leverage_long,
    {{ typed('coalesce(signals.std_leverage_long, 0)', 'float') }} as std_leverage_long,
    {{ typed('coalesce(signals.avg_leverage_short, 0)', 'float') }} as avg_leverage_short,
    {{ typed('coalesce(signals.std_leverage_short, 0)', 'float') }} as std_leverage_short,
    {{ typed('coalesce(signals.mins_long_combined, 0)', 'float') }} as mins_long_combined,
    {{ typed('coalesce(signals.pct_mins_long_combined, 0)', 'float') }} as pct_mins_long_combined,
    {{ typed('coalesce(signals.mins_short_combined, 0)', 'float') }} as mins_short_combined,
    {{ typed('coalesce(signals.pct_mins_short_combined, 0)', 'float') }} as pct_mins_short_combined,
    {{ typed('coalesce(signals.mins_flat_combined, 0)', 'float') }} as mins_flat_combined,
    {{ typed('coalesce(signals.pct_mins_flat_combined, 0)', 'float') }} as pct_mins_flat_combined,

    -- invocations
    {{ typed('coalesce(signals.num_invocations, 0)', 'int') }} as num_invocations,
    {{ typed('coalesce(signals.avg_invocation_break_mins, 0)', 'float') }} as avg_invocation_break_mins,
    {{ typed('coalesce(signals.std_invocation_break_mins, 0)', 'float') }} as std_invocation_break_mins,
    {{ typed('coalesce(signals.min_invocation_break_mins, 0)', 'float') }} as min_invocation_break_mins,
    {{ typed('coalesce(signals.max_invocation_break_mins, 0)', 'float') }} as max_invocation_break_mins,

    -- longs and shorts
    {{ typed('coalesce(trades.num_long_trades, 0)', 'int') }} as num_long_trades,
    {{ typed('coalesce(trades.num_short_trades, 0)', 'int') }} as num_short_trades,
    {{ typed('coalesce(trades.long_short_trades_ratio, 0)', 'float') }} as long_short_trades_ratio,
    {{ typed('coalesce(trades.avg_longs_net_pnl, 0)', 'float') }} as avg_longs_net_pnl,
    {{ typed('coalesce(trades.std_longs_net_pnl, 0)', 'float') }} as std_longs_net_pnl,
    {{ typed('coalesce(trades.avg_longs_notional, 0)', 'float') }} as avg_longs_notional,
    {{ typed('coalesce(trades.std_longs_notional, 0)', 'float') }} as std_longs_notional,
    {{ typed('coalesce(trades.avg_longs_holding_period, 0)', 'float') }} as avg_longs_holding_period,
    {{ typed('coalesce(trades.std_longs_holding_period, 0)', 'float') }} as std_longs_holding_period,
    {{ typed('coalesce(trades.avg_shorts_net_pnl, 0)', 'float') }} as avg_shorts_net_pnl,
    {{ typed('coalesce(trades.std_shorts_net_pnl, 0)', 'float') }} as std_shorts_net_pnl,
    {{ typed('coalesce(trades.avg_shorts_notional, 0)', 'float') }} as avg_shorts_notional,
    {{ typed('coalesce(trades.std_shorts_notional, 0)', 'float') }} as std_shorts_notional,
    {{ typed('coalesce(trades.avg_shorts_holding_period, 0)', 'float') }} as avg_shorts_holding_period,
    {{ typed('coalesce(trades.std_shorts_holding_period, 0)', 'float') }} as std_shorts_holding_period,

    -- overview
    {{ typed('coalesce(trades.total_trades, 0)', 'int') }} as total_trades,
    {{ typed('coalesce(trades.avg_holding_period_mins, 0)', 'float') }} as avg_holding_period_mins,
    {{ typed('coalesce(trades.median_holding_period_mins, 0)', 'float') }} as median_holding_period_mins,
    {{ typed('coalesce(trades.std_holding_period_mins, 0)', 'float') }} as std_holding_period_mins,
    {{ typed('coalesce(trades.avg_size_of_trade_notional, 0)', 'float') }} as avg_size_of_trade_notional,
    {{ typed('coalesce(trades.median_size_of_trade_notional, 0)', 'float') }} as median_size_of_trade_notional,
    {{ typed('coalesce(trades.std_size_of_trade_notional, 0)', 'float') }} as std_size_of_trade_notional,
    {{ typed('coalesce(trades.avg_take_profit_distance_pct, 0)', 'float') }} as avg_take_profit_distance_pct,
    {{ typed('coalesce(trades.avg_stop_loss_distance_pct, 0)', 'float') }} as avg_stop_loss_distance_pct,
    {{ typed('0', 'float') }} as avg_size_of_trade_portfolio_pct,
    {{ typed('0', 'float') }} as std_size_of_trade_portfolio_pct,
    {{ typed('coalesce(signals.avg_convo_leverage, 0)', 'float') }} as avg_convo_leverage,
    {{ typed('coalesce(signals.median_convo_leverage, 0)', 'float') }} as median_convo_leverage,

    -- newest
    {{ typed('trades.last_trade_doc_id', 'text', nullable=true) }} as last_trade_doc_id,
    {{ typed('trades.last_trade_exit_time', 'timestamp', nullable=true) }} as last_trade_exit_time,
    {{ typed('signals.last_convo_doc_id', 'text', nullable=true) }} as last_convo_doc_id,
    {{ typed('signals.last_convo_timestamp', 'timestamp', nullable=true) }} as last_convo_timestamp,

    -- record
    {{ typed('coalesce(trades.scored_trades, 0)', 'int') }} as scored_trades,
    {{ typed('coalesce(trades.wins, 0)', 'int') }} as wins,
    {{ typed(divide_wide('trades.net_of_wins', '-trades.net_of_losses'), 'float', nullable=true) }} as profit_factor,
    {{ typed(divide_wide('trades.overall_pnl_with_fees', 'trades.scored_trades'), 'float', nullable=true) }} as expectancy,
    {{ typed('trades.avg_net_pnl / nullif(-trades.avg_losers_net_pnl, 0)', 'float', nullable=true) }} as expectancy_ratio,
    {{ typed('coalesce(streaks.longest_winning_streak, 0)', 'int') }} as longest_winning_streak,
    {{ typed('coalesce(streaks.longest_losing_streak, 0)', 'int') }} as longest_losing_streak,
    {{ typed('coalesce(streaks.current_streak, 0)', 'int') }} as current_streak,

    -- risk
    {{ typed('coalesce(exposure.microseconds_in_market, 0) / 60000000.0', 'float') }} as exposure_minutes,
    {{ typed('100 * ' ~ safe_divide('coalesce(exposure.microseconds_in_market, 0)', 'risk.days * 86400000000'), 'float', nullable=true) }} as exposure_time_pct,
    {{ typed('coalesce(risk.days, 0)', 'int') }} as days,
    {{ typed('risk.mean_daily_return', 'float', nullable=true) }} as mean_daily_return,
    {{ typed('risk.best_day', 'float', nullable=true) }} as best_day,
    {{ typed('risk.worst_day', 'float', nullable=true) }} as worst_day,
    {{ typed('risk.volatility', 'float', nullable=true) }} as volatility,
    {{ typed('risk.annual_return', 'float', nullable=true) }} as annual_return,
    {{ typed('risk.sharpe', 'float', nullable=true) }} as sharpe,
    {{ typed('risk.sortino', 'float', nullable=true) }} as sortino,
    {{ typed('risk.calmar', 'float', nullable=true) }} as calmar,
    {{ typed('risk.max_drawdown', 'float', nullable=true) }} as max_drawdown,
    {{ typed('risk.max_drawdown_peak_day', 'date', nullable=true) }} as max_drawdown_peak_day,
    {{ typed('risk.max_drawdown_trough_day', 'date', nullable=true) }} as max_drawdown_trough_day,
    {{ typed('risk.max_drawdown_recovered_day', 'date', nullable=true) }} as max_drawdown_recovered_day
from participants
left join {{ ref('int_agent_trades') }} as trades
    on
        participants.exchange = trades.exchange
        and participants.origin_group = trades.origin_group
        and participants.agent_id = trades.agent_id
left join {{ ref('int_agent_signals') }} as signals
    on
        participants.exchange = signals.exchange
        and participants.origin_group = signals.origin_group
        and participants.agent_id = signals.agent_id
left join {{ ref('int_agent_streaks') }} as streaks
    on
        participants.exchange = streaks.exchange
        and participants.origin_group = streaks.origin_group
        and participants.agent_id = streaks.agent_id
left join {{ ref('int_agent_exposure') }} as exposure
    on
        participants.exchange = exposure.exchange
        and participants.origin_group = exposure.origin_group
        and participants.agent_id = exposure.agent_id
left join {{ ref('int_agent_risk') }} as risk
    on
        participants.exchange = risk.exchange
        and participants.origin_group = risk.origin_group
        and participants.agent_id = risk.agent_id
left join accounts
    on
        participants.exchange = accounts.exchange
        and participants.agent_id = accounts.agent_id
left join {{ ref('stg_agents') }} as agents
    on participants.agent_id = agents.agent_id
