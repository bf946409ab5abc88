{{ config(
    materialized='incremental',
    incremental_strategy='append',
    order_by=['agent_id', 'since_day'],
    pre_hook="{{ 'truncate table ' ~ this if is_incremental() }}",
) }}

with changes as (

    select
        exchange,
        origin_group,
        agent_id,
        first_day as day
    from {{ ref('int_trade_touched') }}
    union all
    select
        exchange,
        origin_group,
        agent_id,
        first_day as day
    from {{ ref('int_open_touched') }}
    union all
    select
        positions.exchange as exchange,
        positions.origin_group as origin_group,
        positions.agent_id as agent_id,
        marks.day as day
    from {{ ref('int_open_positions') }} as positions
    inner join {{ ref('stg_daily_marks') }} as marks
        on
            positions.exchange = marks.exchange
            and positions.symbol = marks.symbol
    where marks.day >= positions.opened_day and {{ copied_since('daily_marks', 'marks.updated_at') }}
    union all
    select
        exchange,
        origin_group,
        agent_id,
        {{ day_of('captured_at') }} as day
    from {{ ref('stg_equity_snapshots') }}
    where {{ copied_since('account_equity_snapshots') }}
    union all
    select
        nights.exchange as exchange,
        nights.origin_group as origin_group,
        nights.agent_id as agent_id,
        nights.day as day
    from {{ ref('int_trade_nights') }} as nights
    inner join {{ ref('stg_daily_marks') }} as marks
        on
            nights.exchange = marks.exchange
            and nights.symbol = marks.symbol
            and nights.day = marks.day
    where {{ copied_since('daily_marks', 'marks.updated_at') }}
    {% for group in ['real', 'paper', 'made up'] -%}
    union all
    select
        exchange,
        '{{ group }}' as origin_group,
        agent_id,
        {{ typed("'1970-01-01'", 'date') }} as day
    from {{ ref('stg_accounts') }}
    where {{ copied_since('accounts') }}
    {% endfor %}
)

select
    exchange,
    {{ typed('origin_group', 'text') }} as origin_group,
    agent_id,
    {{ typed('min(day)', 'date') }} as since_day
from changes
where {{ '1 = 1' if is_partial() else '1 = 0' }}
group by exchange, origin_group, agent_id
