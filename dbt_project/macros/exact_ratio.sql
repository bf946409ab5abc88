{% macro exact_ratio(numerator, denominator) %}{{ return(adapter.dispatch('exact_ratio', 'candlehouse')(numerator, denominator)) }}{% endmacro %}

{% macro default__exact_ratio(numerator, denominator) %}
    (div(({{ numerator }}) * 1e12, case when abs({{ denominator }}) >= 1e-18 then {{ denominator }} end) * 1e-12)
{%- endmacro %}

{% macro clickhouse__exact_ratio(numerator, denominator) %}
    {#- Whole numbers of 256 bits: 18 decimals of the numerator and 30 zeros are 36 decimals of the denominator and 12 of
        the result. A decimal is stored as such a number; converting it would divide it once more (4.5 s of CPU instead of 1.9
        for ten million). -#}
    {%- set divisor = "reinterpret(toDecimal256(" ~ denominator ~ ", 36), 'Int256')" -%}
    reinterpret(intDiv(
        reinterpret(toDecimal256({{ numerator }}, 18), 'Int256') * toInt256('1000000000000000000000000000000'),
        if(abs({{ divisor }}) >= toInt256('1000000000000000000'), {{ divisor }}, null)
    ), 'Decimal(76, 12)')
{%- endmacro %}
