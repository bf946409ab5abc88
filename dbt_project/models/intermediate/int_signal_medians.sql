{{ config(
    materialized='incremental',
    incremental_strategy='append',
    order_by=['exchange', 'origin_group', 'agent_id'],
    pre_hook="{{ forget(['exchange', 'origin_group', 'agent_id'], touched(none, 'int_decision_touched')) }}",
) }}
-- depends_on: {{ ref('int_decision_touched') }}

with agents as (

    {{ touched(none, 'int_decision_touched') if is_partial() else 'select 1' }}

),

decisions as (

    select decisions.*
    from {{ ref('int_decisions') }} as decisions
    {%- if is_partial() %}
    inner join agents
        on
            decisions.agent_id = agents.agent_id
            and decisions.exchange = agents.exchange
            and decisions.origin_group = agents.origin_group
    {%- endif %}
    where decisions.action is not null

)

select
    exchange,
    origin_group,
    agent_id,
    {{ median_where('confidence') }} as median_confidence,
    {{ median_where('leverage') }} as median_leverage,
    {{ median_where('leverage', "action in ('long', 'short')") }} as median_convo_leverage
from decisions
group by exchange, origin_group, agent_id
