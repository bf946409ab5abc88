{{ config(materialized='table', unlogged=true, order_by=['trade_id', 'decision_id'], indexes=[{'columns': ['trade_id']}, {'columns': ['decision_id']}]
    if target.type == 'postgres' else []) }}

-- Trades and decisions of results that lie in touched places, by their ids: what of them is in other places comes with them.
with cells as (

    {{ touched('day', 'int_prompt_touched') }}

),

spans as (

    select
        exchange,
        origin_group,
        agent_id,
        min(day) as since_day
    from cells
    group by exchange, origin_group, agent_id

),

-- Worked out once, so that PostgreSQL finds trades by agent and day, and not by agent alone (80 s instead of 0.3).
traded_since as {{ once() }}(

    select
        facts.trade_id as trade_id,
        facts.decision_id as decision_id,
        facts.agent_id as agent_id,
        facts.exchange as exchange,
        facts.origin_group as origin_group,
        {{ day_of('coalesce(facts.opened_at, facts.closed_at)') }} as day
    from {{ ref('trade_facts') }} as facts
    inner join spans
        on
            facts.agent_id = spans.agent_id
            and facts.exchange = spans.exchange
            and facts.origin_group = spans.origin_group
    where facts.day >= spans.since_day and {{ not_before('facts.day', 'day', 'int_prompt_touched') }}

)

select
    {{ typed("coalesce(decisions.trade_id, '')", 'text') }} as trade_id,
    {{ typed('decisions.decision_id', 'text') }} as decision_id
from {{ ref('int_decisions') }} as decisions
inner join cells
    on
        decisions.agent_id = cells.agent_id
        and decisions.day = cells.day
        and decisions.exchange = cells.exchange
        and decisions.origin_group = cells.origin_group
union all
select
    {{ typed('traded_since.trade_id', 'text') }} as trade_id,
    {{ typed("coalesce(traded_since.decision_id, '')", 'text') }} as decision_id
from traded_since
inner join cells
    on
        traded_since.agent_id = cells.agent_id
        and traded_since.day = cells.day
        and traded_since.exchange = cells.exchange
        and traded_since.origin_group = cells.origin_group
