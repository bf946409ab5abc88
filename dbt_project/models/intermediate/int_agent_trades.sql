{%- set kinds = {
    'all': '1 = 1', 'winners': "result = 'win'", 'losers': "result = 'loss'", 'longs': "side = 'long'",
    'shorts': "side = 'short'",
} -%}
{%- set spreads = {'net': kinds, 'notional': kinds, 'holding': kinds, 'gross': {'all': '1 = 1'}, 'fee': {'all': '1 = 1'}} -%}
{{ config(
    materialized='table',
    order_by=['exchange', 'origin_group', 'agent_id'],
    pre_hook="{{ join_by_hash() }}",
) }}

with months as (

    select *
    from {{ ref('int_trade_months') }}

),

means as (

    select
        exchange,
        origin_group,
        agent_id
        {% for name, chosen in spreads.items() -%}
        {% for kind, condition in chosen.items() -%}
        , {{ mean_of_parts(name, condition) }} as {{ name }}_{{ kind }}_mean
        {% endfor -%}
        {% endfor %}
    from months
    group by exchange, origin_group, agent_id

)

select
    months.exchange as exchange,
    months.origin_group as origin_group,
    months.agent_id as agent_id,
    max(months.currency) as currency,

    -- fees and moves
    {{ std_of_parts('net', 'means.net_all_mean') }} as std_net_pnl,
    coalesce({{ exact_sum('fee_sum') }}, 0) as total_fees_paid,
    coalesce({{ exact_sum('gross_sum') }}, 0) as overall_pnl_without_fees,
    coalesce(
        case when {{ exact_sum('net_sum') }} > 0 then 100 * {{ divide_wide(exact_sum('fee_sum'), exact_sum('net_sum')) }} end, 0
    ) as total_fees_as_pct_of_pnl,
    coalesce({{ exact_sum('net_sum') }}, 0) as overall_pnl_with_fees,
    coalesce(max(means.fee_all_mean), 0) as avg_taker_fee,
    {{ std_of_parts('gross', 'means.gross_all_mean') }} as std_gross_pnl,
    coalesce(max(means.net_all_mean), 0) as avg_net_pnl,
    coalesce(min(net_min), 0) as biggest_net_loss,
    coalesce(max(net_max), 0) as biggest_net_gain,
    coalesce(max(means.gross_all_mean), 0) as avg_gross_pnl,
    {{ std_of_parts('fee', 'means.fee_all_mean') }} as std_taker_fee,

    -- winners and losers, longs and shorts
    coalesce(100 * {{ safe_divide("sum(case when result = 'win' then trades else 0 end)", 'sum(net_n)') }}, 0) as win_rate,
    {% for kind, condition in kinds.items() if kind != 'all' -%}
    coalesce(max(means.net_{{ kind }}_mean), 0) as avg_{{ kind }}_net_pnl,
    {{ std_of_parts('net', 'means.net_' ~ kind ~ '_mean', condition) }} as std_{{ kind }}_net_pnl,
    coalesce(max(means.notional_{{ kind }}_mean), 0) as avg_{{ kind }}_notional,
    {{ std_of_parts('notional', 'means.notional_' ~ kind ~ '_mean', condition) }} as std_{{ kind }}_notional,
    coalesce(max(means.holding_{{ kind }}_mean), 0) / 60000000 as avg_{{ kind }}_holding_period,
    {{ std_of_parts('holding', 'means.holding_' ~ kind ~ '_mean', condition) }} / 60000000 as std_{{ kind }}_holding_period,
    {% endfor -%}
    sum(case when side = 'long' then trades else 0 end) as num_long_trades,
    sum(case when side = 'short' then trades else 0 end) as num_short_trades,
    {{ safe_divide("sum(case when side = 'long' then trades else 0 end)", 'sum(trades)') }} as long_short_trades_ratio,

    -- overview
    sum(trades) as total_trades,
    coalesce(max(means.holding_all_mean), 0) / 60000000 as avg_holding_period_mins,
    coalesce(max(medians.median_holding_minutes), 0) as median_holding_period_mins,
    {{ std_of_parts('holding', 'means.holding_all_mean') }} / 60000000 as std_holding_period_mins,
    coalesce(max(means.notional_all_mean), 0) as avg_size_of_trade_notional,
    coalesce(max(medians.median_notional), 0) as median_size_of_trade_notional,
    {{ std_of_parts('notional', 'means.notional_all_mean') }} as std_size_of_trade_notional,
    coalesce({{ safe_divide('sum(take_profit_sum)', 'sum(take_profit_n)') }}, 0) as avg_take_profit_distance_pct,
    coalesce({{ safe_divide('sum(stop_loss_sum)', 'sum(stop_loss_n)') }}, 0) as avg_stop_loss_distance_pct,

    -- the record
    sum(net_n) as scored_trades,
    sum(case when result = 'win' then trades else 0 end) as wins,
    coalesce({{ exact_sum("case when result = 'win' then net_sum end") }}, 0) as net_of_wins,
    coalesce({{ exact_sum("case when result = 'loss' then net_sum end") }}, 0) as net_of_losses,
    max(newest.last_trade_id) as last_trade_doc_id,
    min(first_closed_at) as first_trade_exit_time,
    max(last_closed_at) as last_trade_exit_time
from months
inner join means
    on
        months.exchange = means.exchange
        and months.origin_group = means.origin_group
        and months.agent_id = means.agent_id
left join {{ ref('int_trade_medians') }} as medians
    on
        months.exchange = medians.exchange
        and months.origin_group = medians.origin_group
        and months.agent_id = medians.agent_id
inner join {{ ref('int_agent_lasts') }} as newest
    on
        months.exchange = newest.exchange
        and months.origin_group = newest.origin_group
        and months.agent_id = newest.agent_id
group by months.exchange, months.origin_group, months.agent_id
