{{ config(
    materialized='incremental',
    incremental_strategy='append',
    order_by=['exchange', 'origin_group', 'agent_id', 'day', 'symbol'],
    indexes=[{'columns': ['agent_id', 'day', 'exchange', 'origin_group', 'symbol'], 'unique': true}]
        if target.type == 'postgres' else [],
    pre_hook="{{ forget(['exchange', 'origin_group', 'agent_id', 'day'], touched('day', 'int_position_touched')) }}",
) }}
-- depends_on: {{ ref('int_position_touched') }}

with days as (

    {{ touched('day', 'int_position_touched') if is_partial() else 'select 1' }}

),

spans as (

    {% if is_partial() -%}
    select
        exchange,
        origin_group,
        agent_id,
        min(day) as since_day
    from days
    group by exchange, origin_group, agent_id
    {%- else -%}
    select 1
    {%- endif %}

),

held as (

    select
        facts.exchange as exchange,
        facts.origin_group as origin_group,
        facts.agent_id as agent_id,
        facts.symbol as symbol,
        facts.side as side,
        facts.opened_at as opened_at,
        facts.closed_at as closed_at,
        facts.day as closed_day,
        {{ each_day(day_of('facts.opened_at'), 'facts.day') }} as day
    from {{ ref('trade_facts') }} as facts
    {%- if is_partial() %}
    inner join spans
        on
            facts.agent_id = spans.agent_id
            and facts.exchange = spans.exchange
            and facts.origin_group = spans.origin_group
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
            held.agent_id = days.agent_id
            and held.day = days.day
            and held.exchange = days.exchange
            and held.origin_group = days.origin_group
    {%- endif %}

),

instruments as (

    select distinct
        exchange,
        origin_group,
        agent_id,
        symbol,
        day
    from wanted

),

-- Opens, closes and invocations of each instrument in one line of time; at one moment, trades come first.
events as (

    select
        instruments.exchange as exchange,
        instruments.origin_group as origin_group,
        instruments.agent_id as agent_id,
        instruments.symbol as symbol,
        instruments.day as day,
        invocations.asked_at as happened_at,
        1 as is_invocation,
        0 as longs,
        0 as shorts,
        {{ typed('invocations.microseconds', 'int', nullable=true) }} as microseconds
    from instruments
    inner join {{ ref('int_invocations') }} as invocations
        on
            instruments.agent_id = invocations.agent_id
            and instruments.day = invocations.day
            and instruments.exchange = invocations.exchange
            and instruments.origin_group = invocations.origin_group
    union all
    select
        exchange,
        origin_group,
        agent_id,
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
        exchange,
        origin_group,
        agent_id,
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
        exchange,
        origin_group,
        agent_id,
        symbol,
        day,
        is_invocation,
        microseconds,
        sum(longs) over (
            partition by day, agent_id, symbol, exchange, origin_group order by happened_at, is_invocation
            rows between unbounded preceding and current row
        ) as open_longs,
        sum(shorts) over (
            partition by day, agent_id, symbol, exchange, origin_group order by happened_at, is_invocation
            rows between unbounded preceding and current row
        ) as open_shorts
    from events

)

select
    exchange,
    origin_group,
    agent_id,
    symbol,
    {{ typed('day', 'date') }} as day,
    coalesce(sum(case when open_longs > 0 then microseconds end), 0) as microseconds_long,
    coalesce(sum(case when open_longs <= 0 and open_shorts > 0 then microseconds end), 0) as microseconds_short,
    -- At the last invocation of the day, whose break has no end yet on this day.
    {{ typed('max(case when microseconds is null and open_longs > 0 then 1 else 0 end)', 'int') }} as ends_long,
    {{ typed('max(case when microseconds is null and open_longs <= 0 and open_shorts > 0 then 1 else 0 end)', 'int') }} as ends_short
from states
where is_invocation = 1
group by day, agent_id, symbol, exchange, origin_group
