-- nof0: what an application serves as since-inception values.
select
    agent_id as model_id,
    inception_at,
    initial_equity as nav_since_inception,
    equity,
    return_since_inception
from {{ ref('since_inception') }}
order by exchange, origin_group, agent_id
