{{ config(materialized='table', order_by=['decision_id']) }}

select *
from {{ ref('int_decisions') }}
where decision_id in (
    select asked.decision_id from {{ ref('int_prompt_asked') }} as asked where asked.decision_id <> ''
    union distinct
    select {{ typed('trades.decision_id', 'text') }} as decision_id
    from {{ ref('int_prompt_trades') }} as trades
    where nullif(trades.decision_id, '') is not null
)
union distinct
select *
from {{ ref('int_decisions') }}
where trade_id in (select trades.trade_id from {{ ref('int_prompt_trades') }} as trades)
