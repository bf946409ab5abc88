{{ config(
    materialized='incremental',
    incremental_strategy='append',
    order_by=['agent_id', 'day', 'unit'],
    indexes=[{'columns': ['agent_id', 'day']}, {'columns': ['unit'], 'unique': true}] if target.type == 'postgres' else [],
    pre_hook=[
        "{{ forget_finished('int_prompt_touched') }}",
        "{{ note_touched_units() }}",
        "{{ forget(['unit'], 'select unit from ' ~ ref('int_unit_touched')) }}",
    ],
    post_hook=["{{ note_touched_units() }}", "{{ learn_touched('int_prompt_touched') }}"],
) }}
-- depends_on: {{ ref('int_unit_touched') }}
-- depends_on: {{ ref('int_prompt_touched') }}

-- One row per decision, whether traded or not, and per trade that belongs to no known decision.
with decided as (

    select *
    from {{ ref('int_decisions') }}
    {%- if is_partial() %}
    where decision_id in (select touched.decision_id from {{ ref('int_unit_touched') }} as touched where touched.decision_id is not null)
    {%- endif %}

),

{% if is_partial() -%}
wanted as (

    select {{ typed('trade_id', 'text') }} as trade_id
    from {{ ref('int_unit_touched') }}
    where trade_id is not null
    union distinct
    select {{ typed('trade_id', 'text') }} as trade_id
    from decided
    where trade_id is not null
    union distinct
    select trade_id
    from {{ ref('trade_facts') }}
    where decision_id in (select touched.decision_id from {{ ref('int_unit_touched') }} as touched where touched.decision_id is not null)

),

{% endif -%}
links as (

    select
        trade_id,
        min({{ by_bytes('decision_id') }}) as decision_id
    from {{ ref('int_decisions') }}
    where
        trade_id is not null
        {%- if is_partial() %}
        and trade_id in (select wanted.trade_id from wanted)
        {%- endif %}
    group by trade_id

),

linked as {{ once() }}(

    select
        facts.trade_id as trade_id,
        facts.exchange as exchange,
        facts.origin_group as origin_group,
        facts.agent_id as agent_id,
        facts.symbol as symbol,
        facts.prompt_version as prompt_version,
        facts.currency as currency,
        facts.net_pnl as net_pnl,
        facts.fee as fee,
        facts.notional as notional,
        {{ day_of('coalesce(facts.opened_at, facts.closed_at)') }} as day,
        coalesce(nullif(facts.decision_id, ''), links.decision_id) as decision_id
    from {{ ref('trade_facts') }} as facts
    left join links
        on facts.trade_id = links.trade_id
    {%- if is_partial() %}
    where facts.trade_id in (select wanted.trade_id from wanted)
    {%- endif %}

),

-- Several fills of a decision are one result. Where the net PnL or size of one is not known, that of the whole is not.
fills as (

    select
        decision_id,
        min({{ by_bytes('exchange') }}) as exchange,
        min({{ by_bytes('origin_group') }}) as origin_group,
        min({{ by_bytes('agent_id') }}) as agent_id,
        min({{ by_bytes('symbol') }}) as symbol,
        min({{ by_bytes('prompt_version') }}) as prompt_version,
        min({{ by_bytes('currency') }}) as currency,
        min(day) as day,
        count(*) as trades,
        case when count(net_pnl) = count(*) then {{ exact_sum('net_pnl') }} end as net_pnl,
        {{ exact_sum('fee') }} as fees,
        case when count(notional) = count(*) then {{ sum_of_products('notional') }} end as notional
    from linked
    where
        decision_id is not null
        {%- if is_partial() %}
        and decision_id in (select touched.decision_id from {{ ref('int_unit_touched') }} as touched where touched.decision_id is not null)
        {%- endif %}
    group by decision_id

),

joined as (

    select
        'decision ' || coalesce(decided.decision_id, fills.decision_id) as unit,
        coalesce(decided.exchange, fills.exchange) as exchange,
        coalesce(decided.origin_group, fills.origin_group) as origin_group,
        coalesce(decided.agent_id, fills.agent_id) as agent_id,
        coalesce(decided.symbol, fills.symbol) as symbol,
        coalesce(nullif(decided.prompt_version, ''), nullif(fills.prompt_version, ''), 'not known') as prompt_version,
        coalesce(decided.day, fills.day) as day,
        fills.currency as currency,
        case when decided.decision_id is not null then 1 else 0 end as decisions,
        case
            when decided.is_traded or (decided.decision_id is not null and fills.decision_id is not null) then 1 else 0
        end as traded,
        decided.is_correct as is_correct,
        decided.confidence as confidence,
        decided.prompt_tokens as prompt_tokens,
        decided.completion_tokens as completion_tokens,
        decided.cost as cost,
        coalesce(fills.trades, 0) as trades,
        {{ typed('fills.net_pnl', 'total', nullable=true) }} as net_pnl,
        {{ typed('fills.fees', 'total', nullable=true) }} as fees,
        fills.notional as notional
    from decided
    full outer join fills
        on decided.decision_id = fills.decision_id
    union all
    select
        'trade ' || trade_id as unit,
        exchange,
        origin_group,
        agent_id,
        symbol,
        coalesce(nullif(prompt_version, ''), 'not known') as prompt_version,
        day,
        currency,
        0 as decisions,
        0 as traded,
        {{ typed('null', 'bool', nullable=true) }} as is_correct,
        {{ typed('null', 'decimal', nullable=true) }} as confidence,
        {{ typed('null', 'int', nullable=true) }} as prompt_tokens,
        {{ typed('null', 'int', nullable=true) }} as completion_tokens,
        {{ typed('null', 'decimal', nullable=true) }} as cost,
        1 as trades,
        {{ typed('net_pnl', 'total', nullable=true) }} as net_pnl,
        {{ typed('fee', 'total', nullable=true) }} as fees,
        notional
    from linked
    where
        decision_id is null
        {%- if is_partial() %}
        and trade_id in (select touched.trade_id from {{ ref('int_unit_touched') }} as touched where touched.trade_id is not null)
        {%- endif %}

)

select
    {{ typed('unit', 'text') }} as unit,
    {{ typed('exchange', 'text') }} as exchange,
    {{ typed('origin_group', 'text') }} as origin_group,
    {{ typed('agent_id', 'text') }} as agent_id,
    {{ typed('symbol', 'text') }} as symbol,
    {{ typed('prompt_version', 'text') }} as prompt_version,
    {{ typed('day', 'date') }} as day,
    currency,
    decisions,
    traded,
    is_correct,
    confidence,
    prompt_tokens,
    completion_tokens,
    cost,
    trades,
    net_pnl,
    fees,
    -- The model is paid in USD: its price is taken off where the account counts in dollars.
    {{ exact_ratio(
        "net_pnl - case when currency in ('USD', 'USDT', 'USDC', 'USDE') then coalesce(cost, 0) else 0 end", 'notional'
    ) }} as net_return
from joined
