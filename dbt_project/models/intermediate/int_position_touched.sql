{{ config(materialized='table', order_by=['agent_id', 'day']) }}

select
    exchange,
    origin_group,
    agent_id,
    day
from {{ ref('int_invocation_touched') }}
union distinct
select
    exchange,
    origin_group,
    agent_id,
    {{ each_day('first_day', 'last_day') }} as day
from {{ ref('int_trade_touched') }}
