{% macro days_later(day, days) %}{{ return(adapter.dispatch('days_later', 'candlehouse')(day, days)) }}{% endmacro %}

{% macro default__days_later(day, days) %}({{ day }} + {{ days }}){% endmacro %}

{% macro clickhouse__days_later(day, days) %}toDate32(addDays({{ day }}, {{ days }})){% endmacro %}
