{{ config(
    materialized='incremental',
    incremental_strategy='append',
    order_by=['exchange', 'origin_group', 'agent_id', 'month'],
    indexes=[{'columns': ['agent_id', 'month', 'exchange', 'origin_group'], 'unique': true}] if target.type == 'postgres' else [],
    pre_hook=[
        "{{ join_by_hash() }}",
        "{{ forget(['exchange', 'origin_group', 'agent_id', 'month'], touched('month')) }}",
    ],
) }}
-- depends_on: {{ ref('int_trade_touched') }}, {{ ref('int_trade_months') }}

with months as (

    {{ numbered_months(touched('month') if is_partial() else every_month('int_trade_months')) }}

),

trades as (

    select
        months.number as number,
        facts.trade_id as trade_id,
        facts.closed_at as closed_at,
        facts.is_win as is_win
    from {{ ref('trade_facts') }} as facts
    inner join months
        on
            facts.agent_id = months.agent_id
            and {{ month_of('facts.day') }} = months.month
            and facts.exchange = months.exchange
            and facts.origin_group = months.origin_group
    where
        facts.is_win is not null
        {%- if is_partial() %}
        and {{ not_before('facts.day', 'month') }}
        {%- endif %}

),

numbered as (

    select
        *,
        row_number() over (partition by number order by closed_at, {{ by_bytes('trade_id') }}) as place,
        row_number() over (partition by number, is_win order by closed_at, {{ by_bytes('trade_id') }}) as place_of_its_kind
    from trades

),

-- Inside a streak both numbers grow together.
streaks as (

    select
        number,
        is_win,
        {{ typed('count(*)', 'int') }} as trades,
        max(place) as last_place
    from numbered
    group by number, is_win, place - place_of_its_kind

),

placed as (

    select
        *,
        row_number() over (partition by number order by last_place) as place,
        row_number() over (partition by number order by last_place desc) as place_from_end
    from streaks

),

-- The first and the last streak may go on in another month; of those between, the longest of each kind count.
counted as (

    select
        number,
        {{ typed('count(*)', 'int') }} as streaks,
        max(case when place = 1 and is_win then trades when place = 1 then -trades end) as first_streak,
        max(case when place_from_end = 1 and is_win then trades when place_from_end = 1 then -trades end) as last_streak,
        max(case when is_win and place > 1 and place_from_end > 1 then trades else 0 end) as longest_win_inside,
        max(case when not is_win and place > 1 and place_from_end > 1 then trades else 0 end) as longest_loss_inside
    from placed
    group by number

)

select
    months.exchange as exchange,
    months.origin_group as origin_group,
    months.agent_id as agent_id,
    months.month as month,
    counted.streaks as streaks,
    counted.first_streak as first_streak,
    counted.last_streak as last_streak,
    counted.longest_win_inside as longest_win_inside,
    counted.longest_loss_inside as longest_loss_inside
from counted
inner join months
    on counted.number = months.number
