with daily_marks as (

    {{ copied_rows(
        'daily_marks',
        'exchange, symbol, price, day, updated_at',
        'exchange, symbol, day'
    ) }}

)

select
    -- ids
    {{ typed('exchange', 'text') }} as exchange,
    {{ typed('symbol', 'text') }} as symbol,

    -- numerics
    {{ typed('price', 'decimal') }} as price,

    -- dates
    {{ typed('day', 'date') }} as day,

    -- timestamps
    {{ typed('updated_at', 'timestamp') }} as updated_at
from daily_marks
