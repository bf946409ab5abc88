with decisions as (

    {{ copied_rows(
        'decisions',
        'id, agent_id, exchange, symbol, cycle_id, trade_id, prompt_version, action, origin, confidence, leverage, cost,'
        ~ ' prompt_tokens, completion_tokens, executed, outcome_correct, decided_at, outcome_recorded_at, updated_at',
        'id'
    ) }}

)

select
    {{ decision_columns() }}
from decisions
