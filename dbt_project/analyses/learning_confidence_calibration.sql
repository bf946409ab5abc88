-- learning: "is 80% confidence actually right 80% of the time?" Over skipped decisions too, with intervals.
select
    agent_id,
    chosen,
    bin,
    decisions,
    avg_confidence,
    accuracy,
    accuracy_low,
    accuracy_high
from {{ ref('confidence_calibration') }}
where scope = 'agent' and binning = 'equal width'
order by exchange, origin_group, agent_id, chosen, bin
