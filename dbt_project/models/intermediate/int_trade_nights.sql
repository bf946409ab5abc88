{{ config(
    materialized='incremental',
    incremental_strategy='append',
    order_by=['exchange', 'origin_group', 'agent_id', 'day', 'symbol'],
    indexes=[{'columns': ['agent_id', 'day', 'exchange', 'origin_group', 'symbol'], 'unique': true}]
        if target.type == 'postgres' else [],
    pre_hook=[
        "{{ forget(['exchange', 'origin_group', 'agent_id', 'day'], touched(each_day('first_day', 'last_day') ~ ' as day')) }}",
        "{{ join_by_hash() }}",
    ],
) }}
-- depends_on: {{ ref('int_trade_touched') }}

with spans as (

    {% if is_partial() -%}
    select
        exchange,
        origin_group,
        agent_id,
        min(first_day) as since_day
    from {{ ref('int_trade_touched') }}
    group by exchange, origin_group, agent_id
    {%- else -%}
    select 1
    {%- endif %}

),

days as (

    {{ touched(each_day('first_day', 'last_day') ~ ' as day') if is_partial() else 'select 1' }}

),

-- A row per position and day at whose end it was open: a position that was closed the same day has none.
nights as (

    select
        facts.exchange as exchange,
        facts.origin_group as origin_group,
        facts.agent_id as agent_id,
        facts.symbol as symbol,
        facts.quantity as quantity,
        facts.entry_price as entry_price,
        facts.notional as notional,
        facts.side as side,
        {{ each_day(day_of('facts.opened_at'), day_before('facts.day')) }} as day
    from {{ ref('trade_facts') }} as facts
    {%- if is_partial() %}
    inner join spans
        on
            facts.agent_id = spans.agent_id
            and facts.exchange = spans.exchange
            and facts.origin_group = spans.origin_group
    {%- endif %}
    where
        {{ day_of('facts.opened_at') }} < facts.day
        {%- if is_partial() %}
        and facts.day > spans.since_day
        and {{ not_before('facts.day', 'first_day') }}
        {%- endif %}

),

wanted as (

    select nights.*
    from nights
    {%- if is_partial() %}
    inner join days
        on
            nights.agent_id = days.agent_id
            and nights.day = days.day
            and nights.exchange = days.exchange
            and nights.origin_group = days.origin_group
    {%- endif %}

)

select
    exchange,
    origin_group,
    agent_id,
    symbol,
    {{ typed('day', 'date') }} as day,
    {{ sums_of_positions() }}
from wanted
group by exchange, origin_group, agent_id, symbol, day
