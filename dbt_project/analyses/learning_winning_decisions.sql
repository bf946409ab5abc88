-- learning: "Find patterns in winning trades": decisions that were right and earned more than two percent.
select
    unit,
    agent_id,
    symbol,
    net_pnl,
    net_return
from {{ ref('int_prompt_units') }}
where is_correct and net_return > 0.02
order by net_return desc, unit
