-- learning: "Get prompt performance comparison".
select
    agent_id,
    prompt_version,
    decisions,
    win_rate,
    win_rate_low,
    win_rate_high,
    net_pnl
from {{ ref('prompt_performance') }}
where scope = 'agent'
order by win_rate desc nulls last, exchange, origin_group, agent_id, prompt_version
