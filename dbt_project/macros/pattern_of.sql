{% macro pattern_of(column, written) %}
    {{- column if column == written else "case when " ~ column ~ " = -1 then 'not known' else " ~ written ~ " end" -}}
{% endmacro %}
