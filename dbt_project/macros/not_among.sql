{% macro not_among(value, query, column) %}{{ return(adapter.dispatch('not_among', 'candlehouse')(value, query, column)) }}{% endmacro %}

{% macro default__not_among(value, query, column) %}
    not exists (select 1 from ({{ query }}) as others where others.{{ column }} = {{ value }})
{%- endmacro %}

{% macro clickhouse__not_among(value, query, column) %}{{ value }} not in (select {{ column }} from ({{ query }}) as others){% endmacro %}
