with ends as (

    select
        exchange,
        origin_group,
        agent_id,
        month,
        1 as place,
        first_streak as streak
    from {{ ref('int_streak_months') }}
    union all
    select
        exchange,
        origin_group,
        agent_id,
        month,
        2 as place,
        last_streak as streak
    from {{ ref('int_streak_months') }}
    where streaks > 1

),

compared as (

    select
        *,
        lag({{ typed('streak', 'int', nullable=true) }}) over (
            partition by agent_id, exchange, origin_group order by month, place
        ) as streak_before
    from ends

),

-- A month's last streak is another one than its first, even where both are wins.
numbered as (

    select
        *,
        sum(case when place = 1 and (streak > 0) = (streak_before > 0) then 0 else 1 end) over (
            partition by agent_id, exchange, origin_group order by month, place
            rows between unbounded preceding and current row
        ) as number
    from compared

),

joined as (

    select
        exchange,
        origin_group,
        agent_id,
        number,
        sum(streak) as streak
    from numbered
    group by exchange, origin_group, agent_id, number

),

recent as (

    select
        *,
        row_number() over (partition by agent_id, exchange, origin_group order by number desc) as recency
    from joined

),

ending as (

    select
        exchange,
        origin_group,
        agent_id,
        max(case when streak > 0 then streak else 0 end) as longest_win,
        max(case when streak < 0 then -streak else 0 end) as longest_loss,
        max(case when recency = 1 then streak end) as current_streak
    from recent
    group by exchange, origin_group, agent_id

),

inside as (

    select
        exchange,
        origin_group,
        agent_id,
        max(longest_win_inside) as longest_win,
        max(longest_loss_inside) as longest_loss
    from {{ ref('int_streak_months') }}
    group by exchange, origin_group, agent_id

)

select
    ending.exchange as exchange,
    ending.origin_group as origin_group,
    ending.agent_id as agent_id,
    case when inside.longest_win > ending.longest_win then inside.longest_win else ending.longest_win end
        as longest_winning_streak,
    case when inside.longest_loss > ending.longest_loss then inside.longest_loss else ending.longest_loss end
        as longest_losing_streak,
    ending.current_streak as current_streak
from ending
inner join inside
    on
        ending.exchange = inside.exchange
        and ending.origin_group = inside.origin_group
        and ending.agent_id = inside.agent_id
