{{ config(materialized='incremental', incremental_strategy='append', order_by=['noted_at', 'decision_id']) }}

-- Rows come before a build of int_decisions.
select
    {{ typed("''", 'text') }} as decision_id,
    {{ typed("''", 'text') }} as exchange,
    {{ typed("''", 'text') }} as origin_group,
    {{ typed("''", 'text') }} as agent_id,
    {{ typed("''", 'text') }} as prompt_version,
    {{ typed("''", 'text', nullable=true) }} as trade_id,
    {{ typed('0', 'int', nullable=true) }} as cycle_id,
    {{ typed("'2000-01-01'", 'date') }} as day,
    {{ moment('2000-01-01 00:00:00') }} as noted_at
where 1 = 0
