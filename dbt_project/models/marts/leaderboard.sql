{{ config(
    order_by=['exchange', 'origin_group', 'agent_id'],
    indexes=[{'columns': ['exchange', 'origin_group', 'agent_id'], 'unique': true}]
        if target.type == 'postgres' else [],
) }}

with trades as (

    select
        exchange,
        origin_group,
        agent_id,
        max(currency) as currency,
        sum(trades) as trades,
        sum(net_n) as scored_trades,
        sum(case when result = 'win' then trades else 0 end) as wins,
        {{ exact_sum('net_sum') }} as net_pnl,
        {{ exact_sum('gross_sum') }} as gross_pnl,
        {{ exact_sum('fee_sum') }} as fees,
        min(first_closed_at) as first_closed_at,
        max(last_closed_at) as last_closed_at
    from {{ ref('int_trade_months') }}
    group by exchange, origin_group, agent_id

),

snapshots as (

    select
        exchange,
        origin_group,
        agent_id,
        equity,
        captured_at,
        row_number() over (partition by agent_id, exchange, origin_group order by captured_at desc) as recency
    from {{ ref('stg_equity_snapshots') }}

),

newest as (

    select
        exchange,
        origin_group,
        agent_id,
        equity,
        captured_at
    from snapshots
    where recency = 1

),

-- Every agent that closed a trade, holds a position or reported an equity has days.
lives as (

    select *
    from {{ ref('since_inception') }}
    where days > 0

),

-- A day of the account's own report ends with it, and where nothing happened since, it still holds.
valued as (

    select
        lives.*,
        newest.captured_at as captured_at,
        coalesce(
            newest.equity is not null and (lives.equity_source = 'snapshot' or lives.equity = newest.equity), false
        ) as is_reported
    from lives
    left join newest
        on
            lives.exchange = newest.exchange
            and lives.origin_group = newest.origin_group
            and lives.agent_id = newest.agent_id

),

joined as (

    select
        valued.exchange as exchange,
        valued.origin_group as origin_group,
        valued.agent_id as agent_id,
        valued.agent_name as agent_name,
        coalesce(trades.currency, valued.currency) as currency,
        valued.initial_equity as initial_equity,
        valued.equity as equity,
        case
            when valued.is_reported then valued.captured_at
            when valued.equity is not null and valued.open_positions > 0 then {{ start_of('valued.equity_day') }}
            when valued.equity is not null then trades.last_closed_at
        end as equity_at,
        case
            when valued.is_reported then 'snapshot'
            when valued.equity is not null and valued.open_positions > 0 then 'open positions'
            when valued.equity is not null then 'closed trades'
        end as equity_source,
        valued.open_positions as open_positions,
        valued.open_pnl as open_pnl,
        trades.net_pnl as net_pnl,
        trades.gross_pnl as gross_pnl,
        trades.fees as fees,
        coalesce(trades.trades, 0) as trades,
        coalesce(trades.scored_trades, 0) as scored_trades,
        coalesce(trades.wins, 0) as wins,
        trades.first_closed_at as first_closed_at,
        trades.last_closed_at as last_closed_at
    from valued
    left join trades
        on
            valued.exchange = trades.exchange
            and valued.origin_group = trades.origin_group
            and valued.agent_id = trades.agent_id

),

scored as (

    select
        *,
        -- The difference is taken exactly and divided once: 1e-9 relative between engines also near zero.
        {{ divide_wide('equity - initial_equity', 'initial_equity') }} as return_since_inception
    from joined

)

select
    {{ typed('exchange', 'text') }} as exchange,
    {{ typed('origin_group', 'text') }} as origin_group,
    {{ typed(
        'rank() over (partition by exchange, origin_group'
        ' order by return_since_inception desc nulls last, net_pnl desc nulls last, agent_id)', 'int'
    ) }} as rank,
    {{ typed('agent_id', 'text') }} as agent_id,
    {{ typed('agent_name', 'text') }} as agent_name,
    {{ typed('currency', 'text', nullable=true) }} as currency,
    {{ typed('initial_equity', 'decimal', nullable=true) }} as initial_equity,
    equity,
    {{ typed('equity_at', 'timestamp', nullable=true) }} as equity_at,
    {{ typed('equity_source', 'text', nullable=true) }} as equity_source,
    {{ typed('return_since_inception', 'float', nullable=true) }} as return_since_inception,
    {{ typed('open_positions', 'int') }} as open_positions,
    {{ typed('open_pnl', 'product') }} as open_pnl,
    {{ typed('net_pnl', 'total', nullable=true) }} as net_pnl,
    {{ typed('gross_pnl', 'total', nullable=true) }} as gross_pnl,
    {{ typed('fees', 'total', nullable=true) }} as fees,
    {{ typed('trades', 'int') }} as trades,
    {{ typed('scored_trades', 'int') }} as scored_trades,
    {{ typed('wins', 'int') }} as wins,
    {{ typed(safe_divide('wins', 'scored_trades'), 'float', nullable=true) }} as win_rate,
    {{ typed(wilson('wins', 'scored_trades', 'low'), 'float', nullable=true) }} as win_rate_low,
    {{ typed(wilson('wins', 'scored_trades', 'high'), 'float', nullable=true) }} as win_rate_high,
    {{ typed('first_closed_at', 'timestamp', nullable=true) }} as first_closed_at,
    {{ typed('last_closed_at', 'timestamp', nullable=true) }} as last_closed_at
from scored
