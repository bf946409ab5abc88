{{ config(
    order_by=['exchange', 'origin_group', 'agent_id', 'dimension', 'pattern'],
    indexes=[{'columns': ['exchange', 'origin_group', 'agent_id', 'dimension', 'pattern'], 'unique': true}]
        if target.type == 'postgres' else [],
) }}

{%- set patterns = {
    'symbol': 'symbol',
    'side': 'side',
    'hour': "case when entry_hour < 10 then '0' else '' end || " ~ typed('entry_hour', 'text', nullable=true),
    'weekday': typed('entry_weekday', 'text', nullable=true),
    'holding': "case when holding_minutes < 15 then '1 under 15 minutes' when holding_minutes < 60 then '2 under an hour'"
        " when holding_minutes < 240 then '3 under 4 hours' when holding_minutes < 1440 then '4 under a day'"
        " when holding_minutes >= 1440 then '5 a day or more' end",
    'confidence': "case when confidence < 0.5 then '1 below 0.5' when confidence < 0.6 then '2 0.5 to 0.6'"
        " when confidence < 0.7 then '3 0.6 to 0.7' when confidence < 0.8 then '4 0.7 to 0.8'"
        " when confidence < 0.9 then '5 0.8 to 0.9' when confidence >= 0.9 then '6 0.9 and above' end",
    'prompt version': 'prompt_version',
} %}

with trades as (

    select
        *,
        {{ hour_of('opened_at') }} as entry_hour,
        {{ weekday_of('opened_at') }} as entry_weekday
    from {{ ref('trade_facts') }}
    where net_pnl is not null

),

described as (

    {% for dimension, pattern in patterns.items() -%}
    select
        exchange,
        origin_group,
        agent_id,
        '{{ dimension }}' as dimension,
        {{ typed(pattern, 'text', nullable=true) }} as pattern,
        is_win,
        net_pnl
    from trades
    {% if not loop.last -%}
    union all
    {% endif -%}
    {% endfor %}
),

counted as (

    select
        exchange,
        origin_group,
        agent_id,
        dimension,
        coalesce(pattern, 'not known') as pattern,
        count(*) as trades,
        count(case when is_win then 1 end) as wins,
        {{ exact_sum('net_pnl') }} as net_pnl
    from described
    group by exchange, origin_group, agent_id, dimension, coalesce(pattern, 'not known')

),

overall as (

    select
        *,
        sum(trades) over (partition by exchange, origin_group, agent_id, dimension) as all_trades,
        sum(wins) over (partition by exchange, origin_group, agent_id, dimension) as all_wins
    from counted

),

judged as (

    select
        *,
        {{ safe_divide('wins', 'trades') }} as win_rate,
        {{ wilson('wins', 'trades', 'low') }} as win_rate_low,
        {{ wilson('wins', 'trades', 'high') }} as win_rate_high,
        {{ safe_divide('all_wins - wins', 'all_trades - trades') }} as win_rate_elsewhere
    from overall

)

select
    {{ typed('exchange', 'text') }} as exchange,
    {{ typed('origin_group', 'text') }} as origin_group,
    {{ typed('agent_id', 'text') }} as agent_id,
    {{ typed('dimension', 'text') }} as dimension,
    {{ typed('pattern', 'text') }} as pattern,
    {{ typed('trades', 'int') }} as trades,
    {{ typed('wins', 'int') }} as wins,
    {{ typed('net_pnl', 'total') }} as net_pnl,
    {{ typed(divide_wide('net_pnl', 'trades'), 'float') }} as avg_net_pnl,
    {{ typed('win_rate', 'float') }} as win_rate,
    {{ typed('win_rate_low', 'float') }} as win_rate_low,
    {{ typed('win_rate_high', 'float') }} as win_rate_high,
    {{ typed('win_rate_elsewhere', 'float', nullable=true) }} as win_rate_elsewhere,
    {{ typed(
        "case when win_rate_low > win_rate_elsewhere then 'better' when win_rate_high < win_rate_elsewhere then 'worse'"
        " else 'undecided' end",
        'text'
    ) }} as verdict
from judged
