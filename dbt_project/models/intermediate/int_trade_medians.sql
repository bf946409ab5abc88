{{ config(
    materialized='incremental',
    incremental_strategy='append',
    order_by=['exchange', 'origin_group', 'agent_id'],
    pre_hook="{{ forget(['exchange', 'origin_group', 'agent_id'], touched(none)) }}",
) }}
-- depends_on: {{ ref('int_trade_touched') }}, {{ ref('int_trade_months') }}

with agents as (

    {{ numbered_agents(touched(none) if is_partial() else every_agent('int_trade_months')) }}

),

trades as (

    select
        agents.number as number,
        facts.holding_minutes as holding_minutes,
        facts.notional as notional
    from {{ ref('trade_facts') }} as facts
    inner join agents
        on
            facts.agent_id = agents.agent_id
            and facts.exchange = agents.exchange
            and facts.origin_group = agents.origin_group

),

medians as (

    select
        number,
        {{ median_where('holding_minutes') }} as median_holding_minutes,
        {{ median_where('notional') }} as median_notional
    from trades
    group by number

)

select
    agents.exchange as exchange,
    agents.origin_group as origin_group,
    agents.agent_id as agent_id,
    medians.median_holding_minutes as median_holding_minutes,
    medians.median_notional as median_notional
from medians
inner join agents
    on medians.number = agents.number
