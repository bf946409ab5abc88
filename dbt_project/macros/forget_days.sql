{% macro forget_days_since() %}
    {%- if is_partial() -%}
    delete from {{ this }} where (exchange, origin_group, agent_id, day) in (
        select
            days.exchange,
            days.origin_group,
            days.agent_id,
            days.day
        from {{ this }} as days
        inner join {{ ref('int_daily_touched') }} as touched
            on
                days.exchange = touched.exchange
                and days.origin_group = touched.origin_group
                and days.agent_id = touched.agent_id
        where days.day >= touched.since_day
    )
    {%- elif is_incremental() -%}
    truncate table {{ this }}
    {%- endif -%}
{% endmacro %}

{% macro forget_days_after_the_last() %}
    {%- if is_partial() -%}
    delete from {{ this }} where (exchange, origin_group, day) in (
        select
            days.exchange,
            days.origin_group,
            days.day
        from (select distinct exchange, origin_group, day from {{ this }}) as days
        left join (
            select
                exchange,
                origin_group,
                max(day) as last_day
            from (
                select exchange, origin_group, day from {{ ref('int_trade_days') }}
                union all
                select exchange, origin_group, last_day as day from {{ ref('int_open_lives') }}
                union all
                select exchange, origin_group, day from {{ this }} where equity_source = 'snapshot'
                union all
                select exchange, origin_group, {{ day_of('captured_at') }} as day from {{ ref('stg_equity_snapshots') }}
                where {{ copied_since('account_equity_snapshots') }}
            ) as evidence
            group by exchange, origin_group
        ) as boards
            on days.exchange = boards.exchange and days.origin_group = boards.origin_group
        where boards.exchange is null or days.day > boards.last_day
    )
    {%- endif -%}
{% endmacro %}
