{{ config(
    materialized='incremental',
    incremental_strategy='append',
    order_by=['exchange', 'origin_group', 'agent_id', 'month', 'dimension', 'pattern'],
    indexes=[{'columns': ['agent_id', 'month', 'exchange', 'origin_group', 'dimension', 'pattern'], 'unique': true}]
        if target.type == 'postgres' else [],
    pre_hook="{{ forget(['exchange', 'origin_group', 'agent_id', 'month'], touched('month')) }}",
) }}
-- depends_on: {{ ref('int_trade_touched') }}

{%- set patterns = {
    'symbol': 'symbol',
    'side': 'side',
    'hour': "case when entry_hour < 10 then '0' else '' end || " ~ typed('entry_hour', 'text', nullable=true),
    'weekday': typed('entry_weekday', 'text', nullable=true),
    'holding': "case when holding_minutes < 15 then '1 under 15 minutes' when holding_minutes < 60 then '2 under an hour'"
        " when holding_minutes < 240 then '3 under 4 hours' when holding_minutes < 1440 then '4 under a day'"
        " when holding_minutes >= 1440 then '5 a day or more' end",
    'confidence': "case when confidence < 0.5 then '1 below 0.5' when confidence < 0.6 then '2 0.5 to 0.6'"
        " when confidence < 0.7 then '3 0.6 to 0.7' when confidence < 0.8 then '4 0.7 to 0.8'"
        " when confidence < 0.9 then '5 0.8 to 0.9' when confidence >= 0.9 then '6 0.9 and above' end",
    'prompt version': 'prompt_version',
} %}

with months as (

    {{ touched('month') if is_partial() else 'select 1' }}

),

trades as {{ once_if(is_partial()) }}(

    select
        facts.exchange as exchange,
        facts.origin_group as origin_group,
        facts.agent_id as agent_id,
        facts.symbol as symbol,
        facts.side as side,
        facts.prompt_version as prompt_version,
        facts.confidence as confidence,
        facts.holding_minutes as holding_minutes,
        facts.is_win as is_win,
        facts.net_pnl as net_pnl,
        {{ month_of('facts.day') }} as month,
        {{ hour_of('facts.opened_at') }} as entry_hour,
        {{ weekday_of('facts.opened_at') }} as entry_weekday
    from {{ ref('trade_facts') }} as facts
    {%- if is_partial() %}
    inner join months
        on
            facts.agent_id = months.agent_id
            and facts.exchange = months.exchange
            and facts.origin_group = months.origin_group
    {%- endif %}
    where
        facts.net_pnl is not null
        {%- if is_partial() %}
        and facts.day >= months.month and facts.day < {{ month_after('months.month') }}
        {%- endif %}

),

described as (

    {% for dimension, pattern in patterns.items() -%}
    select
        exchange,
        origin_group,
        agent_id,
        month,
        '{{ dimension }}' as dimension,
        {{ typed("coalesce(" ~ typed(pattern, 'text', nullable=true) ~ ", 'not known')", 'text') }} as known_pattern,
        {{ typed('count(*)', 'int') }} as trades,
        {{ typed('count(case when is_win then 1 end)', 'int') }} as wins,
        {{ exact_sum('net_pnl') }} as net_pnl
    from trades
    group by exchange, origin_group, agent_id, month, known_pattern
    {% if not loop.last -%}
    union all
    {% endif -%}
    {% endfor %}
)

select
    exchange,
    origin_group,
    agent_id,
    month,
    {{ typed('dimension', 'text') }} as dimension,
    known_pattern as pattern,
    trades,
    wins,
    net_pnl
from described
