select
    exchange,
    origin_group,
    agent_id,
    sum(microseconds_in_market) as microseconds_in_market
from {{ ref('int_exposure_months') }}
group by exchange, origin_group, agent_id
