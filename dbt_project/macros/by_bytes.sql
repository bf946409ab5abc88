{% macro by_bytes(expr) %}{{ return(adapter.dispatch('by_bytes', 'candlehouse')(expr)) }}{% endmacro %}

{% macro default__by_bytes(expr) %}{{ expr }} collate "C"{% endmacro %}

{% macro clickhouse__by_bytes(expr) %}{{ expr }}{% endmacro %}
