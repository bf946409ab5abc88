{{ config(
    materialized='incremental',
    incremental_strategy='append',
    order_by=['exchange', 'origin_group', 'agent_id', 'day', 'asked_at'],
    indexes=[{'columns': ['agent_id', 'day']}, {'columns': ['day']}] if target.type == 'postgres' else [],
    pre_hook="{{ forget(['exchange', 'origin_group', 'agent_id', 'day'], touched('day', 'int_invocation_touched')) }}",
) }}
-- depends_on: {{ ref('int_invocation_touched') }}

with days as (

    {{ touched('day', 'int_invocation_touched') if is_partial() else 'select 1' }}

),

decisions as (

    select
        decisions.exchange as exchange,
        decisions.origin_group as origin_group,
        decisions.agent_id as agent_id,
        decisions.cycle_id as cycle_id,
        decisions.decided_at as decided_at
    from {{ ref('int_decisions') }} as decisions
    {%- if is_partial() %}
    inner join days
        on
            decisions.agent_id = days.agent_id
            and decisions.day = days.day
            and decisions.exchange = days.exchange
            and decisions.origin_group = days.origin_group
    {%- endif %}
    where decisions.action is not null

),

-- An agent is asked once for all its instruments: decisions of one cycle, or of one moment, are one invocation.
asked as (

    {% if is_partial() -%}
    -- A cycle that goes on past midnight began on the day before.
    select
        whole.exchange as exchange,
        whole.origin_group as origin_group,
        whole.agent_id as agent_id,
        min(whole.decided_at) as asked_at
    from {{ ref('int_decisions') }} as whole
    inner join (
        select distinct exchange, origin_group, agent_id, cycle_id from decisions where cycle_id is not null
    ) as cycles
        on
            whole.cycle_id = cycles.cycle_id
            and whole.agent_id = cycles.agent_id
            and whole.exchange = cycles.exchange
            and whole.origin_group = cycles.origin_group
    where whole.action is not null
    group by whole.exchange, whole.origin_group, whole.agent_id, whole.cycle_id
    {%- else -%}
    select
        exchange,
        origin_group,
        agent_id,
        min(decided_at) as asked_at
    from decisions
    where cycle_id is not null
    group by exchange, origin_group, agent_id, cycle_id
    {%- endif %}
    union distinct
    select
        exchange,
        origin_group,
        agent_id,
        decided_at as asked_at
    from decisions
    where cycle_id is null

),

placed as (

    select
        *,
        {{ day_of('asked_at') }} as day
    from asked

),

wanted as (

    select placed.*
    from placed
    {%- if is_partial() %}
    inner join days
        on
            placed.agent_id = days.agent_id
            and placed.day = days.day
            and placed.exchange = days.exchange
            and placed.origin_group = days.origin_group
    {%- endif %}

)

select
    exchange,
    origin_group,
    agent_id,
    {{ typed('day', 'date') }} as day,
    {{ typed('asked_at', 'timestamp') }} as asked_at,
    -- To the next one of the same day; the last one's lasts into a later day.
    {{ microseconds_between('asked_at',
        'lead(' ~ typed('asked_at', 'timestamp', nullable=true) ~ ') over (partition by agent_id, exchange, origin_group, day order by asked_at)'
    ) }} as microseconds
from wanted
