{% macro forget_populations() %}
    {%- set key = ['exchange', 'origin_group', 'scope', 'agent_id', 'prompt_version'] -%}
    {{- forget(key, 'select ' ~ key | join(', ') ~ ' from ' ~ ref('int_confidence_touched')) -}}
{% endmacro %}

{% macro touched_confidences() %}
    select confidences.*
    from {{ ref('int_confidence') }} as confidences
    {%- if is_partial() %}
    inner join {{ ref('int_confidence_touched') }} as touched
        on
            confidences.agent_id = touched.agent_id
            and confidences.prompt_version = touched.prompt_version
            and confidences.scope = touched.scope
            and confidences.exchange = touched.exchange
            and confidences.origin_group = touched.origin_group
    {%- endif %}
{%- endmacro %}
