{{ config(materialized='table', order_by=['agent_id', 'day']) }}

-- Where a trade that changed, or whose decision changed, was counted and is counted now.
with asked_trades as (

    select trade_id
    from {{ ref('int_trade_touched') }}
    union distinct
    select {{ typed('trade_id', 'text') }} as trade_id
    from {{ ref('int_decision_touched') }}
    where trade_id is not null

),

asked_decisions as (

    select decision_id
    from {{ ref('int_decision_touched') }}
    union distinct
    select {{ typed('decision_id', 'text') }} as decision_id
    from {{ ref('int_trade_touched') }}
    where nullif(decision_id, '') is not null

),

places as (

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
        day
    from {{ ref('int_decision_touched') }}
    {% for key in ['decision', 'trade'] -%}
    union all
    select
        exchange,
        origin_group,
        agent_id,
        day
    from {{ ref('int_decisions') }}
    where {{ key }}_id in (select asked_{{ key }}s.{{ key }}_id from asked_{{ key }}s)
    union all
    select
        exchange,
        origin_group,
        agent_id,
        {{ day_of('coalesce(opened_at, closed_at)') }} as day
    from {{ ref('trade_facts') }}
    where {{ key }}_id in (select asked_{{ key }}s.{{ key }}_id from asked_{{ key }}s)
    {% endfor %}
)

select distinct
    exchange,
    origin_group,
    agent_id,
    {{ typed('day', 'date') }} as day
from places
