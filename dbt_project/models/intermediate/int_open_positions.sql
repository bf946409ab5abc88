{{ config(
    materialized='incremental',
    incremental_strategy='append',
    order_by=['agent_id', 'trade_id'],
    indexes=[{'columns': ['trade_id'], 'unique': true}] if target.type == 'postgres' else [],
    pre_hook=[
        "{{ forget_finished('int_open_touched') }}",
        "{{ note_touched_positions() }}",
        "{{ learn_touched('int_open_touched') }}",
        "{{ forget(['trade_id'], 'select trade_id from ' ~ ref('int_open_touched'), by_hand='nothing') }}",
    ],
) }}
-- depends_on: {{ ref('int_open_touched') }}

select
    trade_id,
    agent_id,
    exchange,
    origin_group,
    symbol,
    side,
    currency,
    quantity,
    entry_price,
    notional,
    opened_at,
    {{ typed(day_of('opened_at'), 'date') }} as opened_day
from {{ ref('stg_open_positions') }}
where
    {{ unless_by_hand() }}
    {%- if is_partial() %}
    and trade_id in (select touched.trade_id from {{ ref('int_open_touched') }} as touched)
    {%- endif %}
