{% macro divide_wide(numerator, denominator) %}{{ return(adapter.dispatch('divide_wide', 'candlehouse')(numerator, denominator)) }}{% endmacro %}

{% macro default__divide_wide(numerator, denominator) %}{{ return(safe_divide(numerator, denominator)) }}{% endmacro %}

{% macro clickhouse__divide_wide(numerator, denominator) %}
    toFloat64(toString({{ numerator }})) / nullif(toFloat64(toString({{ denominator }})), 0)
{%- endmacro %}
