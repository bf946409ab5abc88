{% macro once() %}{{ 'materialized ' if target.type == 'postgres' }}{% endmacro %}
