{{ config(
    materialized='incremental',
    incremental_strategy='append',
    order_by=['exchange', 'origin_group', 'agent_id', 'day', 'confidence'],
    indexes=[{'columns': ['agent_id', 'day']}] if target.type == 'postgres' else [],
    pre_hook="{{ forget(['exchange', 'origin_group', 'agent_id', 'day'], touched('day', 'int_decision_touched')) }}",
) }}
-- depends_on: {{ ref('int_decision_touched') }}

with days as (

    {{ touched('day', 'int_decision_touched') if is_partial() else 'select 1' }}

),

known as (

    select
        decisions.*,
        {{ named_version('decisions.prompt_version') }} as version
    from {{ ref('int_decisions') }} as decisions
    {%- if is_partial() %}
    inner join days
        on
            decisions.agent_id = days.agent_id
            and decisions.day = days.day
            and decisions.exchange = days.exchange
            and decisions.origin_group = days.origin_group
    {%- endif %}
    where decisions.confidence is not null

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
