{%- set measures = ['confidence', 'leverage'] -%}
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    order_by=['exchange', 'origin_group', 'agent_id', 'day', 'symbol', 'action'],
    indexes=[{'columns': ['agent_id', 'day', 'exchange', 'origin_group', 'symbol', 'action'], 'unique': true}]
        if target.type == 'postgres' else [],
    pre_hook="{{ forget(['exchange', 'origin_group', 'agent_id', 'day'], touched('day', 'int_decision_touched')) }}",
) }}
-- depends_on: {{ ref('int_decision_touched') }}

with days as (

    {{ touched('day', 'int_decision_touched') if is_partial() else 'select 1' }}

),

decisions as (

    select
        decisions.*,
        row_number() over (
            partition by decisions.agent_id, decisions.exchange, decisions.origin_group, decisions.day, decisions.symbol, decisions.action
            order by decisions.decided_at desc, {{ by_bytes('decisions.decision_id') }} desc
        ) as recency
    from {{ ref('int_decisions') }} as decisions
    {%- if is_partial() %}
    inner join days
        on
            decisions.agent_id = days.agent_id
            and decisions.day = days.day
            and decisions.exchange = days.exchange
            and decisions.origin_group = days.origin_group
    {%- endif %}
    where decisions.action is not null

)

select
    exchange,
    origin_group,
    agent_id,
    day,
    symbol,
    {{ typed('action', 'text') }} as action,
    {{ typed('count(*)', 'int') }} as signals,
    {% for name in measures -%}
    {{ typed('count(' ~ name ~ ')', 'int') }} as {{ name }}_n,
    {{ exact_sum(name) }} as {{ name }}_sum,
    min({{ name }}) as {{ name }}_min,
    max({{ name }}) as {{ name }}_max,
    {{ squares_about_mean(name) }} as {{ name }}_squares,
    {% endfor -%}
    max(case when recency = 1 then decision_id end) as last_decision_id,
    max(decided_at) as last_decided_at
from decisions
group by exchange, origin_group, agent_id, day, symbol, action
