{% macro safe_divide(numerator, denominator) %}{{ return(adapter.dispatch('safe_divide', 'candlehouse')(numerator, denominator)) }}{% endmacro %}

{% macro default__safe_divide(numerator, denominator) %}
    cast({{ numerator }} as double precision) / nullif(cast({{ denominator }} as double precision), 0)
{%- endmacro %}

{% macro clickhouse__safe_divide(numerator, denominator) %}
    toFloat64({{ numerator }}) / nullif(toFloat64({{ denominator }}), 0)
{%- endmacro %}
