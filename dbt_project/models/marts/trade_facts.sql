{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='trade_id',
    on_schema_change='fail',
    order_by=['agent_id', 'closed_at', 'trade_id'],
    indexes=[
        {'columns': ['agent_id', 'closed_at']}, {'columns': ['trade_id'], 'unique': true},
        {'columns': ['updated_at']},
    ] if target.type == 'postgres' else [],
    pre_hook="{{ forget_reopened() }}",
) }}

with versions as (

    select
        *,
        row_number() over (partition by trade_id order by updated_at desc) as recency
    from {{ changes_or_all(ref('stg_trade_changes'), ref('stg_trades')) }}
    where {{ changed_since('updated_at') }}

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
    updated_at
from versions
where recency = 1 and is_closed
