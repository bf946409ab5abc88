{{ config(materialized='view') }}

select
    {{ typed('exchange', 'text') }} as exchange,
    {{ typed('origin_group', 'text') }} as origin_group,
    {{ typed('agent_id', 'text') }} as agent_id,
    {{ typed('version_a', 'text') }} as version_a,
    {{ typed('version_b', 'text') }} as version_b,
    {{ typed('days', 'int') }} as days,
    {{ typed('cells', 'int', nullable=true) }} as cells,
    {{ typed('decisions_a', 'int') }} as decisions_a,
    {{ typed('decisions_b', 'int') }} as decisions_b,
    {{ typed('mean_a', 'float') }} as mean_a,
    {{ typed('mean_b', 'float') }} as mean_b,
    {{ typed('difference', 'float') }} as difference,
    {{ typed('std_error', 'float', nullable=true) }} as std_error,
    {{ typed('low', 'float', nullable=true) }} as low,
    {{ typed('high', 'float', nullable=true) }} as high,
    {{ typed('p_value', 'float', nullable=true) }} as p_value,
    {{ typed('p_adjusted', 'float', nullable=true) }} as p_adjusted,
    {{ typed('probability_b_better', 'float', nullable=true) }} as probability_b_better,
    {{ typed('decisions_needed', 'int', nullable=true) }} as decisions_needed,
    {{ typed('verdict', 'text') }} as verdict,
    {{ typed('p_watched', 'float', nullable=true) }} as p_watched,
    {{ typed('verdict_watched', 'text') }} as verdict_watched
from {{ source('after_marts', 'prompt_pairs') }}
