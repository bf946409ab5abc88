{{ config(materialized='incremental', incremental_strategy='append', order_by=['noted_at', 'trade_id']) }}

-- Rows come before a build of int_open_positions.
select
    {{ typed("''", 'text') }} as trade_id,
    {{ typed("''", 'text') }} as exchange,
    {{ typed("''", 'text') }} as origin_group,
    {{ typed("''", 'text') }} as agent_id,
    {{ typed("'2000-01-01'", 'date') }} as first_day,
    {{ moment('2000-01-01 00:00:00') }} as noted_at
where 1 = 0
