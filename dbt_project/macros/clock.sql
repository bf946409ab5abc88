{% macro hour_of(moment) %}{{ return(adapter.dispatch('hour_of', 'candlehouse')(moment)) }}{% endmacro %}

{% macro default__hour_of(moment) %}cast(extract(hour from ({{ moment }}) at time zone 'UTC') as bigint){% endmacro %}

{% macro clickhouse__hour_of(moment) %}toInt64(toHour({{ moment }}, 'UTC')){% endmacro %}

{% macro weekday_of(moment) %}{{ return(adapter.dispatch('weekday_of', 'candlehouse')(moment)) }}{% endmacro %}

{% macro default__weekday_of(moment) %}cast(extract(isodow from ({{ moment }}) at time zone 'UTC') as bigint){% endmacro %}

{% macro clickhouse__weekday_of(moment) %}toInt64(toDayOfWeek({{ moment }}, 0, 'UTC')){% endmacro %}
