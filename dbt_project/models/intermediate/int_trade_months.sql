{%- set measures = {
    'net': 'net_pnl', 'gross': 'gross_pnl', 'fee': 'fee', 'notional': 'notional', 'holding': 'holding_microseconds',
} -%}
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    order_by=['exchange', 'origin_group', 'agent_id', 'month', 'result', 'side'],
    indexes=[{'columns': ['agent_id', 'month', 'exchange', 'origin_group', 'result', 'side'], 'unique': true}]
        if target.type == 'postgres' else [],
    pre_hook=[
        "{{ group_by_hash() }}",
        "{{ forget(['exchange', 'origin_group', 'agent_id', 'month'], touched('month')) }}",
    ],
) }}
-- depends_on: {{ ref('int_trade_touched') }}

with months as (

    {{ touched('month') if is_partial() else 'select 1' }}

),

trades as (

    select
        facts.exchange as exchange,
        facts.origin_group as origin_group,
        facts.agent_id as agent_id,
        facts.side as side,
        facts.currency as currency,
        facts.net_pnl as net_pnl,
        facts.gross_pnl as gross_pnl,
        facts.fee as fee,
        facts.notional as notional,
        facts.closed_at as closed_at,
        {{ month_of('facts.day') }} as month,
        case when facts.is_win then 'win' when not facts.is_win then 'loss' else 'not known' end as result,
        {{ microseconds_between('facts.opened_at', 'facts.closed_at') }} as holding_microseconds,
        100 * {{ safe_divide('abs(facts.take_profit - facts.entry_price)', 'facts.entry_price') }} as take_profit_distance_pct,
        100 * {{ safe_divide('abs(facts.stop_loss - facts.entry_price)', 'facts.entry_price') }} as stop_loss_distance_pct
    from {{ ref('trade_facts') }} as facts
    {%- if is_partial() %}
    inner join months
        on
            facts.agent_id = months.agent_id
            and facts.exchange = months.exchange
            and facts.origin_group = months.origin_group
    where facts.day >= months.month and facts.day < {{ month_after('months.month') }}
    and {{ not_before('facts.day', 'month') }}
    {%- endif %}

)

select
    exchange,
    origin_group,
    agent_id,
    month,
    result,
    side,
    max(currency) as currency,
    {{ typed('count(*)', 'int') }} as trades,
    min(closed_at) as first_closed_at,
    max(closed_at) as last_closed_at,
    {% for name, value in measures.items() -%}
    {{ typed('count(' ~ value ~ ')', 'int') }} as {{ name }}_n,
    {{ sum_of_products(value) if name == 'notional' else 'sum(' ~ value ~ ')' if name == 'holding' else exact_sum(value) }}
        as {{ name }}_sum,
    min({{ value }}) as {{ name }}_min,
    max({{ value }}) as {{ name }}_max,
    {{ squares_about_mean(value) }} as {{ name }}_squares,
    {% endfor -%}
    {{ typed('count(take_profit_distance_pct)', 'int') }} as take_profit_n,
    sum(take_profit_distance_pct) as take_profit_sum,
    {{ typed('count(stop_loss_distance_pct)', 'int') }} as stop_loss_n,
    sum(stop_loss_distance_pct) as stop_loss_sum
from trades
group by exchange, origin_group, agent_id, month, result, side
