{{ config(
    order_by=['exchange', 'origin_group', 'agent_id', 'day'],
    indexes=[{'columns': ['exchange', 'origin_group', 'agent_id', 'day'], 'unique': true}]
        if target.type == 'postgres' else [],
    pre_hook="{{ join_by_hash() }}",
) }}

with closed as (

    select *
    from {{ ref('int_trade_days') }}

),

marked as (

    select
        nights.*,
        marks.price as price,
        {{ exact_product('nights.net_quantity', 'marks.price') }} - nights.net_cost as rise,
        {{ exact_product('nights.long_quantity', 'marks.price') }} as long_value,
        {{ exact_product('nights.short_quantity', 'marks.price') }} as short_value
    from {{ ref('int_trade_nights') }} as nights
    left join {{ ref('stg_daily_marks') }} as marks
        on
            nights.exchange = marks.exchange
            and nights.symbol = marks.symbol
            and nights.day = marks.day

),

held as (

    select
        exchange,
        origin_group,
        agent_id,
        day,
        sum(positions) as open_positions,
        sum(case when price is null then positions else positions - entered_positions end) as unmarked_positions,
        {{ sum_of_products('rise') }} as open_pnl,
        {{ sum_of_products('long_value') }} as long_exposure,
        {{ sum_of_products('short_value') }} as short_exposure
    from marked
    group by exchange, origin_group, agent_id, day

),

captured as (

    select
        exchange,
        origin_group,
        agent_id,
        equity,
        {{ day_of('captured_at') }} as day,
        row_number() over (
            partition by exchange, origin_group, agent_id, {{ day_of('captured_at') }} order by captured_at desc
        ) as recency
    from {{ ref('stg_equity_snapshots') }}

),

snapshots as (

    select
        exchange,
        origin_group,
        agent_id,
        day,
        equity
    from captured
    where recency = 1

),

evidence as (

    select
        exchange,
        origin_group,
        agent_id,
        min(first_day) as first_day,
        max(day) as last_day
    from closed
    group by exchange, origin_group, agent_id
    union all
    select
        exchange,
        origin_group,
        agent_id,
        min(day) as first_day,
        max(day) as last_day
    from snapshots
    group by exchange, origin_group, agent_id

),

lives as (

    select
        exchange,
        origin_group,
        agent_id,
        min(first_day) as first_day,
        max(max(last_day)) over (partition by exchange, origin_group) as last_day
    from evidence
    group by exchange, origin_group, agent_id

),

started as (

    select
        lives.exchange as exchange,
        lives.origin_group as origin_group,
        lives.agent_id as agent_id,
        lives.last_day as last_day,
        accounts.currency as currency,
        {{ typed('accounts.initial_equity', 'product', nullable=true) }} as initial_equity,
        case
            when {{ day_of('accounts.inception_at') }} < lives.first_day then {{ day_of('accounts.inception_at') }}
            else lives.first_day
        end as first_day
    from lives
    left join {{ ref('stg_accounts') }} as accounts
        on
            lives.exchange = accounts.exchange
            and lives.agent_id = accounts.agent_id

),

calendar as (

    select
        exchange,
        origin_group,
        agent_id,
        currency,
        initial_equity,
        {{ each_day('first_day', 'last_day') }} as day
    from started

),

days as (

    select
        calendar.exchange as exchange,
        calendar.origin_group as origin_group,
        calendar.agent_id as agent_id,
        calendar.day as day,
        coalesce(closed.currency, calendar.currency) as currency,
        calendar.initial_equity as initial_equity,
        snapshots.equity as snapshot_equity,
        coalesce(closed.closed_trades, 0) as closed_trades,
        coalesce(closed.unscored_trades, 0) as unscored_trades,
        coalesce(closed.realized_pnl, {{ typed('0', 'total') }}) as realized_pnl,
        coalesce(closed.fees, {{ typed('0', 'total') }}) as fees,
        coalesce(held.open_positions, 0) as open_positions,
        coalesce(held.unmarked_positions, 0) as unmarked_positions,
        coalesce(held.open_pnl, {{ typed('0', 'product') }}) as open_pnl,
        coalesce(held.long_exposure, {{ typed('0', 'product') }}) as long_exposure,
        coalesce(held.short_exposure, {{ typed('0', 'product') }}) as short_exposure
    from calendar
    left join closed
        on
            calendar.exchange = closed.exchange
            and calendar.origin_group = closed.origin_group
            and calendar.agent_id = closed.agent_id
            and calendar.day = closed.day
    left join held
        on
            calendar.exchange = held.exchange
            and calendar.origin_group = held.origin_group
            and calendar.agent_id = held.agent_id
            and calendar.day = held.day
    left join snapshots
        on
            calendar.exchange = snapshots.exchange
            and calendar.origin_group = snapshots.origin_group
            and calendar.agent_id = snapshots.agent_id
            and calendar.day = snapshots.day

),

running as (

    select
        *,
        sum(realized_pnl) over (
            partition by exchange, origin_group, agent_id order by day rows between unbounded preceding and current row
        ) as realized_pnl_total,
        count(snapshot_equity) over (
            partition by exchange, origin_group, agent_id order by day rows between unbounded preceding and current row
        ) as anchor
    from days

),

anchored as (

    select
        *,
        realized_pnl_total + open_pnl as pnl,
        max(snapshot_equity) over (partition by exchange, origin_group, agent_id, anchor) as anchor_equity,
        max(case when snapshot_equity is not null then realized_pnl_total + open_pnl end)
            over (partition by exchange, origin_group, agent_id, anchor) as anchor_pnl
    from running

),

valued as (

    select
        *,
        {{ typed(
            'case when anchor = 0 then initial_equity + pnl else anchor_equity + (pnl - anchor_pnl) end',
            'product', nullable=true
        ) }} as equity
    from anchored

),

compared as (

    select
        *,
        coalesce(
            lag(equity) over (partition by exchange, origin_group, agent_id order by day), initial_equity
        ) as opening_equity,
        max(equity) over (
            partition by exchange, origin_group, agent_id order by day rows between unbounded preceding and current row
        ) as highest
    from valued

),

peaked as (

    select
        *,
        case when initial_equity > highest then initial_equity else highest end as peak
    from compared

)

select
    {{ typed('exchange', 'text') }} as exchange,
    {{ typed('origin_group', 'text') }} as origin_group,
    {{ typed('agent_id', 'text') }} as agent_id,
    {{ typed('day', 'date') }} as day,
    {{ typed('currency', 'text', nullable=true) }} as currency,
    {{ typed('opening_equity', 'product', nullable=true) }} as opening_equity,
    equity,
    {{ typed(
        "case when equity is null then null when snapshot_equity is not null then 'snapshot'"
        " when unmarked_positions > 0 then 'trades' else 'trades and candles' end",
        'text', nullable=true
    ) }} as equity_source,
    {{ typed('case when opening_equity > 0 then ' ~ divide_wide('equity - opening_equity', 'opening_equity') ~ ' end',
        'float', nullable=true) }} as daily_return,
    {{ typed('peak', 'product', nullable=true) }} as peak_equity,
    {{ typed('case when peak > 0 then ' ~ divide_wide('equity - peak', 'peak') ~ ' end',
        'float', nullable=true) }} as drawdown,
    {{ typed('realized_pnl', 'total') }} as realized_pnl,
    {{ typed('realized_pnl_total', 'total') }} as realized_pnl_total,
    {{ typed('open_pnl', 'product') }} as open_pnl,
    {{ typed('fees', 'total') }} as fees,
    {{ typed('long_exposure', 'product') }} as long_exposure,
    {{ typed('short_exposure', 'product') }} as short_exposure,
    {{ typed('closed_trades', 'int') }} as closed_trades,
    {{ typed('unscored_trades', 'int') }} as unscored_trades,
    {{ typed('open_positions', 'int') }} as open_positions,
    {{ typed('unmarked_positions', 'int') }} as unmarked_positions
from peaked
