{%- set kinds = {
    'winners': "result = 'win'", 'losers': "result = 'loss'", 'longs': "side = 'long'", 'shorts': "side = 'short'",
} -%}

with trades as (

    select
        *,
        case when is_win then 'win' when not is_win then 'loss' end as result,
        {{ microseconds_between('opened_at', 'closed_at') }} as holding_microseconds,
        100 * {{ safe_divide('abs(take_profit - entry_price)', 'entry_price') }} as take_profit_distance_pct,
        100 * {{ safe_divide('abs(stop_loss - entry_price)', 'entry_price') }} as stop_loss_distance_pct,
        row_number() over (
            partition by exchange, origin_group, agent_id order by closed_at desc, {{ by_bytes('trade_id') }} desc
        ) as recency
    from {{ ref('trade_facts') }}

)

select
    exchange,
    origin_group,
    agent_id,
    max(currency) as currency,

    -- fees and moves
    {{ sample_std_where('net_pnl') }} as std_net_pnl,
    coalesce({{ exact_sum('fee') }}, 0) as total_fees_paid,
    coalesce({{ exact_sum('gross_pnl') }}, 0) as overall_pnl_without_fees,
    coalesce(
        case
            when {{ exact_sum('net_pnl') }} > 0 then 100 * {{ divide_wide(exact_sum('fee'), exact_sum('net_pnl')) }}
        end, 0
    )
        as total_fees_as_pct_of_pnl,
    coalesce({{ exact_sum('net_pnl') }}, 0) as overall_pnl_with_fees,
    {{ mean_where('fee', exact='total') }} as avg_taker_fee,
    {{ sample_std_where('gross_pnl') }} as std_gross_pnl,
    {{ mean_where('net_pnl', exact='total') }} as avg_net_pnl,
    coalesce(min(net_pnl), 0) as biggest_net_loss,
    coalesce(max(net_pnl), 0) as biggest_net_gain,
    {{ mean_where('gross_pnl', exact='total') }} as avg_gross_pnl,
    {{ sample_std_where('fee') }} as std_taker_fee,

    -- winners and losers, longs and shorts
    coalesce(100 * {{ safe_divide("count(case when result = 'win' then 1 end)", 'count(net_pnl)') }}, 0) as win_rate,
    {% for kind, condition in kinds.items() -%}
    {{ mean_where('net_pnl', condition, exact='total') }} as avg_{{ kind }}_net_pnl,
    {{ sample_std_where('net_pnl', condition) }} as std_{{ kind }}_net_pnl,
    {{ mean_where('notional', condition, exact='product') }} as avg_{{ kind }}_notional,
    {{ sample_std_where('notional', condition) }} as std_{{ kind }}_notional,
    {{ mean_where('holding_microseconds', condition) }} / 60000000 as avg_{{ kind }}_holding_period,
    {{ sample_std_where('holding_minutes', condition) }} as std_{{ kind }}_holding_period,
    {% endfor -%}
    count(case when side = 'long' then 1 end) as num_long_trades,
    count(case when side = 'short' then 1 end) as num_short_trades,
    {{ safe_divide("count(case when side = 'long' then 1 end)", 'count(*)') }} as long_short_trades_ratio,

    -- overview
    count(*) as total_trades,
    {{ mean_where('holding_microseconds') }} / 60000000 as avg_holding_period_mins,
    {{ median_where('holding_minutes') }} as median_holding_period_mins,
    {{ sample_std_where('holding_minutes') }} as std_holding_period_mins,
    {{ mean_where('notional', exact='product') }} as avg_size_of_trade_notional,
    {{ median_where('notional') }} as median_size_of_trade_notional,
    {{ sample_std_where('notional') }} as std_size_of_trade_notional,
    {{ mean_where('take_profit_distance_pct') }} as avg_take_profit_distance_pct,
    {{ mean_where('stop_loss_distance_pct') }} as avg_stop_loss_distance_pct,

    -- the record
    count(net_pnl) as scored_trades,
    count(case when result = 'win' then 1 end) as wins,
    coalesce({{ exact_sum("case when result = 'win' then net_pnl end") }}, 0) as net_of_wins,
    coalesce({{ exact_sum("case when result = 'loss' then net_pnl end") }}, 0) as net_of_losses,
    max(case when recency = 1 then trade_id end) as last_trade_doc_id,
    max(closed_at) as last_trade_exit_time
from trades
group by exchange, origin_group, agent_id
