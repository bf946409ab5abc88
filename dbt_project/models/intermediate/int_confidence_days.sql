{{ config(
    materialized='table',
    order_by=['exchange', 'origin_group', 'agent_id', 'day', 'confidence'],
) }}

with decisions as (

    select
        exchange,
        origin_group,
        agent_id,
        coalesce(nullif(prompt_version, ''), 'not known') as version,
        is_traded,
        is_correct,
        confidence,
        decision_id,
        {{ day_of('decided_at') }} as day
    from {{ ref('stg_decisions') }}
    where confidence is not null

),

known as (

    select
        decisions.exchange as exchange,
        decisions.origin_group as origin_group,
        decisions.agent_id as agent_id,
        decisions.version as version,
        decisions.is_traded as is_traded,
        decisions.is_correct as is_correct,
        decisions.confidence as confidence,
        decisions.day as day,
        {{ day_of('links.outcome_recorded_at') }} as known_day
    from decisions
    left join {{ ref('stg_decision_links') }} as links
        on decisions.decision_id = links.decision_id

)

select
    {{ typed('exchange', 'text') }} as exchange,
    {{ typed('origin_group', 'text') }} as origin_group,
    {{ typed('agent_id', 'text') }} as agent_id,
    {{ typed('version', 'text') }} as prompt_version,
    {{ typed('is_traded', 'bool') }} as is_traded,
    {{ typed('day', 'date') }} as day,
    {{ typed('known_day', 'date', nullable=true) }} as known_day,
    {{ typed('confidence', 'decimal') }} as confidence,
    {{ typed('count(*)', 'int') }} as decisions,
    {{ typed('count(is_correct)', 'int') }} as judged,
    {{ typed('count(case when is_correct then 1 end)', 'int') }} as correct
from known
group by exchange, origin_group, agent_id, version, is_traded, day, known_day, confidence
