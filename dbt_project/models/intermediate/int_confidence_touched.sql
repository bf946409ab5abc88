{{ config(materialized='table', order_by=['exchange', 'origin_group', 'scope', 'agent_id', 'prompt_version']) }}
-- depends_on: {{ ref('int_decisions') }}

select distinct
    exchange,
    origin_group,
    {{ typed("'version'", 'text') }} as scope,
    agent_id,
    prompt_version
from {{ ref('int_decision_touched') }}
union all
select distinct
    exchange,
    origin_group,
    {{ typed("'agent'", 'text') }} as scope,
    agent_id,
    {{ typed("'all'", 'text') }} as prompt_version
from {{ ref('int_decision_touched') }}
