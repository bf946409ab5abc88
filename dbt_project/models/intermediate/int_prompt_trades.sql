{{ config(materialized='table', unlogged=true, order_by=['trade_id'], pre_hook="{{ look_up_by_index() }}") }}

{%- set columns = 'trade_id, decision_id, exchange, origin_group, agent_id, symbol, prompt_version, currency, net_pnl, fee, notional, opened_at, closed_at' %}
{%- set asked = 'select asked.trade_id from ' ~ ref('int_prompt_asked') ~ " as asked where asked.trade_id <> ''" %}

select {{ columns }}
from {{ ref('trade_facts') }}
where trade_id in ({{ asked }})
union all
select {{ columns }}
from {{ ref('trade_facts') }} as facts
where
    decision_id in (select asked.decision_id from {{ ref('int_prompt_asked') }} as asked where asked.decision_id <> '')
    and {{ not_among('facts.trade_id', asked, 'trade_id') }}
