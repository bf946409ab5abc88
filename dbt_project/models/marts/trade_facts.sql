{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    order_by=['agent_id', 'day', 'trade_id'],
    indexes=[
        {'columns': ['agent_id', 'day']}, {'columns': ['day']}, {'columns': ['trade_id'], 'unique': true},
        {'columns': ['decision_id']},
    ] if target.type == 'postgres' else [],
    pre_hook=[
        "{{ forget_finished('int_trade_touched') }}",
        "{{ note_touched_trades() }}",
        "{{ learn_touched('int_trade_touched') }}",
        "{{ forget(['trade_id'], 'select trade_id from ' ~ ref('int_trade_touched'), by_hand='nothing') }}",
    ],
) }}
-- depends_on: {{ ref('stg_trades') }}, {{ ref('stg_trade_changes') }}

with versions as (

    {% if is_partial() -%}
    select
        *,
        row_number() over (partition by trade_id order by updated_at desc) as recency
    from {{ ref('stg_trade_changes') }}
    where {{ known_as_of('updated_at') }} and {{ changed_since('updated_at') }}
    {%- else -%}
    select
        *,
        1 as recency
    from {{ ref('stg_trades') }}
    where {{ unless_by_hand() }}
    {%- endif %}

)

select
    trade_id,
    agent_id,
    exchange,
    symbol,
    side,
    currency,
    origin,
    origin_group,
    decision_id,
    prompt_version,
    quantity,
    leverage,
    confidence,
    entry_price,
    exit_price,
    stop_loss,
    take_profit,
    {{ typed(exact_product('quantity', 'entry_price'), 'product', nullable=true) }} as notional,
    gross_pnl,
    fee,
    net_pnl,
    {{ typed('net_pnl > 0', 'bool', nullable=true) }} as is_win,
    opened_at,
    {{ typed('closed_at', 'timestamp') }} as closed_at,
    {{ typed(safe_divide(microseconds_between('opened_at', 'closed_at'), '60000000'), 'float', nullable=true) }}
        as holding_minutes,
    updated_at,
    {{ typed(day_of('closed_at'), 'date') }} as day
from versions
where is_closed and recency = 1
