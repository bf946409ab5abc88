{{ config(
    order_by=['exchange', 'origin_group', 'agent_id'],
    indexes=[{'columns': ['exchange', 'origin_group', 'agent_id'], 'unique': true}]
        if target.type == 'postgres' else [],
    pre_hook="{{ join_by_hash() }}",
) }}

with days as (

    select
        exchange,
        origin_group,
        agent_id,
        day,
        currency,
        equity,
        equity_source,
        realized_pnl,
        open_pnl,
        open_positions,
        fees,
        closed_trades
    from {{ ref('agent_daily') }}

),

lives as {{ once() }}(

    select
        exchange,
        origin_group,
        agent_id,
        min(day) as first_day,
        count(*) as days,
        max(currency) as currency,
        max(case when equity is not null then day end) as equity_day,
        coalesce(max(case when equity is not null then day end), max(day)) as newest_day,
        sum(realized_pnl) as realized_pnl,
        sum(fees) as fees,
        sum(closed_trades) as closed_trades
    from days
    group by exchange, origin_group, agent_id

),

newest as (

    select
        lives.*,
        days.equity as equity,
        days.equity_source as equity_source,
        days.open_pnl as open_pnl,
        days.open_positions as open_positions
    from lives
    inner join days
        on
            lives.exchange = days.exchange
            and lives.origin_group = days.origin_group
            and lives.agent_id = days.agent_id
            and lives.newest_day = days.day

),

accounts as (

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
    from newest
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
    {{ typed('coalesce(newest.currency, accounts.currency)', 'text', nullable=true) }} as currency,
    {{ typed('accounts.inception_at', 'timestamp', nullable=true) }} as inception_at,
    {{ typed('accounts.initial_equity', 'decimal', nullable=true) }} as initial_equity,
    {{ typed('newest.first_day', 'date', nullable=true) }} as first_day,
    {{ typed('coalesce(newest.days, 0)', 'int') }} as days,
    {{ typed('newest.equity', 'product', nullable=true) }} as equity,
    {{ typed('newest.equity_day', 'date', nullable=true) }} as equity_day,
    {{ typed('newest.equity_source', 'text', nullable=true) }} as equity_source,
    {{ typed('newest.equity - accounts.initial_equity', 'product', nullable=true) }} as pnl,
    {{ typed(divide_wide('newest.equity - accounts.initial_equity', 'accounts.initial_equity'), 'float', nullable=true) }}
        as return_since_inception,
    {{ typed('coalesce(newest.realized_pnl, 0)', 'total') }} as realized_pnl,
    {{ typed('coalesce(newest.open_pnl, 0)', 'product') }} as open_pnl,
    {{ typed('coalesce(newest.open_positions, 0)', 'int') }} as open_positions,
    {{ typed('coalesce(newest.fees, 0)', 'total') }} as fees,
    {{ typed('coalesce(newest.closed_trades, 0)', 'int') }} as closed_trades
from participants
left join newest
    on
        participants.exchange = newest.exchange
        and participants.origin_group = newest.origin_group
        and participants.agent_id = newest.agent_id
left join accounts
    on
        participants.exchange = accounts.exchange
        and participants.agent_id = accounts.agent_id
left join {{ ref('stg_agents') }} as agents
    on participants.agent_id = agents.agent_id
