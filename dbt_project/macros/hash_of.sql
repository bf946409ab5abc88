{% macro hash_of(text) %}{{ return(adapter.dispatch('hash_of', 'candlehouse')(text)) }}{% endmacro %}

{% macro default__hash_of(text) %}hashtextextended({{ text }}, 0){% endmacro %}

{% macro clickhouse__hash_of(text) %}cityHash64({{ text }}){% endmacro %}
