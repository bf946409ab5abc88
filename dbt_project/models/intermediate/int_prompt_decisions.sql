{{ config(materialized='table', unlogged=true, order_by=['decision_id'], pre_hook="{{ look_up_by_index() }}") }}

select decisions.*
from {{ ref('int_decisions') }} as decisions
inner join {{ ref('int_prompt_touched') }} as cells
    on
        decisions.agent_id = cells.agent_id
        and decisions.day = cells.day
        and decisions.exchange = cells.exchange
        and decisions.origin_group = cells.origin_group
union all
select *
from {{ ref('int_decisions') }}
where
    decision_id in (
        select {{ typed('trades.decision_id', 'text') }} as decision_id
        from {{ ref('int_prompt_trades') }} as trades
        where nullif(trades.decision_id, '') is not null
        union distinct
        select decisions.decision_id
        from {{ ref('int_decisions') }} as decisions
        where decisions.trade_id in (select trades.trade_id from {{ ref('int_prompt_trades') }} as trades)
    )
    and (exchange, origin_group, agent_id, day) not in (
        select
            cells.exchange,
            cells.origin_group,
            cells.agent_id,
            cells.day
        from {{ ref('int_prompt_touched') }} as cells
    )
