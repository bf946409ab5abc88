{{ config(
    order_by=['exchange', 'origin_group', 'agent_id', 'dimension', 'pattern'],
    indexes=[{'columns': ['exchange', 'origin_group', 'agent_id', 'dimension', 'pattern'], 'unique': true}]
        if target.type == 'postgres' else [],
) }}

with counted as (

    select
        exchange,
        origin_group,
        agent_id,
        dimension,
        pattern,
        sum(trades) as trades,
        sum(wins) as wins,
        {{ exact_sum('net_pnl') }} as net_pnl
    from {{ ref('int_pattern_months') }}
    group by exchange, origin_group, agent_id, dimension, pattern

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
