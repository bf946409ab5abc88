select
    {{ typed('exchange', 'text') }} as exchange,
    {{ typed('symbol', 'text') }} as symbol,
    {{ typed('market_exchange', 'text') }} as market_exchange,
    {{ typed('market_symbol', 'text') }} as market_symbol
from {{ source('statistics', 'instrument_markets') }}
