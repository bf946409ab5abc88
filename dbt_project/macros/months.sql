{% macro month_of(day) %}{{ return(adapter.dispatch('month_of', 'candlehouse')(day)) }}{% endmacro %}

{% macro default__month_of(day) %}cast(date_trunc('month', cast({{ day }} as timestamp)) as date){% endmacro %}

{% macro clickhouse__month_of(day) %}makeDate32(toYear({{ day }}), toMonth({{ day }}), 1){% endmacro %}

{% macro month_after(month) %}{{ return(adapter.dispatch('month_after', 'candlehouse')(month)) }}{% endmacro %}

{% macro default__month_after(month) %}cast({{ month }} + interval '1 month' as date){% endmacro %}

{% macro clickhouse__month_after(month) %}toDate32(addMonths({{ month }}, 1)){% endmacro %}

{% macro each_month(first, last) %}{{ return(adapter.dispatch('each_month', 'candlehouse')(first, last)) }}{% endmacro %}

{% macro default__each_month(first, last) %}
    cast(generate_series(
        date_trunc('month', cast({{ first }} as timestamp)), cast({{ last }} as timestamp), interval '1 month'
    ) as date)
{%- endmacro %}

{% macro clickhouse__each_month(first, last) %}
    arrayJoin(arrayMap(
        i -> toDate32(addMonths({{ month_of(first) }}, i)),
        range(toUInt32(greatest(0, dateDiff('month', {{ first }}, {{ last }}) + 1)))
    ))
{%- endmacro %}

{% macro start_of(day) %}{{ return(adapter.dispatch('start_of', 'candlehouse')(day)) }}{% endmacro %}

{% macro default__start_of(day) %}(cast({{ day }} as timestamp) at time zone 'UTC'){% endmacro %}

{% macro clickhouse__start_of(day) %}toDateTime64({{ day }}, 6, 'UTC'){% endmacro %}

{% macro running_since() %}
    {%- set week_ago = run_started_at - modules.datetime.timedelta(days=7) -%}
    {{- typed("'" ~ week_ago.strftime('%Y-%m-01') ~ "'", 'date') -}}
{% endmacro %}

{% macro running_part_of(day) -%}
    case when {{ day }} >= {{ running_since() }} then {{ day }} else {{ month_of(day) }} end
{%- endmacro %}
