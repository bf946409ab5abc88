with decisions as (

    select *
    from {{ ref('stg_decisions') }}
    where action is not null

),

counted as (

    select
        exchange,
        origin_group,
        agent_id,
        count(*) as total_signals,
        {% for kind in ['long', 'short', 'hold', 'close'] -%}
        count(case when action = '{{ kind }}' then 1 end) as num_{{ kind }}_signals,
        {{ mean_where('confidence', "action = '" ~ kind ~ "'") }} as avg_confidence_{{ kind }},
        {{ sample_std_where('confidence', "action = '" ~ kind ~ "'") }} as std_confidence_{{ kind }},
        {% endfor -%}
        {{ mean_where('confidence') }} as avg_confidence,
        {{ median_where('confidence') }} as median_confidence,
        {{ sample_std_where('confidence') }} as std_confidence,
        {{ mean_where('leverage', exact='total') }} as avg_leverage,
        {{ median_where('leverage') }} as median_leverage,
        {{ sample_std_where('leverage') }} as std_leverage,
        {% for kind in ['long', 'short'] -%}
        {{ mean_where('leverage', "action = '" ~ kind ~ "'", exact='total') }} as avg_leverage_{{ kind }},
        {{ sample_std_where('leverage', "action = '" ~ kind ~ "'") }} as std_leverage_{{ kind }},
        {% endfor -%}
        {{ mean_where('leverage', "action in ('long', 'short')", exact='total') }} as avg_convo_leverage,
        {{ median_where('leverage', "action in ('long', 'short')") }} as median_convo_leverage
    from decisions
    group by exchange, origin_group, agent_id

),

newest as (

    select
        exchange,
        origin_group,
        agent_id,
        decision_id,
        decided_at,
        row_number() over (
            partition by exchange, origin_group, agent_id order by decided_at desc, {{ by_bytes('decision_id') }} desc
        ) as recency
    from decisions

),

-- An agent is asked once for all its instruments: decisions of one cycle, or of one moment, are one invocation.
asked as (

    select
        exchange,
        origin_group,
        agent_id,
        min(decided_at) as asked_at
    from decisions
    where cycle_id is not null
    group by exchange, origin_group, agent_id, cycle_id
    union distinct
    select
        exchange,
        origin_group,
        agent_id,
        decided_at as asked_at
    from decisions
    where cycle_id is null

),

invocations as (

    select
        exchange,
        origin_group,
        agent_id,
        asked_at,
        lead({{ typed('asked_at', 'timestamp', nullable=true) }}) over (
            partition by exchange, origin_group, agent_id order by asked_at
        ) as asked_next
    from asked

),

breaks as (

    select
        *,
        {{ microseconds_between('asked_at', 'asked_next') }} as microseconds
    from invocations

),

invoked as (

    select
        exchange,
        origin_group,
        agent_id,
        count(*) as num_invocations,
        {{ mean_where('microseconds') }} / 60000000 as avg_invocation_break_mins,
        {{ sample_std_where('microseconds') }} / 60000000 as std_invocation_break_mins,
        coalesce(min(microseconds), 0) / 60000000.0 as min_invocation_break_mins,
        coalesce(max(microseconds), 0) / 60000000.0 as max_invocation_break_mins
    from breaks
    group by exchange, origin_group, agent_id

),

instruments as (

    select distinct
        exchange,
        origin_group,
        agent_id,
        symbol
    from decisions

),

-- Opens, closes and invocations of each instrument in one line of time; at one moment, trades come first.
events as (

    select
        instruments.exchange as exchange,
        instruments.origin_group as origin_group,
        instruments.agent_id as agent_id,
        instruments.symbol as symbol,
        breaks.asked_at as happened_at,
        1 as is_invocation,
        0 as longs,
        0 as shorts,
        breaks.microseconds as microseconds
    from instruments
    inner join breaks
        on
            instruments.exchange = breaks.exchange
            and instruments.origin_group = breaks.origin_group
            and instruments.agent_id = breaks.agent_id
    union all
    select
        exchange,
        origin_group,
        agent_id,
        symbol,
        {{ typed('opened_at', 'timestamp') }} as happened_at,
        0 as is_invocation,
        case when side = 'long' then 1 else 0 end as longs,
        case when side = 'short' then 1 else 0 end as shorts,
        {{ typed('null', 'int', nullable=true) }} as microseconds
    from {{ ref('trade_facts') }}
    where opened_at is not null
    union all
    select
        exchange,
        origin_group,
        agent_id,
        symbol,
        closed_at as happened_at,
        0 as is_invocation,
        case when side = 'long' then -1 else 0 end as longs,
        case when side = 'short' then -1 else 0 end as shorts,
        {{ typed('null', 'int', nullable=true) }} as microseconds
    from {{ ref('trade_facts') }}
    where opened_at is not null

),

states as (

    select
        exchange,
        origin_group,
        agent_id,
        is_invocation,
        microseconds,
        sum(longs) over (
            partition by exchange, origin_group, agent_id, symbol order by happened_at, is_invocation
            rows between unbounded preceding and current row
        ) as open_longs,
        sum(shorts) over (
            partition by exchange, origin_group, agent_id, symbol order by happened_at, is_invocation
            rows between unbounded preceding and current row
        ) as open_shorts
    from events

),

spent as (

    select
        exchange,
        origin_group,
        agent_id,
        sum(microseconds) as microseconds,
        coalesce(sum(case when open_longs > 0 then microseconds end), 0) as microseconds_long,
        coalesce(sum(case when open_longs <= 0 and open_shorts > 0 then microseconds end), 0) as microseconds_short,
        coalesce(sum(case when open_longs <= 0 and open_shorts <= 0 then microseconds end), 0) as microseconds_flat
    from states
    where is_invocation = 1
    group by exchange, origin_group, agent_id

)

select
    {% for column in [
        'exchange', 'origin_group', 'agent_id', 'total_signals',
        'num_long_signals', 'num_short_signals', 'num_hold_signals', 'num_close_signals',
        'avg_confidence', 'median_confidence', 'std_confidence',
        'avg_confidence_long', 'avg_confidence_short', 'avg_confidence_hold', 'avg_confidence_close',
        'std_confidence_long', 'std_confidence_short', 'std_confidence_hold', 'std_confidence_close',
        'avg_leverage', 'median_leverage', 'std_leverage',
        'avg_leverage_long', 'std_leverage_long', 'avg_leverage_short', 'std_leverage_short',
        'avg_convo_leverage', 'median_convo_leverage',
    ] -%}
    counted.{{ column }} as {{ column }},
    {% endfor -%}
    {% for kind in ['long', 'short', 'hold', 'close'] -%}
    100 * {{ safe_divide('counted.num_' ~ kind ~ '_signals', 'counted.total_signals') }} as {{ kind }}_signal_pct,
    {% endfor -%}
    coalesce({{ safe_divide('counted.num_long_signals', 'counted.num_short_signals') }}, 0) as long_short_ratio,
    invoked.num_invocations as num_invocations,
    invoked.avg_invocation_break_mins as avg_invocation_break_mins,
    invoked.std_invocation_break_mins as std_invocation_break_mins,
    invoked.min_invocation_break_mins as min_invocation_break_mins,
    invoked.max_invocation_break_mins as max_invocation_break_mins,
    {% for kind in ['long', 'short', 'flat'] -%}
    {{ safe_divide('spent.microseconds_' ~ kind, '60000000') }} as mins_{{ kind }}_combined,
    coalesce(100 * {{ safe_divide('spent.microseconds_' ~ kind, 'spent.microseconds') }}, 0) as pct_mins_{{ kind }}_combined,
    {% endfor -%}
    newest.decision_id as last_convo_doc_id,
    newest.decided_at as last_convo_timestamp
from counted
inner join invoked
    on
        counted.exchange = invoked.exchange
        and counted.origin_group = invoked.origin_group
        and counted.agent_id = invoked.agent_id
inner join spent
    on
        counted.exchange = spent.exchange
        and counted.origin_group = spent.origin_group
        and counted.agent_id = spent.agent_id
inner join newest
    on
        counted.exchange = newest.exchange
        and counted.origin_group = newest.origin_group
        and counted.agent_id = newest.agent_id
        and newest.recency = 1
