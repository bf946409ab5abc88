-- nof0: the newest equity of each model, realised and open PnL beside it.
with days as (

    select
        *,
        row_number() over (partition by exchange, origin_group, agent_id order by day desc) as recency
    from {{ ref('agent_daily') }}

)

select
    agent_id,
    day,
    equity,
    realized_pnl_total,
    open_pnl
from days
where recency = 1
order by exchange, origin_group, agent_id
