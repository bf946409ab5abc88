{{ config(
    materialized='incremental',
    incremental_strategy='append',
    order_by=['exchange', 'origin_group', 'agent_id', 'month', 'measure', 'bucket'],
    indexes=[{'columns': ['agent_id', 'month', 'exchange', 'origin_group', 'measure', 'bucket'], 'unique': true}]
        if target.type == 'postgres' else [],
    pre_hook="{{ forget(['exchange', 'origin_group', 'agent_id', 'month'], touched(month_of('day') ~ ' as month', 'int_decision_touched')) }}",
) }}
-- depends_on: {{ ref('int_decision_touched') }}, {{ ref('int_signal_days') }}

with agents as (

    {{ numbered_agents(touched(none, 'int_decision_touched') if is_partial() else every_agent('int_signal_days')) }}

),

months as (

    {{ touched(month_of('day') ~ ' as month', 'int_decision_touched') if is_partial() else 'select 1' }}

),

decisions as {{ once_if(is_partial()) }}(

    select
        agents.number as number,
        {{ month_of('decisions.day') }} as month,
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
    inner join months
        on
            decisions.agent_id = months.agent_id
            and decisions.exchange = months.exchange
            and decisions.origin_group = months.origin_group
    {%- endif %}
    where
        decisions.action is not null
        {%- if is_partial() %}
        and decisions.day >= months.month and decisions.day < {{ month_after('months.month') }}
        and {{ not_before('decisions.day', month_of('day'), 'int_decision_touched') }}
        {%- endif %}

),

{{ values_by_bucket('decisions', ['confidence', 'leverage', 'convo_leverage']) }}
