{% macro exact_ratio(numerator, denominator) %}{{ return(adapter.dispatch('exact_ratio', 'candlehouse')(numerator, denominator)) }}{% endmacro %}

{% macro default__exact_ratio(numerator, denominator) %}
    (div(trunc(({{ numerator }}) * 1e18) * 1e12, nullif(trunc(({{ denominator }}) * 1e18), 0)) * 1e-12)
{%- endmacro %}

{% macro clickhouse__exact_ratio(numerator, denominator) %}
    (toDecimal256(intDiv(
        toInt256(toDecimal256({{ numerator }}, 18) * toDecimal256('1000000000000000000', 0)) * toInt256(1000000000000),
        nullif(toInt256(toDecimal256({{ denominator }}, 18) * toDecimal256('1000000000000000000', 0)), 0)
    ), 0) * toDecimal256('0.000000000001', 12))
{%- endmacro %}
