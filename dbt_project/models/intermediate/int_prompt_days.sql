{{ config(
    materialized='incremental',
    incremental_strategy='append',
    order_by=['exchange', 'origin_group', 'agent_id', 'prompt_version', 'symbol', 'day'],
    indexes=[{'columns': ['agent_id', 'day', 'exchange', 'origin_group', 'prompt_version', 'symbol'], 'unique': true}]
        if target.type == 'postgres' else [],
    query_settings={'max_bytes_before_external_group_by': 2500000000} if target.type == 'clickhouse' else {},
    pre_hook=[
        "{{ forget(['exchange', 'origin_group', 'agent_id', 'day'], touched('day', 'int_prompt_touched')) }}",
        "{{ group_by_hash() if is_partial() }}",
    ],
) }}
-- depends_on: {{ ref('int_prompt_touched') }}, {{ ref('int_prompt_units') }}, {{ ref('int_prompt_decisions') }}, {{ ref('int_prompt_trades') }}

{% if is_partial() -%}
with cells as (

    {{ touched('day', 'int_prompt_touched') }}

),

{{ prompt_units(ref('int_prompt_decisions'), ref('int_prompt_trades')) }},

counted as (

    select units.*
    from units
    inner join cells
        on
            units.agent_id = cells.agent_id
            and units.day = cells.day
            and units.exchange = cells.exchange
            and units.origin_group = cells.origin_group

),
{%- else -%}
with counted as (

    select *
    from {{ ref('int_prompt_units') }}

),
{%- endif %}

days as (

    select
        exchange,
        origin_group,
        agent_id,
        prompt_version,
        symbol,
        day,
        case when min({{ by_bytes('currency') }}) = max({{ by_bytes('currency') }}) then max({{ by_bytes('currency') }}) end as currency,
        sum(decisions) as decisions,
        sum(traded) as traded,
        count(*) - sum(decisions) as trades_without_decision,
        count(is_correct) as judged,
        count(case when is_correct then 1 end) as correct,
        count(confidence) as confident,
        sum(confidence) as confidence_sum,
        sum(trades) as trades,
        count(net_pnl) as scored,
        count(case when net_pnl > 0 then 1 end) as wins,
        {{ exact_sum('net_pnl') }} as net_pnl,
        {{ exact_sum('fees') }} as fees,
        count(cost) as costed,
        {{ exact_sum('cost') }} as cost,
        sum(prompt_tokens) as prompt_tokens,
        sum(completion_tokens) as completion_tokens,
        count(net_return) as returns,
        sum(net_return) as return_sum
    from counted
    group by exchange, origin_group, agent_id, prompt_version, symbol, day

)

select
    {{ typed('exchange', 'text') }} as exchange,
    {{ typed('origin_group', 'text') }} as origin_group,
    {{ typed('agent_id', 'text') }} as agent_id,
    {{ typed('prompt_version', 'text') }} as prompt_version,
    {{ typed('symbol', 'text') }} as symbol,
    {{ typed('day', 'date') }} as day,
    {{ typed('currency', 'text', nullable=true) }} as currency,
    {{ typed('decisions', 'int') }} as decisions,
    {{ typed('traded', 'int') }} as traded,
    {{ typed('trades_without_decision', 'int') }} as trades_without_decision,
    {{ typed('judged', 'int') }} as judged,
    {{ typed('correct', 'int') }} as correct,
    {{ typed('confident', 'int') }} as confident,
    {{ typed('confidence_sum', 'decimal', nullable=true) }} as confidence_sum,
    {{ typed('trades', 'int') }} as trades,
    {{ typed('scored', 'int') }} as scored,
    {{ typed('wins', 'int') }} as wins,
    {{ typed('net_pnl', 'total', nullable=true) }} as net_pnl,
    {{ typed('fees', 'total', nullable=true) }} as fees,
    {{ typed('costed', 'int') }} as costed,
    {{ typed('cost', 'total', nullable=true) }} as cost,
    {{ typed('prompt_tokens', 'int', nullable=true) }} as prompt_tokens,
    {{ typed('completion_tokens', 'int', nullable=true) }} as completion_tokens,
    {{ typed('returns', 'int') }} as returns,
    {{ typed('return_sum', 'product', nullable=true) }} as return_sum
from days
