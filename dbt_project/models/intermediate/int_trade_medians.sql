{{ config(
    materialized='incremental',
    incremental_strategy='append',
    order_by=['exchange', 'origin_group', 'agent_id'],
    pre_hook="{{ forget(['exchange', 'origin_group', 'agent_id'], touched(none)) }}",
) }}
-- depends_on: {{ ref('int_trade_touched') }}

with agents as (

    {{ touched(none) if is_partial() else 'select 1' }}

),

trades as (

    select
        facts.exchange as exchange,
        facts.origin_group as origin_group,
        facts.agent_id as agent_id,
        facts.holding_minutes as holding_minutes,
        facts.notional as notional
    from {{ ref('trade_facts') }} as facts
    {%- if is_partial() %}
    inner join agents
        on
            facts.agent_id = agents.agent_id
            and facts.exchange = agents.exchange
            and facts.origin_group = agents.origin_group
    {%- endif %}

)

select
    exchange,
    origin_group,
    agent_id,
    {{ median_where('holding_minutes') }} as median_holding_minutes,
    {{ median_where('notional') }} as median_notional
from trades
group by exchange, origin_group, agent_id
