{{ config(
    materialized='incremental',
    incremental_strategy='append',
    order_by=['exchange', 'origin_group', 'agent_id', 'first_day', 'measure', 'bucket'],
    indexes=[{'columns': ['agent_id', 'first_day', 'exchange', 'origin_group', 'measure', 'bucket'], 'unique': true}]
        if target.type == 'postgres' else [],
    pre_hook=[
        "{{ forget(
            ['exchange', 'origin_group', 'agent_id', month_of('first_day')],
            touched(month_of('day') ~ ' as month', 'int_decision_touched') ~ ' where day < ' ~ running_since()
        ) }}",
        "{{ forget(
            ['exchange', 'origin_group', 'agent_id', 'first_day'],
            touched('day', 'int_decision_touched') ~ ' where day >= ' ~ running_since()
        ) }}",
    ],
) }}
-- depends_on: {{ ref('int_decision_touched') }}, {{ ref('int_signal_days') }}

with agents as (

    {{ numbered_agents(touched(none, 'int_decision_touched') if is_partial() else every_agent('int_signal_days')) }}

),

{% if is_partial() -%}
parts as (

    select distinct
        exchange,
        origin_group,
        agent_id,
        {{ running_part_of('day') }} as first_day,
        case when day >= {{ running_since() }} then {{ days_later('day', 1) }} else {{ month_after(month_of('day')) }} end as next_day
    from {{ ref('int_decision_touched') }}

),

{% endif -%}
decisions as {{ once_if(is_partial()) }}(

    select
        agents.number as number,
        {{ running_part_of('decisions.day') }} as first_day,
        {{ typed('decisions.confidence', 'float', nullable=true) }} as confidence,
        {{ typed('decisions.leverage', 'float', nullable=true) }} as leverage,
        {{ typed("case when decisions.action in ('long', 'short') then decisions.leverage end", 'float', nullable=true) }}
            as convo_leverage
    from {{ ref('int_decisions') }} as decisions
    inner join agents
        on
            decisions.agent_id = agents.agent_id
            and decisions.exchange = agents.exchange
            and decisions.origin_group = agents.origin_group
    {%- if is_partial() %}
    inner join parts
        on
            decisions.agent_id = parts.agent_id
            and decisions.exchange = parts.exchange
            and decisions.origin_group = parts.origin_group
    {%- endif %}
    where
        decisions.action is not null
        {%- if is_partial() %}
        and decisions.day >= parts.first_day and decisions.day < parts.next_day
        and {{ not_before('decisions.day', running_part_of('day'), 'int_decision_touched') }}
        {%- endif %}

),

{{ values_by_bucket('decisions', ['confidence', 'leverage', 'convo_leverage'], 'first_day') }}
