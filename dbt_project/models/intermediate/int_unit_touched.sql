{{ config(materialized='table', order_by=['unit']) }}

with trades as (

    select trade_id
    from {{ ref('int_trade_touched') }}
    union distinct
    select {{ typed('trade_id', 'text') }} as trade_id
    from {{ ref('int_decision_touched') }}
    where trade_id is not null

),

-- Where a trade that changed, or whose decision changed, was counted and is counted now.
decisions as (

    select decision_id
    from {{ ref('int_decision_touched') }}
    union distinct
    select {{ typed('decision_id', 'text') }} as decision_id
    from {{ ref('int_trade_touched') }}
    where nullif(decision_id, '') is not null
    union distinct
    select {{ typed('decision_id', 'text') }} as decision_id
    from {{ ref('trade_facts') }}
    where nullif(decision_id, '') is not null and trade_id in (select trades.trade_id from trades)
    union distinct
    select decision_id
    from {{ ref('int_decisions') }}
    where trade_id in (select trades.trade_id from trades)

)

select
    {{ typed("'decision ' || decision_id", 'text') }} as unit,
    {{ typed('decision_id', 'text', nullable=true) }} as decision_id,
    {{ typed('null', 'text', nullable=true) }} as trade_id
from decisions
union all
select
    {{ typed("'trade ' || trade_id", 'text') }} as unit,
    {{ typed('null', 'text', nullable=true) }} as decision_id,
    {{ typed('trade_id', 'text', nullable=true) }} as trade_id
from trades
