{% macro day_of(moment) %}{{ return(adapter.dispatch('day_of', 'candlehouse')(moment)) }}{% endmacro %}

{% macro default__day_of(moment) %}cast(({{ moment }}) at time zone 'UTC' as date){% endmacro %}

{% macro clickhouse__day_of(moment) %}toDate32({{ moment }}, 'UTC'){% endmacro %}

{% macro each_day(first, last) %}{{ return(adapter.dispatch('each_day', 'candlehouse')(first, last)) }}{% endmacro %}

{% macro default__each_day(first, last) %}
    cast(generate_series(cast({{ first }} as timestamp), cast({{ last }} as timestamp), interval '1 day') as date)
{%- endmacro %}

{% macro clickhouse__each_day(first, last) %}
    arrayJoin(arrayMap(
        i -> toDate32(addDays({{ first }}, i)), range(toUInt32(greatest(0, dateDiff('day', {{ first }}, {{ last }}) + 1)))
    ))
{%- endmacro %}

{% macro day_before(day) %}{{ return(adapter.dispatch('day_before', 'candlehouse')(day)) }}{% endmacro %}

{% macro default__day_before(day) %}({{ day }} - 1){% endmacro %}

{% macro clickhouse__day_before(day) %}toDate32(subtractDays({{ day }}, 1)){% endmacro %}
