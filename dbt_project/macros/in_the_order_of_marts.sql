{% macro in_the_order_of_marts(text) %}
    {{- text }}{{ ' collate "default"' if target.type == 'postgres' -}}
{% endmacro %}
