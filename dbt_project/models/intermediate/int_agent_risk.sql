{{ config(
    materialized='table',
    order_by=['exchange', 'origin_group', 'agent_id'],
    pre_hook="{{ group_by_hash() }}",
) }}

with days as (

    select
        exchange,
        origin_group,
        agent_id,
        day,
        opening_equity,
        equity,
        daily_return,
        peak_equity,
        drawdown,
        -- Equal drawdowns may differ in the last bit: twelve decimals decide, then the earlier day.
        round(drawdown * 1e12) as depth,
        case when daily_return < 0 then daily_return * daily_return else daily_return * 0 end as downside
    from {{ ref('agent_daily') }}

),

moments as {{ once() }}(

    select
        exchange,
        origin_group,
        agent_id,
        min(day) as first_day,
        count(*) as days,
        count(daily_return) as returns,
        sum(daily_return) / nullif(count(daily_return), 0) as mean_return,
        case when count(daily_return) > 1 then {{ sample_std('daily_return') }} end as std_return,
        sqrt(sum(downside) / nullif(count(daily_return), 0)) as downside_deviation,
        max(daily_return) as best_day,
        min(daily_return) as worst_day,
        min(equity) as lowest_equity,
        min(case when daily_return is not null then day end) as first_day_with_return,
        max(case when daily_return is not null then day end) as last_day_with_return,
        min(depth) as depth
    from days
    group by exchange, origin_group, agent_id

),

ends as {{ once() }}(

    select
        days.exchange as exchange,
        days.origin_group as origin_group,
        days.agent_id as agent_id,
        max(case when days.day = moments.first_day_with_return then days.opening_equity end) as base_equity,
        max(case when days.day = moments.last_day_with_return then days.equity end) as last_equity,
        min(case when days.depth = moments.depth then days.day end) as trough_day
    from moments
    inner join days
        on
            moments.exchange = days.exchange
            and moments.origin_group = days.origin_group
            and moments.agent_id = days.agent_id
    where
        days.day = moments.first_day_with_return
        or days.day = moments.last_day_with_return
        or days.depth = moments.depth
    group by days.exchange, days.origin_group, days.agent_id

),

troughs as {{ once() }}(

    select
        days.exchange as exchange,
        days.origin_group as origin_group,
        days.agent_id as agent_id,
        days.day as day,
        days.peak_equity as peak_equity,
        days.drawdown as drawdown
    from ends
    inner join days
        on
            ends.exchange = days.exchange
            and ends.origin_group = days.origin_group
            and ends.agent_id = days.agent_id
            and ends.trough_day = days.day

),

drawdowns as (

    select
        troughs.exchange as exchange,
        troughs.origin_group as origin_group,
        troughs.agent_id as agent_id,
        max(troughs.drawdown) as max_drawdown,
        max(troughs.day) as trough_day,
        max(case when days.day <= troughs.day and days.equity = troughs.peak_equity then days.day end) as peak_day,
        min(case when days.day > troughs.day and days.equity >= troughs.peak_equity then days.day end) as recovered_day
    from troughs
    inner join days
        on
            troughs.exchange = days.exchange
            and troughs.origin_group = days.origin_group
            and troughs.agent_id = days.agent_id
    group by troughs.exchange, troughs.origin_group, troughs.agent_id

),

annual as (

    select
        moments.*,
        ends.base_equity as base_equity,
        ends.last_equity as last_equity,
        {{ log1p(safe_divide('ends.last_equity - ends.base_equity', 'ends.base_equity')) }} * 365 / nullif(moments.returns, 0)
            as log_growth
    from moments
    left join ends
        on
            moments.exchange = ends.exchange
            and moments.origin_group = ends.origin_group
            and moments.agent_id = ends.agent_id

),

grown as (

    select
        *,
        case when lowest_equity <= 0 then -1 else {{ expm1('log_growth') }} end as annual_return
    from annual

)

select
    grown.exchange as exchange,
    grown.origin_group as origin_group,
    grown.agent_id as agent_id,
    grown.days as days,
    grown.mean_return as mean_daily_return,
    grown.best_day as best_day,
    grown.worst_day as worst_day,
    grown.annual_return as annual_return,
    -- A deviation below 1e-12 is the rounding of equal returns: it is none, and there is no ratio to it.
    case when grown.std_return > 1e-12 then grown.std_return * sqrt(365) else grown.std_return * 0 end as volatility,
    case when grown.std_return > 1e-12 then grown.mean_return / grown.std_return * sqrt(365) end as sharpe,
    case when grown.downside_deviation > 1e-12 then grown.mean_return / grown.downside_deviation * sqrt(365) end
        as sortino,
    case when drawdowns.max_drawdown < 0 then grown.annual_return / -drawdowns.max_drawdown end as calmar,
    drawdowns.max_drawdown as max_drawdown,
    case when drawdowns.max_drawdown < 0 then coalesce(drawdowns.peak_day, grown.first_day) end
        as max_drawdown_peak_day,
    case when drawdowns.max_drawdown < 0 then drawdowns.trough_day end as max_drawdown_trough_day,
    case when drawdowns.max_drawdown < 0 then drawdowns.recovered_day end as max_drawdown_recovered_day
from grown
left join drawdowns
    on
        grown.exchange = drawdowns.exchange
        and grown.origin_group = drawdowns.origin_group
        and grown.agent_id = drawdowns.agent_id
