{% macro once() %}{{ once_if(true) }}{% endmacro %}

{% macro once_if(condition) %}{{ ('materialized ' if condition else 'not materialized ') if target.type == 'postgres' }}{% endmacro %}
