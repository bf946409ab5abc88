-- learning: what a stated confidence is worth by what was known when the newest day began.
with days as (

    select
        *,
        max(day) over (partition by exchange, origin_group, agent_id) as last_day
    from {{ ref('confidence_recalibration') }}

)

select
    agent_id,
    day,
    confidence,
    calibrated,
    trained_on
from days
where day = last_day
order by exchange, origin_group, agent_id, confidence
