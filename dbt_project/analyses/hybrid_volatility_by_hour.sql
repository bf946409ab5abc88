-- hybrid: "Price volatility by hour", over the last seven days of each market.
with hours as (

    select
        *,
        {{ day_of('hour') }} as day,
        max({{ day_of('hour') }}) over (partition by exchange, symbol) as last_day
    from {{ ref('market_volatility') }}

)

select
    hour,
    exchange,
    symbol,
    price_range,
    volume
from hours
where {{ days_later('day', 7) }} > last_day
order by exchange, symbol, hour
