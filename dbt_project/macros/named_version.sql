{% macro named_version(version='prompt_version') -%}
coalesce(nullif({{ version }}, ''), 'not known')
{%- endmacro %}
