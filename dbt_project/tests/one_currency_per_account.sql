-- Sums over two currencies mean nothing.
select
    agent_id,
    exchange,
    origin_group
from {{ ref('trade_facts') }}
group by agent_id, exchange, origin_group
having count(distinct currency) > 1
