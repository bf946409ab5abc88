{{ config(materialized='table', order_by=['agent_id', 'day']) }}

select
    exchange,
    origin_group,
    agent_id,
    day
from {{ ref('int_decision_touched') }}
union distinct
-- The beginning of a cycle moves from one of its decisions to another.
select
    decisions.exchange as exchange,
    decisions.origin_group as origin_group,
    decisions.agent_id as agent_id,
    decisions.day as day
from {{ ref('int_decisions') }} as decisions
inner join (
    select distinct exchange, origin_group, agent_id, cycle_id from {{ ref('int_decision_touched') }} where cycle_id is not null
) as cycles
    on
        decisions.cycle_id = cycles.cycle_id
        and decisions.agent_id = cycles.agent_id
        and decisions.exchange = cycles.exchange
        and decisions.origin_group = cycles.origin_group
