{% macro percentile(value, p) %}{{ return(adapter.dispatch('percentile', 'candlehouse')(value, p)) }}{% endmacro %}

{% macro default__percentile(value, p) %}
    percentile_cont({{ p }}) within group (order by cast({{ value }} as double precision))
{%- endmacro %}

{% macro clickhouse__percentile(value, p) %}quantileExactInclusive({{ p }})(toFloat64({{ value }})){% endmacro %}
