{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    order_by=['exchange', 'origin_group', 'agent_id', 'day'],
    indexes=[{'columns': ['exchange', 'origin_group', 'agent_id', 'day'], 'unique': true}]
        if target.type == 'postgres' else [],
    pre_hook=["{{ forget_days_since() }}", "{{ forget_days_after_the_last() }}", "{{ join_by_hash() }}"],
) }}
{%- set fresh = is_partial() %}
-- depends_on: {{ ref('int_daily_touched') }}

{% if fresh -%}
-- Days that stand. The next ones go on from the last of them, and from the last that has a snapshot.
with kept as {{ once() }}(

    select
        exchange,
        origin_group,
        agent_id,
        max(day) as last_day,
        min(case when equity_source = 'snapshot' then day end) as first_snapshot_day,
        max(case when equity_source = 'snapshot' then day end) as last_snapshot_day
    from {{ this }}
    group by exchange, origin_group, agent_id

),

stood as {{ once() }}(

    select
        kept.exchange as exchange,
        kept.origin_group as origin_group,
        kept.agent_id as agent_id,
        max(case when past.day = kept.last_day then past.realized_pnl_total end) as realized_pnl_total,
        max(case when past.day = kept.last_day then past.equity end) as equity,
        max(case when past.day = kept.last_day then past.peak_equity end) as peak_equity,
        max(case when past.day = kept.last_snapshot_day then past.equity end) as anchor_equity,
        max(case when past.day = kept.last_snapshot_day then past.realized_pnl_total + past.open_pnl end) as anchor_pnl
    from {{ this }} as past
    inner join kept
        on
            past.exchange = kept.exchange
            and past.origin_group = kept.origin_group
            and past.agent_id = kept.agent_id
    where past.day = kept.last_day or past.day = kept.last_snapshot_day
    group by kept.exchange, kept.origin_group, kept.agent_id

),

closed as (
{%- else -%}
with closed as (
{%- endif %}

    select parts.*
    from {{ ref('int_trade_days') }} as parts
    {{ after_the_kept('parts', 'parts.day') if fresh }}

),

captured as (

    select
        snapshots.exchange as exchange,
        snapshots.origin_group as origin_group,
        snapshots.agent_id as agent_id,
        snapshots.equity as equity,
        {{ day_of('snapshots.captured_at') }} as day,
        row_number() over (
            partition by
                snapshots.agent_id, snapshots.exchange, snapshots.origin_group, {{ day_of('snapshots.captured_at') }}
            order by snapshots.captured_at desc
        ) as recency
    from {{ ref('stg_equity_snapshots') }} as snapshots
    {{ after_the_kept('snapshots', day_of('snapshots.captured_at')) if fresh }}

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
    from {{ ref('int_trade_days') }}
    group by exchange, origin_group, agent_id
    {% if fresh -%}
    union all
    select
        exchange,
        origin_group,
        agent_id,
        first_snapshot_day as first_day,
        last_snapshot_day as last_day
    from kept
    where last_snapshot_day is not null
    {% endif -%}
    union all
    select
        exchange,
        origin_group,
        agent_id,
        min(day) as first_day,
        max(day) as last_day
    from snapshots
    group by exchange, origin_group, agent_id
    union all
    select
        exchange,
        origin_group,
        agent_id,
        first_day,
        last_day
    from {{ ref('int_open_lives') }}

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

spans as (

    select
        started.exchange as exchange,
        started.origin_group as origin_group,
        started.agent_id as agent_id,
        started.last_day as last_day,
        started.currency as currency,
        started.initial_equity as initial_equity,
        {%- if fresh %}
        {{ typed('coalesce(' ~ days_later('kept.last_day', 1) ~ ', started.first_day)', 'date') }} as first_day
    from started
    left join kept
        on
            started.exchange = kept.exchange
            and started.origin_group = kept.origin_group
            and started.agent_id = kept.agent_id
        {%- else %}
        started.first_day as first_day
    from started
        {%- endif %}

),

still_open as (

    select
        positions.exchange as exchange,
        positions.origin_group as origin_group,
        positions.agent_id as agent_id,
        positions.symbol as symbol,
        positions.side as side,
        positions.quantity as quantity,
        positions.entry_price as entry_price,
        positions.notional as notional,
        {{ each_day(
            'case when positions.opened_day > spans.first_day then positions.opened_day else spans.first_day end',
            'spans.last_day'
        ) }} as day
    from {{ ref('int_open_positions') }} as positions
    inner join spans
        on
            positions.exchange = spans.exchange
            and positions.origin_group = spans.origin_group
            and positions.agent_id = spans.agent_id

),

nights as (

    {% set columns = [
        'exchange', 'origin_group', 'agent_id', 'symbol', 'day', 'positions', 'entered_positions', 'long_quantity',
        'short_quantity', 'net_quantity', 'net_cost'
    ] -%}
    select
        {% for column in columns -%}
        parts.{{ column }} as {{ column }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('int_trade_nights') }} as parts
    {{ after_the_kept('parts', 'parts.day') if fresh }}
    union all
    select
        exchange,
        origin_group,
        agent_id,
        symbol,
        {{ typed('day', 'date') }} as day,
        {{ sums_of_positions() }}
    from still_open
    group by exchange, origin_group, agent_id, symbol, day

),

marked as (

    select
        nights.*,
        marks.price as price,
        {{ exact_product('nights.net_quantity', 'marks.price') }} - nights.net_cost as rise,
        {{ exact_product('nights.long_quantity', 'marks.price') }} as long_value,
        {{ exact_product('nights.short_quantity', 'marks.price') }} as short_value
    from nights
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

calendar as (

    select
        exchange,
        origin_group,
        agent_id,
        currency,
        initial_equity,
        {{ each_day('first_day', 'last_day') }} as day
    from spans

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
        days.*,
        {% for name in ['realized_pnl_total', 'equity', 'peak_equity', 'anchor_equity', 'anchor_pnl'] -%}
        {{ 'stood.' ~ name if fresh else typed('null', 'total' if name == 'realized_pnl_total' else 'product', nullable=true) }}
            as {{ name }}_before,
        {% endfor -%}
        sum(days.realized_pnl) over (
            partition by days.agent_id, days.exchange, days.origin_group order by days.day
            rows between unbounded preceding and current row
        ) as realized_pnl_since,
        count(days.snapshot_equity) over (
            partition by days.agent_id, days.exchange, days.origin_group order by days.day
            rows between unbounded preceding and current row
        ) as anchor
    from days
    {%- if fresh %}
    left join stood
        on
            days.exchange = stood.exchange
            and days.origin_group = stood.origin_group
            and days.agent_id = stood.agent_id
    {%- endif %}

),

summed as (

    select
        *,
        coalesce(realized_pnl_total_before, {{ typed('0', 'total') }}) + realized_pnl_since as realized_pnl_total
    from running

),

anchored as (

    select
        *,
        realized_pnl_total + open_pnl as pnl,
        max(snapshot_equity) over (partition by agent_id, exchange, origin_group, anchor) as anchor_equity,
        max(case when snapshot_equity is not null then realized_pnl_total + open_pnl end)
            over (partition by agent_id, exchange, origin_group, anchor) as anchor_pnl
    from summed

),

valued as (

    select
        *,
        {{ typed(
            'case when anchor > 0 then anchor_equity + (pnl - anchor_pnl)'
            ' when anchor_equity_before is not null then anchor_equity_before + (pnl - anchor_pnl_before)'
            ' else initial_equity + pnl end',
            'product', nullable=true
        ) }} as equity
    from anchored

),

compared as (

    select
        *,
        coalesce(
            lag(equity) over (partition by agent_id, exchange, origin_group order by day), equity_before, initial_equity
        ) as opening_equity,
        max(equity) over (
            partition by agent_id, exchange, origin_group order by day rows between unbounded preceding and current row
        ) as highest_since
    from valued

),

highest as (

    select
        *,
        case
            when highest_since is null or peak_equity_before > highest_since then coalesce(peak_equity_before, highest_since)
            else highest_since
        end as highest
    from compared

),

peaked as (

    select
        *,
        case when initial_equity > highest then initial_equity else highest end as peak
    from highest

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
