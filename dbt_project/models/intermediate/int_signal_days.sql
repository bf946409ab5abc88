{%- set measures = ['confidence', 'leverage'] -%}
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    order_by=['exchange', 'origin_group', 'agent_id', 'day', 'symbol', 'action'],
    indexes=[{'columns': ['agent_id', 'day', 'exchange', 'origin_group', 'symbol', 'action'], 'unique': true}]
        if target.type == 'postgres' else [],
    pre_hook=[
        "{{ forget(['exchange', 'origin_group', 'agent_id', 'day'], touched('day', 'int_invocation_touched')) }}",
        "{{ join_by_hash() }}",
    ],
) }}
-- depends_on: {{ ref('int_invocation_touched') }}, {{ ref('int_decisions') }}, {{ ref('int_remade_decisions') }}

with decisions as (

    select *
    from {{ ref('int_remade_decisions') if is_partial() else ref('int_decisions') }}
    where action is not null

),

parts as (

    select
        exchange,
        origin_group,
        agent_id,
        day,
        symbol,
        action,
        count(*) as signals,
        {% for name in measures -%}
        {{ typed('count(' ~ name ~ ')', 'int') }} as {{ name }}_n,
        {{ exact_sum(name) }} as {{ name }}_sum,
        min({{ name }}) as {{ name }}_min,
        max({{ name }}) as {{ name }}_max,
        {{ squares_about_mean(name) }} as {{ name }}_squares,
        {% endfor -%}
        max(decided_at) as last_decided_at
    from decisions
    group by exchange, origin_group, agent_id, day, symbol, action

),

lasts as (

    select
        parts.exchange as exchange,
        parts.origin_group as origin_group,
        parts.agent_id as agent_id,
        parts.day as day,
        parts.symbol as symbol,
        parts.action as action,
        max({{ by_bytes('decisions.decision_id') }}) as last_decision_id
    from decisions
    inner join parts
        on
            decisions.agent_id = parts.agent_id
            and decisions.decided_at = parts.last_decided_at
            and decisions.symbol = parts.symbol
            and decisions.action = parts.action
            and decisions.exchange = parts.exchange
            and decisions.origin_group = parts.origin_group
    group by parts.exchange, parts.origin_group, parts.agent_id, parts.day, parts.symbol, parts.action

)

select
    parts.exchange as exchange,
    parts.origin_group as origin_group,
    parts.agent_id as agent_id,
    parts.day as day,
    parts.symbol as symbol,
    {{ typed('parts.action', 'text') }} as action,
    {{ typed('parts.signals', 'int') }} as signals,
    {% for name in measures -%}
    {% for column in ['n', 'sum', 'min', 'max', 'squares'] -%}
    parts.{{ name }}_{{ column }} as {{ name }}_{{ column }},
    {% endfor -%}
    {% endfor -%}
    lasts.last_decision_id as last_decision_id,
    parts.last_decided_at as last_decided_at
from parts
inner join lasts
    on
        parts.agent_id = lasts.agent_id
        and parts.day = lasts.day
        and parts.symbol = lasts.symbol
        and parts.action = lasts.action
        and parts.exchange = lasts.exchange
        and parts.origin_group = lasts.origin_group
