{{ config(materialized='view') }}

select
    {{ typed('exchange', 'text') }} as exchange,
    {{ typed('origin_group', 'text') }} as origin_group,
    {{ typed('agent_id', 'text') }} as agent_id,
    {{ typed('day', 'date') }} as day,
    {{ typed('confidence', 'decimal') }} as confidence,
    {{ typed('decisions', 'int') }} as decisions,
    {{ typed('judged', 'int') }} as judged,
    {{ typed('correct', 'int') }} as correct,
    {{ typed('trained_on', 'int') }} as trained_on,
    {{ typed('calibrated', 'float', nullable=true) }} as calibrated
from {{ source('after_marts', 'calibrated_confidence') }}
