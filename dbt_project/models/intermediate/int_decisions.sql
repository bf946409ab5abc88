{{ config(
    materialized='incremental',
    incremental_strategy='append',
    order_by=['agent_id', 'day', 'decision_id'],
    indexes=[
        {'columns': ['agent_id', 'day']}, {'columns': ['decision_id'], 'unique': true}, {'columns': ['trade_id']},
        {'columns': ['cycle_id']},
    ] if target.type == 'postgres' else [],
    pre_hook=[
        "{{ forget_finished('int_decision_touched') }}",
        "{{ note_touched_decisions() }}",
        "{{ learn_touched('int_decision_touched') }}",
        "{{ forget(['decision_id'], 'select decision_id from ' ~ ref('int_decision_touched'), by_hand='nothing') }}",
    ],
) }}
-- depends_on: {{ ref('int_decision_touched') }}, {{ ref('stg_decision_changes') }}

with versions as (

    {% if is_partial() -%}
    select
        *,
        row_number() over (partition by decision_id order by updated_at desc) as recency
    from {{ ref('stg_decision_changes') }}
    where
        {{ copied_since('decisions') }}
        and decision_id in (select touched.decision_id from {{ ref('int_decision_touched') }} as touched)
    {%- else -%}
    select
        *,
        1 as recency
    from {{ ref('stg_decisions') }}
    where {{ unless_by_hand() }}
    {%- endif %}

)

select
    decision_id,
    agent_id,
    exchange,
    origin_group,
    symbol,
    cycle_id,
    trade_id,
    prompt_version,
    action,
    confidence,
    leverage,
    cost,
    prompt_tokens,
    completion_tokens,
    is_traded,
    is_correct,
    decided_at,
    {{ typed(day_of('decided_at'), 'date') }} as day,
    {{ typed(day_of('outcome_recorded_at'), 'date', nullable=true) }} as known_day
from versions
where recency = 1
