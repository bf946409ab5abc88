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
        sum(trades) over (partition by agent_id, exchange, origin_group, dimension) as all_trades,
        sum(wins) over (partition by agent_id, exchange, origin_group, dimension) as all_wins
    from counted

),

rest as (

    select
        *,
        all_trades - trades as other_trades,
        all_wins - wins as other_wins,
        {{ safe_divide('wins', 'trades') }} as win_rate,
        {{ safe_divide('all_wins - wins', 'all_trades - trades') }} as win_rate_elsewhere,
        -- Every pattern of the agent that has a rest is one more chance to be wrong.
        greatest(1, count(case when all_trades > trades then 1 end) over (partition by agent_id, exchange, origin_group))
            as compared
    from overall

),

bounds as (

    select
        *,
        {{ wilson_among('wins', 'trades', 'compared', 'low') }} as low,
        {{ wilson_among('wins', 'trades', 'compared', 'high') }} as high,
        {{ wilson_among('other_wins', 'other_trades', 'compared', 'low') }} as other_low,
        {{ wilson_among('other_wins', 'other_trades', 'compared', 'high') }} as other_high
    from rest

),

-- The difference of two rates by Newcombe (1998), method 10: from the Wilson intervals of both.
judged as (

    select
        *,
        win_rate - win_rate_elsewhere
        - sqrt(power(win_rate - low, 2) + power(other_high - win_rate_elsewhere, 2)) as difference_low,
        win_rate - win_rate_elsewhere
        + sqrt(power(high - win_rate, 2) + power(win_rate_elsewhere - other_low, 2)) as difference_high
    from bounds

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
    {{ typed(wilson('wins', 'trades', 'low'), 'float') }} as win_rate_low,
    {{ typed(wilson('wins', 'trades', 'high'), 'float') }} as win_rate_high,
    {{ typed('win_rate_elsewhere', 'float', nullable=true) }} as win_rate_elsewhere,
    {{ typed(
        "case when difference_low > 0 then 'better' when difference_high < 0 then 'worse' else 'undecided' end",
        'text'
    ) }} as verdict
from judged
