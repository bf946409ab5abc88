{{ config(
    materialized='incremental',
    incremental_strategy='append',
    order_by=['exchange', 'origin_group', 'agent_id'],
    pre_hook="{{ forget(['exchange', 'origin_group', 'agent_id'], touched(none, 'int_decision_touched')) }}",
) }}
-- depends_on: {{ ref('int_decision_touched') }}, {{ ref('int_signal_days') }}

with agents as (

    {{ numbered_agents(touched(none, 'int_decision_touched') if is_partial() else every_agent('int_signal_days')) }}

),

decisions as (

    select
        agents.number as number,
        decisions.action as action,
        decisions.confidence as confidence,
        decisions.leverage as leverage
    from {{ ref('int_decisions') }} as decisions
    inner join agents
        on
            decisions.agent_id = agents.agent_id
            and decisions.exchange = agents.exchange
            and decisions.origin_group = agents.origin_group
    where decisions.action is not null

),

medians as (

    select
        number,
        {{ median_where('confidence') }} as median_confidence,
        {{ median_where('leverage') }} as median_leverage,
        {{ median_where('leverage', "action in ('long', 'short')") }} as median_convo_leverage
    from decisions
    group by number

)

select
    agents.exchange as exchange,
    agents.origin_group as origin_group,
    agents.agent_id as agent_id,
    medians.median_confidence as median_confidence,
    medians.median_leverage as median_leverage,
    medians.median_convo_leverage as median_convo_leverage
from medians
inner join agents
    on medians.number = agents.number
