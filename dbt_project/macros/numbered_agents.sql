{% macro numbered_agents(agents) %}
    {{- adapter.dispatch('numbered_agents', 'candlehouse')(agents) -}}
{% endmacro %}

{% macro default__numbered_agents(agents) -%}
    select
        exchange,
        origin_group,
        agent_id,
        cast(row_number() over () as integer) as number
    from ({{ agents }}) as agents
{%- endmacro %}

{% macro clickhouse__numbered_agents(agents) -%}
    {#- The WITH is worked out for every reader: the number must follow from the agent. -#}
    select
        exchange,
        origin_group,
        agent_id,
        toInt32(row_number() over (order by exchange, origin_group, agent_id)) as number
    from ({{ agents }}) as agents
{%- endmacro %}

{% macro every_agent(parts) -%}
    select distinct exchange, origin_group, agent_id from {{ ref(parts) }}
{%- endmacro %}
