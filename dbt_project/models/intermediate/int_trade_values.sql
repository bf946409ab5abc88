{{ config(
    materialized='incremental',
    incremental_strategy='append',
    order_by=['exchange', 'origin_group', 'agent_id', 'month', 'measure', 'bucket'],
    indexes=[{'columns': ['agent_id', 'month', 'exchange', 'origin_group', 'measure', 'bucket'], 'unique': true}]
        if target.type == 'postgres' else [],
    pre_hook="{{ forget(['exchange', 'origin_group', 'agent_id', 'month'], touched('month')) }}",
) }}
-- depends_on: {{ ref('int_trade_touched') }}, {{ ref('int_trade_months') }}

with agents as (

    {{ numbered_agents(touched(none) if is_partial() else every_agent('int_trade_months')) }}

),

months as (

    {{ touched('month') if is_partial() else 'select 1' }}

),

trades as {{ once_if(is_partial()) }}(

    select
        agents.number as number,
        {{ month_of('facts.day') }} as month,
        facts.holding_minutes as holding_minutes,
        {{ typed('facts.notional', 'float', nullable=true) }} as notional
    from {{ ref('trade_facts') }} as facts
    inner join agents
        on
            facts.agent_id = agents.agent_id
            and facts.exchange = agents.exchange
            and facts.origin_group = agents.origin_group
    {%- if is_partial() %}
    inner join months
        on
            facts.agent_id = months.agent_id
            and facts.exchange = months.exchange
            and facts.origin_group = months.origin_group
    where facts.day >= months.month and facts.day < {{ month_after('months.month') }}
    and {{ not_before('facts.day', 'month') }}
    {%- endif %}

),

{{ values_by_bucket('trades', ['holding_minutes', 'notional']) }}
