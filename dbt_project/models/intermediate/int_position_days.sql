{{ config(
    materialized='incremental',
    incremental_strategy='append',
    order_by=['exchange', 'origin_group', 'agent_id', 'day', 'symbol'],
    indexes=[{'columns': ['agent_id', 'day', 'exchange', 'origin_group', 'symbol'], 'unique': true}]
        if target.type == 'postgres' else [],
    pre_hook=[
        "{{ forget(['exchange', 'origin_group', 'agent_id', 'day'], touched('day', 'int_position_touched')) }}",
        "{{ join_by_hash() }}",
    ],
) }}
-- depends_on: {{ ref('int_position_touched') }}, {{ ref('int_trade_months') }}

with agents as (

    {{ numbered_agents(touched(none, 'int_position_touched') if is_partial() else every_agent('int_trade_months')) }}

),

{% if is_partial() -%}
days as (

    select
        agents.number as number,
        touched.day as day
    from {{ ref('int_position_touched') }} as touched
    inner join agents
        on
            touched.agent_id = agents.agent_id
            and touched.exchange = agents.exchange
            and touched.origin_group = agents.origin_group

),

spans as (

    select
        number,
        min(day) as since_day
    from days
    group by number

),

{% endif -%}
held as (

    select
        agents.number as number,
        facts.symbol as symbol,
        facts.side as side,
        facts.opened_at as opened_at,
        facts.closed_at as closed_at,
        facts.day as closed_day,
        {{ each_day(day_of('facts.opened_at'), 'facts.day') }} as day
    from {{ ref('trade_facts') }} as facts
    inner join agents
        on
            facts.agent_id = agents.agent_id
            and facts.exchange = agents.exchange
            and facts.origin_group = agents.origin_group
    {%- if is_partial() %}
    inner join spans
        on agents.number = spans.number
    {%- endif %}
    where
        facts.opened_at is not null
        {%- if is_partial() %}
        and facts.day >= spans.since_day
        and {{ not_before('facts.day', 'day', 'int_position_touched') }}
        {%- endif %}

),

wanted as (

    select held.*
    from held
    {%- if is_partial() %}
    inner join days
        on
            held.number = days.number
            and held.day = days.day
    {%- endif %}

),

instruments as (

    select distinct
        number,
        symbol,
        day
    from wanted

),

invocations as {{ once_if(is_partial()) }}(

    select
        agents.number as number,
        invocations.day as day,
        invocations.asked_at as asked_at,
        invocations.microseconds as microseconds
    from {{ ref('int_invocations') }} as invocations
    inner join agents
        on
            invocations.agent_id = agents.agent_id
            and invocations.exchange = agents.exchange
            and invocations.origin_group = agents.origin_group
    {%- if is_partial() %}
    where {{ not_before('invocations.day', 'day', 'int_position_touched') }}
    {%- endif %}

),

-- Opens, closes and invocations of each instrument in one line of time; at one moment, trades come first.
events as (

    select
        instruments.number as number,
        instruments.symbol as symbol,
        instruments.day as day,
        invocations.asked_at as happened_at,
        1 as is_invocation,
        0 as longs,
        0 as shorts,
        {{ typed('invocations.microseconds', 'int', nullable=true) }} as microseconds
    from instruments
    inner join invocations
        on
            instruments.number = invocations.number
            and instruments.day = invocations.day
    union all
    select
        number,
        symbol,
        day,
        {{ typed('opened_at', 'timestamp') }} as happened_at,
        0 as is_invocation,
        case when side = 'long' then 1 else 0 end as longs,
        case when side = 'short' then 1 else 0 end as shorts,
        {{ typed('null', 'int', nullable=true) }} as microseconds
    from wanted
    union all
    select
        number,
        symbol,
        day,
        closed_at as happened_at,
        0 as is_invocation,
        case when side = 'long' then -1 else 0 end as longs,
        case when side = 'short' then -1 else 0 end as shorts,
        {{ typed('null', 'int', nullable=true) }} as microseconds
    from wanted
    where day = closed_day

),

states as (

    select
        number,
        symbol,
        day,
        is_invocation,
        microseconds,
        sum(longs) over (
            partition by number, day, symbol order by happened_at, is_invocation
            rows between unbounded preceding and current row
        ) as open_longs,
        sum(shorts) over (
            partition by number, day, symbol order by happened_at, is_invocation
            rows between unbounded preceding and current row
        ) as open_shorts
    from events

),

days_held as (

    select
        number,
        symbol,
        day,
        sum(case when open_longs > 0 then microseconds end) as microseconds_long,
        sum(case when open_longs <= 0 and open_shorts > 0 then microseconds end) as microseconds_short,
        -- At the last invocation of the day, whose break has no end yet on this day.
        max(case when microseconds is null and open_longs > 0 then 1 else 0 end) as ends_long,
        max(case when microseconds is null and open_longs <= 0 and open_shorts > 0 then 1 else 0 end) as ends_short
    from states
    where is_invocation = 1
    group by number, day, symbol

)

select
    agents.exchange as exchange,
    agents.origin_group as origin_group,
    agents.agent_id as agent_id,
    days_held.symbol as symbol,
    {{ typed('days_held.day', 'date') }} as day,
    coalesce(days_held.microseconds_long, 0) as microseconds_long,
    coalesce(days_held.microseconds_short, 0) as microseconds_short,
    {{ typed('days_held.ends_long', 'int') }} as ends_long,
    {{ typed('days_held.ends_short', 'int') }} as ends_short
from days_held
inner join agents
    on days_held.number = agents.number
