{% macro decision_columns() %}
    -- ids
    {{ typed('id', 'text') }} as decision_id,
    {{ typed('agent_id', 'text') }} as agent_id,
    {{ typed('exchange', 'text') }} as exchange,
    {{ typed('symbol', 'text') }} as symbol,
    {{ typed('cycle_id', 'int', nullable=true) }} as cycle_id,
    {{ typed("nullif(trade_id, '')", 'text', nullable=true) }} as trade_id,
    {{ typed('prompt_version', 'text', nullable=true) }} as prompt_version,

    -- words
    {{ typed("nullif(action, '')", 'text', nullable=true) }} as action,
    {{ typed('origin', 'text') }} as origin,
    {{ typed(origin_group('origin'), 'text') }} as origin_group,

    -- numerics
    {{ typed('confidence', 'decimal', nullable=true) }} as confidence,
    {{ typed('leverage', 'decimal', nullable=true) }} as leverage,
    {{ typed('cost', 'decimal', nullable=true) }} as cost,
    {{ typed('prompt_tokens', 'int', nullable=true) }} as prompt_tokens,
    {{ typed('completion_tokens', 'int', nullable=true) }} as completion_tokens,

    -- booleans
    {{ typed('coalesce(executed, false)', 'bool') }} as is_traded,
    {{ typed('outcome_correct', 'bool', nullable=true) }} as is_correct,

    -- timestamps
    {{ typed('decided_at', 'timestamp') }} as decided_at,
    {{ typed('outcome_recorded_at', 'timestamp', nullable=true) }} as outcome_recorded_at,
    {{ typed('updated_at', 'timestamp') }} as updated_at
{% endmacro %}
