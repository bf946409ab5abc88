{% macro typed(expr, type, nullable=false) %}{{ return(adapter.dispatch('typed', 'candlehouse')(expr, type, nullable)) }}{% endmacro %}

{% macro default__typed(expr, type, nullable) %}
    {%- set names = {
        'text': 'text', 'int': 'bigint', 'float': 'double precision', 'decimal': 'numeric', 'date': 'date',
        'timestamp': 'timestamp with time zone', 'bool': 'boolean', 'product': 'numeric', 'total': 'numeric',
    } -%}
    cast({{ expr }} as {{ names[type] }})
{%- endmacro %}

{% macro clickhouse__typed(expr, type, nullable) %}
    {%- set names = {
        'text': 'String', 'int': 'Int64', 'float': 'Float64', 'decimal': 'Decimal(38, 18)', 'date': 'Date32',
        'timestamp': "DateTime64(6, 'UTC')", 'bool': 'Bool', 'product': 'Decimal(76, 36)', 'total': 'Decimal(76, 18)',
    } -%}
    cast({{ expr }} as {{ 'Nullable(' ~ names[type] ~ ')' if nullable else names[type] }})
{%- endmacro %}
