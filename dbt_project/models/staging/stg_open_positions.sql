with positions as (

    select *
    from {{ source('trading', 'mart_positions') }}
    where {{ of_cut(source('trading', 'mart_positions')) }}

)

select
    -- ids
    {{ typed('trade_id', 'text') }} as trade_id,
    {{ typed('agent_id', 'text') }} as agent_id,
    {{ typed('exchange', 'text') }} as exchange,
    {{ typed('symbol', 'text') }} as symbol,

    -- words
    {{ typed('side', 'text') }} as side,
    {{ typed('currency', 'text') }} as currency,
    {{ typed('origin', 'text') }} as origin,
    {{ typed(origin_group('origin'), 'text') }} as origin_group,

    -- numerics
    {{ typed('quantity', 'decimal', nullable=true) }} as quantity,
    {{ typed('entry_price', 'decimal', nullable=true) }} as entry_price,
    {{ typed(exact_product('quantity', 'entry_price'), 'product', nullable=true) }} as notional,

    -- timestamps
    {{ typed('opened_at', 'timestamp') }} as opened_at,
    {{ typed('version', 'timestamp') }} as updated_at
from positions
