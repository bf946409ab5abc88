{{ config(
    order_by=['agent_id', 'closed_at', 'trade_id'],
    indexes=[{'columns': ['agent_id', 'closed_at']}, {'columns': ['trade_id'], 'unique': true}]
        if target.type == 'postgres' else [],
) }}

with trades as (

    select * from {{ ref('stg_trades') }}

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
    closed_at,
    {{ typed(safe_divide(microseconds_between('opened_at', 'closed_at'), '60000000'), 'float', nullable=true) }}
        as holding_minutes
from trades
