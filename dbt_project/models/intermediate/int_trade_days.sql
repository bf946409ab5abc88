{{ config(
    materialized='incremental',
    incremental_strategy='append',
    order_by=['exchange', 'origin_group', 'agent_id', 'day'],
    indexes=[{'columns': ['agent_id', 'day', 'exchange', 'origin_group'], 'unique': true}] if target.type == 'postgres' else [],
    pre_hook="{{ forget(['exchange', 'origin_group', 'agent_id', 'day'], touched('last_day')) }}",
) }}
-- depends_on: {{ ref('int_trade_touched') }}

with days as (

    {{ touched('last_day') if is_partial() else 'select 1' }}

),

trades as (

    select facts.*
    from {{ ref('trade_facts') }} as facts
    {%- if is_partial() %}
    inner join days
        on
            facts.agent_id = days.agent_id
            and facts.day = days.last_day
            and facts.exchange = days.exchange
            and facts.origin_group = days.origin_group
    {%- endif %}

)

select
    exchange,
    origin_group,
    agent_id,
    day,
    max(currency) as currency,
    {{ typed('count(*)', 'int') }} as closed_trades,
    {{ typed('count(*) - count(net_pnl)', 'int') }} as unscored_trades,
    {{ exact_sum('net_pnl') }} as realized_pnl,
    {{ exact_sum('fee') }} as fees,
    min({{ day_of('coalesce(opened_at, closed_at)') }}) as first_day
from trades
group by exchange, origin_group, agent_id, day
