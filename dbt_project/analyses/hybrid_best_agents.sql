-- hybrid: "Best performing agents", over the last 30 days of the board.
with days as (

    select
        *,
        max(day) over (partition by exchange, origin_group) as last_day
    from {{ ref('prompt_days') }}

)

select
    agent_id,
    {{ typed('sum(net_pnl)', 'total', nullable=true) }} as total_pnl,
    {{ typed('sum(trades)', 'int') }} as total_trades,
    {{ divide_wide('sum(return_sum)', typed('sum(returns)', 'product', nullable=true)) }} as avg_return
from days
where {{ days_later('day', 30) }} > last_day
group by exchange, origin_group, agent_id
order by total_pnl desc nulls last, exchange, origin_group, agent_id
