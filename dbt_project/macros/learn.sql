{% macro learn() %}
    {%- if target.type == 'postgres' and model.config.materialized != 'view' and not is_partial() -%}
    analyze {{ this }}
    {%- endif -%}
{% endmacro %}

{% macro learn_touched(notes) %}
    {%- if target.type == 'postgres' and is_partial() -%}
    analyze {{ ref(notes) }}
    {%- endif -%}
{% endmacro %}
