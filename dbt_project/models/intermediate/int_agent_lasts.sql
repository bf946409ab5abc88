{{ config(materialized='table', order_by=['exchange', 'origin_group', 'agent_id']) }}

with lasts as (

    select
        exchange,
        origin_group,
        agent_id,
        max(last_closed_at) as last_closed_at
    from {{ ref('int_trade_months') }}
    group by exchange, origin_group, agent_id

)

-- Found by agent and day, without a look at all trades.
select
    facts.exchange as exchange,
    facts.origin_group as origin_group,
    facts.agent_id as agent_id,
    max({{ by_bytes('facts.trade_id') }}) as last_trade_id
from lasts
inner join {{ ref('trade_facts') }} as facts
    on
        lasts.agent_id = facts.agent_id
        and {{ day_of('lasts.last_closed_at') }} = facts.day
        and lasts.last_closed_at = facts.closed_at
        and lasts.exchange = facts.exchange
        and lasts.origin_group = facts.origin_group
where (facts.agent_id, facts.day) in (select ends.agent_id, {{ day_of('ends.last_closed_at') }} from lasts as ends)
group by facts.exchange, facts.origin_group, facts.agent_id
