{{ config(materialized='view') }}

with marked as (

    select
        exchange,
        symbol,
        max(day) as last_day
    from {{ ref('stg_daily_marks') }}
    group by exchange, symbol

)

select
    positions.exchange as exchange,
    positions.origin_group as origin_group,
    positions.agent_id as agent_id,
    min(positions.opened_day) as first_day,
    max(case when marked.last_day > positions.opened_day then marked.last_day else positions.opened_day end) as last_day
from {{ ref('int_open_positions') }} as positions
left join marked
    on
        positions.exchange = marked.exchange
        and positions.symbol = marked.symbol
group by positions.exchange, positions.origin_group, positions.agent_id
