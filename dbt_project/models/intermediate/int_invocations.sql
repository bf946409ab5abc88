{{ config(
    materialized='incremental',
    incremental_strategy='append',
    order_by=['exchange', 'origin_group', 'agent_id', 'day', 'asked_at'],
    indexes=[{'columns': ['day', 'agent_id']}] if target.type == 'postgres' else [],
    pre_hook="{{ forget(['exchange', 'origin_group', 'agent_id', 'day'], touched('day', 'int_invocation_touched')) }}",
) }}
-- depends_on: {{ ref('int_invocation_touched') }}, {{ ref('int_decisions') }}, {{ ref('int_remade_decisions') }}, {{ ref('int_signal_days') }}

with agents as (

    {{ numbered_agents(touched(none, 'int_invocation_touched') if is_partial() else every_agent('int_signal_days')) }}

),

decisions as {{ once_if(is_partial()) }}(

    select
        agents.number as number,
        decisions.cycle_id as cycle_id,
        decisions.decided_at as decided_at
    from {{ ref('int_remade_decisions') if is_partial() else ref('int_decisions') }} as decisions
    inner join agents
        on
            decisions.agent_id = agents.agent_id
            and decisions.exchange = agents.exchange
            and decisions.origin_group = agents.origin_group
    where decisions.action is not null

),

-- An agent is asked once for all its instruments: decisions of one cycle, or of one moment, are one invocation.
asked as (

    {% if is_partial() -%}
    -- A cycle that goes on past midnight began on the day before.
    select
        cycles.number as number,
        min(whole.decided_at) as asked_at
    from {{ ref('int_decisions') }} as whole
    inner join (
        select distinct
            agents.number as number,
            agents.exchange as exchange,
            agents.origin_group as origin_group,
            agents.agent_id as agent_id,
            decisions.cycle_id as cycle_id
        from decisions
        inner join agents
            on decisions.number = agents.number
        where decisions.cycle_id is not null
    ) as cycles
        on
            whole.cycle_id = cycles.cycle_id
            and whole.agent_id = cycles.agent_id
            and whole.exchange = cycles.exchange
            and whole.origin_group = cycles.origin_group
    where whole.action is not null
    group by cycles.number, whole.cycle_id
    {%- else -%}
    select
        number,
        min(decided_at) as asked_at
    from decisions
    where cycle_id is not null
    group by number, cycle_id
    {%- endif %}
    union distinct
    select
        number,
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

{% if is_partial() -%}
days as (

    select
        agents.number as number,
        touched.day as day
    from {{ ref('int_invocation_touched') }} as touched
    inner join agents
        on
            touched.agent_id = agents.agent_id
            and touched.exchange = agents.exchange
            and touched.origin_group = agents.origin_group

),

{% endif -%}
breaks as (

    select
        placed.number as number,
        placed.day as day,
        placed.asked_at as asked_at,
        -- To the next one of the same day; the last one's lasts into a later day.
        {{ microseconds_between('placed.asked_at',
            'lead(' ~ typed('placed.asked_at', 'timestamp', nullable=true)
            ~ ') over (partition by placed.number, placed.day order by placed.asked_at)'
        ) }} as microseconds
    from placed
    {%- if is_partial() %}
    inner join days
        on
            placed.number = days.number
            and placed.day = days.day
    {%- endif %}

)

select
    agents.exchange as exchange,
    agents.origin_group as origin_group,
    agents.agent_id as agent_id,
    {{ typed('breaks.day', 'date') }} as day,
    {{ typed('breaks.asked_at', 'timestamp') }} as asked_at,
    breaks.microseconds as microseconds
from breaks
inner join agents
    on breaks.number = agents.number
