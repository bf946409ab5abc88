-- learning: "Find patterns in winning trades": situations in which an agent surely wins more often than elsewhere, and the rest.
select
    agent_id,
    dimension,
    pattern,
    trades,
    win_rate,
    win_rate_low,
    win_rate_high,
    verdict
from {{ ref('winning_patterns') }}
order by exchange, origin_group, agent_id, dimension, pattern
