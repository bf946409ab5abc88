{% macro hash_of(text) %}hashtextextended({{ text }}, 0){% endmacro %}
