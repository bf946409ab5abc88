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
        row_number() over (partition by exchange, origin_group, agent_id order by captured_at desc) as recency
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

participants as (

    select
        exchange,
        origin_group,
        agent_id
    from trades
    union distinct
    select
        exchange,
        origin_group,
        agent_id
    from newest

),

joined as (

    select
        participants.exchange as exchange,
        participants.origin_group as origin_group,
        participants.agent_id as agent_id,
        coalesce(agents.agent_name, participants.agent_id) as agent_name,
        coalesce(trades.currency, accounts.currency) as currency,
        accounts.initial_equity as initial_equity,
        case
            when newest.equity is not null then newest.equity
            when trades.trades > 0 then accounts.initial_equity + trades.net_pnl
        end as equity,
        case
            when newest.equity is not null then newest.captured_at
            when accounts.initial_equity + trades.net_pnl is not null then trades.last_closed_at
        end as equity_at,
        case
            when newest.equity is not null then 'snapshot'
            when accounts.initial_equity + trades.net_pnl is not null then 'closed trades'
        end as equity_source,
        trades.net_pnl as net_pnl,
        trades.gross_pnl as gross_pnl,
        trades.fees as fees,
        coalesce(trades.trades, 0) as trades,
        coalesce(trades.scored_trades, 0) as scored_trades,
        coalesce(trades.wins, 0) as wins,
        trades.first_closed_at as first_closed_at,
        trades.last_closed_at as last_closed_at
    from participants
    left join trades
        on
            participants.exchange = trades.exchange
            and participants.origin_group = trades.origin_group
            and participants.agent_id = trades.agent_id
    left join newest
        on
            participants.exchange = newest.exchange
            and participants.origin_group = newest.origin_group
            and participants.agent_id = newest.agent_id
    left join {{ ref('stg_accounts') }} as accounts
        on
            participants.exchange = accounts.exchange
            and participants.agent_id = accounts.agent_id
    left join {{ ref('stg_agents') }} as agents
        on participants.agent_id = agents.agent_id

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
    {{ typed('equity', 'total', nullable=true) }} as equity,
    {{ typed('equity_at', 'timestamp', nullable=true) }} as equity_at,
    {{ typed('equity_source', 'text', nullable=true) }} as equity_source,
    {{ typed('return_since_inception', 'float', nullable=true) }} as return_since_inception,
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
