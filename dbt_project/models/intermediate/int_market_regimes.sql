{{ config(
    materialized='table',
    order_by=['exchange', 'symbol', 'day'],
    indexes=[{'columns': ['exchange', 'symbol', 'day'], 'unique': true}] if target.type == 'postgres' else [],
) }}

with hours as (

    select
        exchange,
        symbol,
        close,
        hour,
        {{ day_of('hour') }} as day
    from {{ ref('stg_hourly_candles') }}

),

ranked as (

    select
        exchange,
        symbol,
        day,
        close,
        row_number() over (partition by exchange, symbol, day order by hour desc) as recency
    from hours

),

closes as (

    select
        exchange,
        symbol,
        day,
        close
    from ranked
    where recency = 1

),

-- What was known when the day began: the close of the day before, and that of a week earlier.
newest as (

    select
        exchange,
        symbol,
        {{ days_later('day', 1) }} as day,
        close
    from closes

),

week_before as (

    select
        exchange,
        symbol,
        {{ days_later('day', 8) }} as day,
        close
    from closes

)

select
    {{ typed('newest.exchange', 'text') }} as exchange,
    {{ typed('newest.symbol', 'text') }} as symbol,
    {{ typed('newest.day', 'date') }} as day,
    {{ typed(
        "case when newest.close > 1.05 * week_before.close then 'rising'"
        " when newest.close < 0.95 * week_before.close then 'falling' else 'sideways' end",
        'text'
    ) }} as regime
from newest
inner join week_before
    on
        newest.exchange = week_before.exchange
        and newest.symbol = week_before.symbol
        and newest.day = week_before.day
