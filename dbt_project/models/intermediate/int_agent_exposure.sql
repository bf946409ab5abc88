with trades as (

    select
        exchange,
        origin_group,
        agent_id,
        opened_at,
        closed_at,
        max({{ typed('closed_at', 'timestamp', nullable=true) }}) over (
            partition by exchange, origin_group, agent_id
            order by opened_at, closed_at, {{ by_bytes('trade_id') }}
            rows between unbounded preceding and 1 preceding
        ) as closed_before
    from {{ ref('trade_facts') }}
    where opened_at is not null

)

select
    exchange,
    origin_group,
    agent_id,
    -- Time that an earlier trade already covers counts once.
    sum(case
        when closed_before is null or closed_before <= opened_at then {{ microseconds_between('opened_at', 'closed_at') }}
        when closed_before < closed_at then {{ microseconds_between('closed_before', 'closed_at') }}
        else 0
    end) as microseconds_in_market
from trades
group by exchange, origin_group, agent_id
