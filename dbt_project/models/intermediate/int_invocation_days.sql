{{ config(
    materialized='incremental',
    incremental_strategy='append',
    order_by=['exchange', 'origin_group', 'agent_id', 'day'],
    indexes=[{'columns': ['agent_id', 'day', 'exchange', 'origin_group'], 'unique': true}] if target.type == 'postgres' else [],
    pre_hook="{{ forget(['exchange', 'origin_group', 'agent_id', 'day'], touched('day', 'int_invocation_touched')) }}",
) }}
-- depends_on: {{ ref('int_invocation_touched') }}

with days as (

    {{ touched('day', 'int_invocation_touched') if is_partial() else 'select 1' }}

),

invocations as (

    select invocations.*
    from {{ ref('int_invocations') }} as invocations
    {%- if is_partial() %}
    inner join days
        on
            invocations.agent_id = days.agent_id
            and invocations.day = days.day
            and invocations.exchange = days.exchange
            and invocations.origin_group = days.origin_group
    {%- endif %}

)

select
    exchange,
    origin_group,
    agent_id,
    day,
    {{ typed('count(*)', 'int') }} as invocations,
    min(asked_at) as first_asked_at,
    max(asked_at) as last_asked_at,
    {{ typed('count(microseconds)', 'int') }} as break_n,
    sum(microseconds) as break_sum,
    min(microseconds) as break_min,
    max(microseconds) as break_max,
    {{ squares_about_mean('microseconds') }} as break_squares
from invocations
group by exchange, origin_group, agent_id, day
