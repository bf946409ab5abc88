{{ config(
    order_by=['exchange', 'symbol', 'hour'],
    indexes=[{'columns': ['exchange', 'symbol', 'hour'], 'unique': true}] if target.type == 'postgres' else [],
) }}

with hours as (

    select
        exchange,
        symbol,
        hour,
        open,
        high,
        low,
        close,
        volume,
        lag({{ typed('close', 'float', nullable=true) }}) over (partition by exchange, symbol order by hour) as close_before,
        lag({{ typed('hour', 'timestamp', nullable=true) }}) over (partition by exchange, symbol order by hour) as hour_before
    from {{ ref('stg_hourly_candles') }}

),

moved as (

    select
        *,
        case
            when {{ microseconds_between('hour_before', 'hour') }} = 3600000000 and close_before > 0 and close > 0
                then ln(close / close_before)
        end as log_return
    from hours

),

summed as (

    select
        *,
        count(log_return) over (
            partition by exchange, symbol order by hour rows between 23 preceding and current row
        ) as returns_24,
        sum(log_return * log_return) over (
            partition by exchange, symbol order by hour rows between 23 preceding and current row
        ) as squares_24,
        lag({{ typed('hour', 'timestamp', nullable=true) }}, 23) over (partition by exchange, symbol order by hour) as hour_23
    from moved

)

select
    {{ typed('exchange', 'text') }} as exchange,
    {{ typed('symbol', 'text') }} as symbol,
    {{ typed('hour', 'timestamp') }} as hour,
    {{ typed('open', 'float') }} as open,
    {{ typed('high', 'float') }} as high,
    {{ typed('low', 'float') }} as low,
    {{ typed('close', 'float') }} as close,
    {{ typed('volume', 'float') }} as volume,
    {{ typed('high - low', 'float') }} as price_range,
    {{ typed('case when open > 0 then (high - low) / open end', 'float', nullable=true) }} as range_share,
    {{ typed('log_return', 'float', nullable=true) }} as log_return,
    -- Parkinson (1980): the range of an hour tells more about its volatility than its two ends. 0.36 is 1 / (4 ln 2).
    {{ typed('case when low > 0 and high >= low then ln(high / low) * sqrt(0.36067376022224085) end', 'float', nullable=true) }}
        as parkinson_volatility,
    {{ typed(
        'case when returns_24 = 24 and ' ~ microseconds_between('hour_23', 'hour') ~ ' = 82800000000 then sqrt(squares_24) end',
        'float', nullable=true
    ) }} as realized_volatility_24h
from summed
