{% macro exact_sum(value) %}{{ return(adapter.dispatch('exact_sum', 'candlehouse')(value)) }}{% endmacro %}

{% macro default__exact_sum(value) %}sum({{ value }}){% endmacro %}

{% macro clickhouse__exact_sum(value) %}sum(toDecimal256({{ value }}, 18)){% endmacro %}

{% macro sum_of_products(value) %}{{ return(adapter.dispatch('sum_of_products', 'candlehouse')(value)) }}{% endmacro %}

{% macro default__sum_of_products(value) %}sum({{ value }}){% endmacro %}

{% macro clickhouse__sum_of_products(value) %}
    if(
        throwIf(coalesce(abs(sum(toFloat64({{ value }}))), 0) > 5e39, 'a sum of products does not fit Decimal(76, 36)') = 0,
        sum({{ value }}), null
    )
{%- endmacro %}
