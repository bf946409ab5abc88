{{ config(materialized='incremental', incremental_strategy='append', order_by=['noted_at', 'agent_id', 'day']) }}

-- Rows come with a build of int_prompt_units.
select
    {{ typed("''", 'text') }} as exchange,
    {{ typed("''", 'text') }} as origin_group,
    {{ typed("''", 'text') }} as agent_id,
    {{ typed("'2000-01-01'", 'date') }} as day,
    {{ moment('2000-01-01 00:00:00') }} as noted_at
where 1 = 0
