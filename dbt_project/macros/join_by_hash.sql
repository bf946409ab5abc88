{% macro join_by_hash() %}{{ 'set local enable_nestloop = off' if target.type == 'postgres' }}{% endmacro %}
