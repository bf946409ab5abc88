{{ config(
    materialized='incremental',
    incremental_strategy='append',
    order_by=['exchange', 'origin_group', 'agent_id', 'day', 'confidence'],
    indexes=[{'columns': ['agent_id', 'day']}] if target.type == 'postgres' else [],
    pre_hook="{{ forget(['exchange', 'origin_group', 'agent_id', 'day'], touched('day', 'int_invocation_touched')) }}",
) }}
-- depends_on: {{ ref('int_invocation_touched') }}, {{ ref('int_decisions') }}, {{ ref('int_remade_decisions') }}

with known as (

    select
        *,
        {{ named_version() }} as version
    from {{ ref('int_remade_decisions') if is_partial() else ref('int_decisions') }}
    where confidence is not null

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
