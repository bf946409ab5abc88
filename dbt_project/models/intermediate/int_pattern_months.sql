{{ config(
    materialized='incremental',
    incremental_strategy='append',
    order_by=['exchange', 'origin_group', 'agent_id', 'month', 'dimension', 'pattern'],
    indexes=[{'columns': ['agent_id', 'month', 'exchange', 'origin_group', 'dimension', 'pattern'], 'unique': true}]
        if target.type == 'postgres' else [],
    pre_hook=[
        "{{ group_by_hash() }}",
        "{{ forget(['exchange', 'origin_group', 'agent_id', 'month'], touched('month')) }}",
    ],
) }}
-- depends_on: {{ ref('int_trade_touched') }}

{# Dimension: what trades are grouped by, and how that is written. Small numbers are grouped faster than words. #}
{% set dimensions = {
    'symbol': ['symbol', 'symbol'],
    'side': ['side', 'side'],
    'hour': ['entry_hour', "case when entry_hour < 10 then '0' else '' end || " ~ typed('entry_hour', 'text')],
    'weekday': ['entry_weekday', typed('entry_weekday', 'text')],
    'holding': ['holding_class', "case holding_class when 1 then '1 under 15 minutes' when 2 then '2 under an hour'"
        " when 3 then '3 under 4 hours' when 4 then '4 under a day' else '5 a day or more' end"],
    'confidence': ['confidence_class', "case confidence_class when 1 then '1 below 0.5' when 2 then '2 0.5 to 0.6'"
        " when 3 then '3 0.6 to 0.7' when 4 then '4 0.7 to 0.8' when 5 then '5 0.8 to 0.9' else '6 0.9 and above' end"],
    'prompt version': ['prompt_version', 'prompt_version'],
} %}

with trades as {{ once_if(is_partial()) }}(

    select
        facts.exchange as exchange,
        facts.origin_group as origin_group,
        facts.agent_id as agent_id,
        facts.symbol as symbol,
        facts.side as side,
        {{ typed("coalesce(facts.prompt_version, 'not known')", 'text') }} as prompt_version,
        facts.is_win as is_win,
        facts.net_pnl as net_pnl,
        {{ month_of('facts.day') }} as month,
        -- -1 is not known.
        {{ typed('coalesce(' ~ hour_of('facts.opened_at') ~ ', -1)', 'int') }} as entry_hour,
        {{ typed('coalesce(' ~ weekday_of('facts.opened_at') ~ ', -1)', 'int') }} as entry_weekday,
        case
            when facts.holding_minutes < 15 then 1
            when facts.holding_minutes < 60 then 2
            when facts.holding_minutes < 240 then 3
            when facts.holding_minutes < 1440 then 4
            when facts.holding_minutes >= 1440 then 5
            else -1
        end as holding_class,
        case
            when facts.confidence < 0.5 then 1
            when facts.confidence < 0.6 then 2
            when facts.confidence < 0.7 then 3
            when facts.confidence < 0.8 then 4
            when facts.confidence < 0.9 then 5
            when facts.confidence >= 0.9 then 6
            else -1
        end as confidence_class
    from {{ ref('trade_facts') }} as facts
    {%- if is_partial() %}
    inner join ({{ touched('month') }}) as months
        on
            facts.agent_id = months.agent_id
            and facts.exchange = months.exchange
            and facts.origin_group = months.origin_group
    {%- endif %}
    where
        facts.net_pnl is not null
        {%- if is_partial() %}
        and facts.day >= months.month and facts.day < {{ month_after('months.month') }}
        and {{ not_before('facts.day', 'month') }}
        {%- endif %}

),

-- ClickHouse would read trades once for every dimension (27 s an hour of ten million instead of 4); PostgreSQL sorts
-- them once for every grouping set (590 s anew instead of 118), but keeps what a WITH has read.
grouped as (

    {% if target.type == 'clickhouse' -%}
    select
        exchange,
        origin_group,
        agent_id,
        month,
        case
            {%- for dimension, (column, _) in dimensions.items() %}
            {{ 'else' if loop.last else 'when grouping(' ~ column ~ ') = 0 then' }} '{{ dimension }}'
            {%- endfor %}
        end as dimension,
        case
            {%- for column, written in dimensions.values() %}
            {{ 'else' if loop.last else 'when grouping(' ~ column ~ ') = 0 then' }} {{ pattern_of(column, written) }}
            {%- endfor %}
        end as pattern,
        {{ typed('count(*)', 'int') }} as trades,
        {{ typed('count(case when is_win then 1 end)', 'int') }} as wins,
        {{ exact_sum('net_pnl') }} as net_pnl
    from trades
    group by grouping sets (
        {%- for column, _ in dimensions.values() %}
        (exchange, origin_group, agent_id, month, {{ column }}){{ ',' if not loop.last }}
        {%- endfor %}
    )
    {%- else -%}
    {% for dimension, (column, written) in dimensions.items() -%}
    select
        exchange,
        origin_group,
        agent_id,
        month,
        '{{ dimension }}' as dimension,
        {{ pattern_of(column, written) }} as pattern,
        {{ typed('count(*)', 'int') }} as trades,
        {{ typed('count(case when is_win then 1 end)', 'int') }} as wins,
        {{ exact_sum('net_pnl') }} as net_pnl
    from trades
    group by exchange, origin_group, agent_id, month, {{ column }}
    {% if not loop.last -%}
    union all
    {% endif -%}
    {% endfor -%}
    {% endif %}
)

select
    exchange,
    origin_group,
    agent_id,
    month,
    {{ typed('dimension', 'text') }} as dimension,
    {{ typed('pattern', 'text') }} as pattern,
    trades,
    wins,
    net_pnl
from grouped
