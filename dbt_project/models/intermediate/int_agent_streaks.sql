with numbered as (

    select
        exchange,
        origin_group,
        agent_id,
        is_win,
        row_number() over (
            partition by exchange, origin_group, agent_id order by closed_at, {{ by_bytes('trade_id') }}
        ) as place,
        row_number() over (
            partition by exchange, origin_group, agent_id, is_win order by closed_at, {{ by_bytes('trade_id') }}
        ) as place_of_its_kind
    from {{ ref('trade_facts') }}
    where is_win is not null

),

-- Inside a streak both numbers grow together.
streaks as (

    select
        exchange,
        origin_group,
        agent_id,
        is_win,
        {{ typed('count(*)', 'int') }} as trades,
        max(place) as last_place
    from numbered
    group by exchange, origin_group, agent_id, is_win, place - place_of_its_kind

),

recent as (

    select
        *,
        row_number() over (partition by exchange, origin_group, agent_id order by last_place desc) as recency
    from streaks

)

select
    exchange,
    origin_group,
    agent_id,
    max(case when is_win then trades else 0 end) as longest_winning_streak,
    max(case when is_win then 0 else trades end) as longest_losing_streak,
    max(case when recency = 1 and is_win then trades when recency = 1 then -trades end) as current_streak
from recent
group by exchange, origin_group, agent_id
