{{ config(materialized='table', unlogged=true, order_by=['agent_id', 'day']) }}

-- Three parts are made of these. Of all decisions, PostgreSQL expects one row per agent and day, and sorted 1.3 million of a day by text.
select decisions.*
from {{ ref('int_decisions') }} as decisions
inner join {{ ref('int_invocation_touched') }} as days
    on
        decisions.agent_id = days.agent_id
        and decisions.day = days.day
        and decisions.exchange = days.exchange
        and decisions.origin_group = days.origin_group
