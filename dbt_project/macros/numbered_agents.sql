{% macro numbered_agents(agents) %}{{ numbered(['exchange', 'origin_group', 'agent_id'], agents) }}{% endmacro %}

{% macro numbered_months(months) %}{{ numbered(['exchange', 'origin_group', 'agent_id', 'month'], months) }}{% endmacro %}

{% macro numbered(key, rows) %}{{- adapter.dispatch('numbered', 'candlehouse')(key, rows) -}}{% endmacro %}

{% macro default__numbered(key, rows) -%}
    select
        {{ key | join(', ') }},
        cast(row_number() over () as integer) as number
    from ({{ rows }}) as unnumbered
{%- endmacro %}

{% macro clickhouse__numbered(key, rows) -%}
    {#- The WITH is worked out for every reader: the number must follow from the key. -#}
    select
        {{ key | join(', ') }},
        toInt32(row_number() over (order by {{ key | join(', ') }})) as number
    from ({{ rows }}) as unnumbered
{%- endmacro %}

{% macro every_agent(parts) -%}
    select distinct exchange, origin_group, agent_id from {{ ref(parts) }}
{%- endmacro %}

{% macro every_month(parts) -%}
    select distinct exchange, origin_group, agent_id, month from {{ ref(parts) }}
{%- endmacro %}
