{%- set kinds = ['long', 'short', 'hold', 'close'] -%}
{%- set measures = ['confidence', 'leverage'] -%}
{%- set spreads = {
    'confidence': {'all': '1 = 1', 'long': "action = 'long'", 'short': "action = 'short'", 'hold': "action = 'hold'", 'close': "action = 'close'"},
    'leverage': {'all': '1 = 1', 'long': "action = 'long'", 'short': "action = 'short'"},
} -%}
{{ config(
    materialized='table',
    order_by=['exchange', 'origin_group', 'agent_id'],
    pre_hook="{{ join_by_hash() }}",
) }}

-- Days of an action become one part of it, by which the actions of an agent are added up: its deviations are about one mean.
with actions as {{ once() }}(

    select
        exchange,
        origin_group,
        agent_id,
        action,
        sum(signals) as signals,
        max(last_decided_at) as last_decided_at,
        {% for name in measures -%}
        sum({{ name }}_n) as {{ name }}_n,
        {{ exact_sum(name ~ '_sum') }} as {{ name }}_sum,
        min({{ name }}_min) as {{ name }}_min,
        max({{ name }}_max) as {{ name }}_max{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('int_signal_days') }}
    group by exchange, origin_group, agent_id, action

),

centers as (

    select
        exchange,
        origin_group,
        agent_id,
        action,
        last_decided_at,
        {% for name in measures -%}
        {{ divide_wide(name ~ '_sum', name ~ '_n') }} as {{ name }}_mean{{ ',' if not loop.last }}
        {% endfor %}
    from actions

),

squares as (

    select
        days.exchange as exchange,
        days.origin_group as origin_group,
        days.agent_id as agent_id,
        days.action as action,
        max(case when days.last_decided_at = centers.last_decided_at then {{ by_bytes('days.last_decision_id') }} end)
            as last_decision_id,
        {% for name in measures -%}
        {{ squares_of_parts(name, 'centers.' ~ name ~ '_mean') }} as {{ name }}_squares{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('int_signal_days') }} as days
    inner join centers
        on
            days.agent_id = centers.agent_id
            and days.action = centers.action
            and days.exchange = centers.exchange
            and days.origin_group = centers.origin_group
    group by days.exchange, days.origin_group, days.agent_id, days.action

),

parts as {{ once() }}(

    select
        actions.exchange as exchange,
        actions.origin_group as origin_group,
        actions.agent_id as agent_id,
        actions.action as action,
        actions.signals as signals,
        actions.last_decided_at as last_decided_at,
        squares.last_decision_id as last_decision_id,
        {% for name in measures -%}
        {% for column in ['n', 'sum', 'min', 'max'] -%}
        actions.{{ name }}_{{ column }} as {{ name }}_{{ column }},
        {% endfor -%}
        squares.{{ name }}_squares as {{ name }}_squares{{ ',' if not loop.last }}
        {% endfor %}
    from actions
    inner join squares
        on
            actions.agent_id = squares.agent_id
            and actions.action = squares.action
            and actions.exchange = squares.exchange
            and actions.origin_group = squares.origin_group

),

means as (

    select
        exchange,
        origin_group,
        agent_id
        {% for name, chosen in spreads.items() -%}
        {% for kind, condition in chosen.items() -%}
        , {{ mean_of_parts(name, condition) }} as {{ name }}_{{ kind }}_mean
        {% endfor -%}
        {% endfor %}
        , {{ mean_of_parts('leverage', "action in ('long', 'short')") }} as leverage_convo_mean
        , max(last_decided_at) as last_decided_at
    from parts
    group by exchange, origin_group, agent_id

),

counted as {{ once() }}(

    select
        parts.exchange as exchange,
        parts.origin_group as origin_group,
        parts.agent_id as agent_id,
        sum(signals) as total_signals,
        {% for kind in kinds -%}
        sum(case when action = '{{ kind }}' then signals else 0 end) as num_{{ kind }}_signals,
        {% endfor -%}
        {% for name, chosen in spreads.items() -%}
        {% for kind, condition in chosen.items() -%}
        {% set ending = '' if kind == 'all' else '_' ~ kind -%}
        coalesce(max(means.{{ name }}_{{ kind }}_mean), 0) as avg_{{ name }}{{ ending }},
        {{ std_of_parts(name, 'means.' ~ name ~ '_' ~ kind ~ '_mean', condition) }} as std_{{ name }}{{ ending }},
        {% endfor -%}
        {% endfor -%}
        coalesce(max(means.leverage_convo_mean), 0) as avg_convo_leverage,
        max(case when parts.last_decided_at = means.last_decided_at then {{ by_bytes('parts.last_decision_id') }} end)
            as last_decision_id,
        max(parts.last_decided_at) as last_decided_at
    from parts
    inner join means
        on
            parts.exchange = means.exchange
            and parts.origin_group = means.origin_group
            and parts.agent_id = means.agent_id
    group by parts.exchange, parts.origin_group, parts.agent_id

),

-- The break after the last invocation of a day ends with the first one of a later day.
nights as (

    select
        *,
        {{ microseconds_between(
            'last_asked_at',
            'lead(' ~ typed('first_asked_at', 'timestamp', nullable=true) ~ ') over (partition by agent_id, exchange, origin_group order by day)'
        ) }} as night
    from {{ ref('int_invocation_days') }}

),

breaks as (

    select
        exchange,
        origin_group,
        agent_id,
        invocations,
        break_n,
        break_sum,
        break_min,
        break_max,
        break_squares
    from nights
    union all
    select
        exchange,
        origin_group,
        agent_id,
        0 as invocations,
        1 as break_n,
        night as break_sum,
        night as break_min,
        night as break_max,
        0 as break_squares
    from nights
    where night is not null

),

break_means as (

    select
        exchange,
        origin_group,
        agent_id,
        {{ mean_of_parts('break', '1 = 1') }} as break_mean
    from breaks
    group by exchange, origin_group, agent_id

),

invoked as {{ once() }}(

    select
        breaks.exchange as exchange,
        breaks.origin_group as origin_group,
        breaks.agent_id as agent_id,
        sum(invocations) as num_invocations,
        sum(break_sum) as microseconds,
        coalesce(max(break_means.break_mean), 0) / 60000000 as avg_invocation_break_mins,
        {{ std_of_parts('break', 'break_means.break_mean') }} / 60000000 as std_invocation_break_mins,
        coalesce(min(break_min), 0) / 60000000.0 as min_invocation_break_mins,
        coalesce(max(break_max), 0) / 60000000.0 as max_invocation_break_mins
    from breaks
    inner join break_means
        on
            breaks.exchange = break_means.exchange
            and breaks.origin_group = break_means.origin_group
            and breaks.agent_id = break_means.agent_id
    group by breaks.exchange, breaks.origin_group, breaks.agent_id

),

instruments as (

    select distinct
        exchange,
        origin_group,
        agent_id,
        symbol
    from {{ ref('int_signal_days') }}

),

held_symbols as {{ once() }}(

    select
        positions.exchange as exchange,
        positions.origin_group as origin_group,
        positions.agent_id as agent_id,
        positions.symbol as symbol,
        sum(positions.microseconds_long + positions.ends_long * coalesce(nights.night, 0)) as microseconds_long,
        sum(positions.microseconds_short + positions.ends_short * coalesce(nights.night, 0)) as microseconds_short
    from {{ ref('int_position_days') }} as positions
    inner join nights
        on
            positions.exchange = nights.exchange
            and positions.origin_group = nights.origin_group
            and positions.agent_id = nights.agent_id
            and positions.day = nights.day
    group by positions.exchange, positions.origin_group, positions.agent_id, positions.symbol

),

held as {{ once() }}(

    select
        held_symbols.exchange as exchange,
        held_symbols.origin_group as origin_group,
        held_symbols.agent_id as agent_id,
        sum(held_symbols.microseconds_long) as microseconds_long,
        sum(held_symbols.microseconds_short) as microseconds_short
    from held_symbols
    inner join instruments
        on
            held_symbols.exchange = instruments.exchange
            and held_symbols.origin_group = instruments.origin_group
            and held_symbols.agent_id = instruments.agent_id
            and held_symbols.symbol = instruments.symbol
    group by held_symbols.exchange, held_symbols.origin_group, held_symbols.agent_id

),

grid as (

    select
        instruments.exchange as exchange,
        instruments.origin_group as origin_group,
        instruments.agent_id as agent_id,
        count(*) as instruments
    from instruments
    group by instruments.exchange, instruments.origin_group, instruments.agent_id

),

spent as {{ once() }}(

    select
        grid.exchange as exchange,
        grid.origin_group as origin_group,
        grid.agent_id as agent_id,
        grid.instruments * invoked.microseconds as microseconds,
        coalesce(held.microseconds_long, 0) as microseconds_long,
        coalesce(held.microseconds_short, 0) as microseconds_short,
        coalesce(grid.instruments * invoked.microseconds, 0) - coalesce(held.microseconds_long, 0) - coalesce(held.microseconds_short, 0)
            as microseconds_flat
    from grid
    inner join invoked
        on
            grid.exchange = invoked.exchange
            and grid.origin_group = invoked.origin_group
            and grid.agent_id = invoked.agent_id
    left join held
        on
            grid.exchange = held.exchange
            and grid.origin_group = held.origin_group
            and grid.agent_id = held.agent_id

)

select
    {% for column in [
        'exchange', 'origin_group', 'agent_id', 'total_signals',
        'num_long_signals', 'num_short_signals', 'num_hold_signals', 'num_close_signals',
        'avg_confidence', 'std_confidence',
        'avg_confidence_long', 'avg_confidence_short', 'avg_confidence_hold', 'avg_confidence_close',
        'std_confidence_long', 'std_confidence_short', 'std_confidence_hold', 'std_confidence_close',
        'avg_leverage', 'std_leverage',
        'avg_leverage_long', 'std_leverage_long', 'avg_leverage_short', 'std_leverage_short',
        'avg_convo_leverage',
    ] -%}
    counted.{{ column }} as {{ column }},
    {% endfor -%}
    coalesce(medians.median_confidence, 0) as median_confidence,
    coalesce(medians.median_leverage, 0) as median_leverage,
    coalesce(medians.median_convo_leverage, 0) as median_convo_leverage,
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
    counted.last_decision_id as last_convo_doc_id,
    counted.last_decided_at as last_convo_timestamp
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
left join {{ ref('int_signal_medians') }} as medians
    on
        counted.exchange = medians.exchange
        and counted.origin_group = medians.origin_group
        and counted.agent_id = medians.agent_id
