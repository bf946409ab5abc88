select
    -- ids
    {{ typed('id', 'text') }} as decision_id,
    {{ typed("nullif(trade_id, '')", 'text', nullable=true) }} as trade_id,

    -- timestamps
    {{ typed('outcome_recorded_at', 'timestamp', nullable=true) }} as outcome_recorded_at
from {{ source('trading', 'decisions') }}
