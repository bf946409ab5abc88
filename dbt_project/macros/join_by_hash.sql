{% macro join_by_hash() %}
    {{- 'set local enable_nestloop = off; set local enable_mergejoin = off' if target.type == 'postgres' -}}
{% endmacro %}

{% macro group_by_hash() %}
    {{- join_by_hash() ~ '; set local enable_sort = off' if target.type == 'postgres' -}}
{% endmacro %}

{% macro look_up_by_index() %}
    {{- 'set local enable_seqscan = off' if target.type == 'postgres' -}}
{% endmacro %}
