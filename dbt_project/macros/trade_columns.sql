{% macro trade_columns() %}
    -- ids
    {{ typed(in_the_order_of_marts('id'), 'text') }} as trade_id,
    {{ typed('agent_id', 'text') }} as agent_id,
    {{ typed('exchange', 'text') }} as exchange,
    {{ typed('symbol', 'text') }} as symbol,
    {{ typed('decision_id', 'text', nullable=true) }} as decision_id,
    {{ typed('prompt_version', 'text', nullable=true) }} as prompt_version,

    -- words
    {{ typed('side', 'text') }} as side,
    {{ typed('currency', 'text') }} as currency,
    {{ typed('origin', 'text') }} as origin,
    {{ typed(origin_group('origin'), 'text') }} as origin_group,

    -- numerics
    {{ typed('quantity', 'decimal', nullable=true) }} as quantity,
    {{ typed('leverage', 'decimal', nullable=true) }} as leverage,
    {{ typed('confidence', 'decimal', nullable=true) }} as confidence,
    {{ typed('entry_price', 'decimal', nullable=true) }} as entry_price,
    {{ typed('exit_price', 'decimal', nullable=true) }} as exit_price,
    {{ typed('stop_loss', 'decimal', nullable=true) }} as stop_loss,
    {{ typed('take_profit', 'decimal', nullable=true) }} as take_profit,
    {{ typed('gross_pnl', 'decimal', nullable=true) }} as gross_pnl,
    {{ typed('fee', 'decimal', nullable=true) }} as fee,
    {{ typed('net_pnl', 'decimal', nullable=true) }} as net_pnl,

    -- booleans
    {{ typed('is_closed', 'bool') }} as is_closed,

    -- timestamps
    {{ typed('opened_at', 'timestamp', nullable=true) }} as opened_at,
    {{ typed('closed_at', 'timestamp', nullable=true) }} as closed_at,
    {{ typed('updated_at', 'timestamp') }} as updated_at
{% endmacro %}

{% macro trade_change_columns() %}
    id, updated_at, agent_id, exchange, symbol, side, currency, decision_id, prompt_version, quantity, leverage, confidence, entry_price,
    exit_price, stop_loss, take_profit, gross_pnl, net_pnl, fee, opened_at, closed_at, origin
{%- endmacro %}
