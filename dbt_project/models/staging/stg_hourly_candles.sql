select
    -- ids
    {{ typed('exchange', 'text') }} as exchange,
    {{ typed('symbol', 'text') }} as symbol,

    -- numerics
    {{ typed('open', 'float') }} as open,
    {{ typed('high', 'float') }} as high,
    {{ typed('low', 'float') }} as low,
    {{ typed('close', 'float') }} as close,
    {{ typed('volume', 'float') }} as volume,

    -- timestamps
    {{ typed('hour', 'timestamp') }} as hour
from {{ source('statistics', 'hourly_candles') }}
