{{ config(
    materialized='incremental',
    incremental_strategy='append',
    order_by=['exchange', 'origin_group', 'agent_id', 'prompt_version', 'confidence'],
    indexes=[{'columns': ['agent_id', 'prompt_version']}] if target.type == 'postgres' else [],
    pre_hook="{{ forget(['exchange', 'origin_group', 'agent_id', 'prompt_version'], touched('prompt_version', 'int_decision_touched')) }}",
) }}
-- depends_on: {{ ref('int_decision_touched') }}

with versions as (

    {{ touched('prompt_version', 'int_decision_touched') if is_partial() else 'select 1' }}

)

select
    days.exchange as exchange,
    days.origin_group as origin_group,
    days.agent_id as agent_id,
    days.prompt_version as prompt_version,
    days.is_traded as is_traded,
    days.confidence as confidence,
    {{ typed('sum(days.judged)', 'int') }} as judged,
    {{ typed('sum(days.correct)', 'int') }} as correct
from {{ ref('int_confidence_days') }} as days
{%- if is_partial() %}
inner join versions
    on
        days.agent_id = versions.agent_id
        and days.prompt_version = versions.prompt_version
        and days.exchange = versions.exchange
        and days.origin_group = versions.origin_group
{%- endif %}
where days.judged > 0
group by days.exchange, days.origin_group, days.agent_id, days.prompt_version, days.is_traded, days.confidence
