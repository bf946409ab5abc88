{% macro room_to_work() %}{{ "set local work_mem = '128MB'" if target.type == 'postgres' }}{% endmacro %}
