select
    -- ids
    {{ typed('exchange', 'text') }} as exchange,
    {{ typed('symbol', 'text') }} as symbol,

    -- numerics
    {{ typed('price', 'decimal') }} as price,

    -- dates
    {{ typed('day', 'date') }} as day
from {{ source('trading', 'daily_marks') }}
where {{ as_copied() }}
