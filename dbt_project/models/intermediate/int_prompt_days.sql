{{ config(
    materialized='incremental',
    incremental_strategy='append',
    order_by=['exchange', 'origin_group', 'agent_id', 'prompt_version', 'symbol', 'day'],
    indexes=[{'columns': ['agent_id', 'day', 'exchange', 'origin_group', 'prompt_version', 'symbol'], 'unique': true}]
        if target.type == 'postgres' else [],
    query_settings={'max_bytes_before_external_group_by': 3000000000} if target.type == 'clickhouse' else {},
    pre_hook="{{ forget(['exchange', 'origin_group', 'agent_id', 'day'], touched('day', 'int_prompt_touched')) }}",
) }}
-- depends_on: {{ ref('int_prompt_touched') }}, {{ ref('int_prompt_units') }}, {{ ref('int_decisions') }}, {{ ref('trade_facts') }}

{% if is_partial() -%}
with cells as (

    {{ touched('day', 'int_prompt_touched') }}

),

spans as (

    select
        exchange,
        origin_group,
        agent_id,
        min(day) as since_day
    from cells
    group by exchange, origin_group, agent_id

),

decided_there as (

    select
        decisions.decision_id as decision_id,
        decisions.trade_id as trade_id
    from {{ ref('int_decisions') }} as decisions
    inner join cells
        on
            decisions.agent_id = cells.agent_id
            and decisions.day = cells.day
            and decisions.exchange = cells.exchange
            and decisions.origin_group = cells.origin_group

),

traded_since as (

    select
        facts.trade_id as trade_id,
        facts.decision_id as decision_id,
        facts.agent_id as agent_id,
        facts.exchange as exchange,
        facts.origin_group as origin_group,
        {{ day_of('coalesce(facts.opened_at, facts.closed_at)') }} as day
    from {{ ref('trade_facts') }} as facts
    inner join spans
        on
            facts.agent_id = spans.agent_id
            and facts.exchange = spans.exchange
            and facts.origin_group = spans.origin_group
    where facts.day >= spans.since_day

),

traded_there as (

    select
        traded_since.trade_id as trade_id,
        traded_since.decision_id as decision_id
    from traded_since
    inner join cells
        on
            traded_since.agent_id = cells.agent_id
            and traded_since.day = cells.day
            and traded_since.exchange = cells.exchange
            and traded_since.origin_group = cells.origin_group

),

-- A result is whole with trades and decisions that lie elsewhere, too.
asked_trades as (

    select {{ typed('trade_id', 'text') }} as trade_id
    from decided_there
    where trade_id is not null
    union distinct
    select trade_id
    from traded_there

),

asked_decisions as (

    select decision_id
    from decided_there
    union distinct
    select {{ typed('decision_id', 'text') }} as decision_id
    from traded_there
    where nullif(decision_id, '') is not null

),

trades as {{ once() }}(

    select *
    from {{ ref('trade_facts') }}
    where trade_id in (select asked_trades.trade_id from asked_trades)
    union distinct
    select *
    from {{ ref('trade_facts') }}
    where decision_id in (select asked_decisions.decision_id from asked_decisions)

),

decisions as {{ once() }}(

    select *
    from {{ ref('int_decisions') }}
    where decision_id in (select asked_decisions.decision_id from asked_decisions)
    union distinct
    select *
    from {{ ref('int_decisions') }}
    where decision_id in (select trades.decision_id from trades)
    union distinct
    select *
    from {{ ref('int_decisions') }}
    where trade_id in (select trades.trade_id from trades)

),

{{ prompt_units('decisions', 'trades') }},

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
        {{ sum_of_products(typed('net_return', 'product', nullable=true)) }} as return_sum
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
