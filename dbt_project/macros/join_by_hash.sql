{% macro join_by_hash() %}
    {{- 'set local enable_nestloop = off; set local enable_mergejoin = off' if target.type == 'postgres' -}}
{% endmacro %}
