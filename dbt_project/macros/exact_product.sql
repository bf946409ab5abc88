{% macro exact_product(a, b) %}{{ return(adapter.dispatch('exact_product', 'candlehouse')(a, b)) }}{% endmacro %}

{% macro default__exact_product(a, b) %}(({{ a }}) * ({{ b }})){% endmacro %}

{% macro clickhouse__exact_product(a, b) %}(toDecimal256({{ a }}, 18) * toDecimal256({{ b }}, 18)){% endmacro %}
