{% macro moment(text) %}
    {{- typed("'" ~ text ~ ("+00" if target.type == 'postgres' else "") ~ "'", 'timestamp') -}}
{% endmacro %}

{% macro known_as_of(version) %}
    {%- set as_of = env_var('DBT_AS_OF', '') -%}
    {%- if as_of -%}{{ version }} <= {{ moment(as_of) }}{%- else -%}1 = 1{%- endif -%}
{% endmacro %}

{% macro changed_since(version) %}
    {%- if is_partial() -%}{{ version }} > {{ moment(env_var('DBT_SINCE')) }}{%- else -%}1 = 1{%- endif -%}
{% endmacro %}

{% macro copied_since(table, version='updated_at') %}
    {%- if is_partial() -%}
    {{ version }} > {{ moment(fromjson(env_var('DBT_COPIED_SINCE'))[table]) }}
    {%- else -%}1 = 1{%- endif -%}
{% endmacro %}

{% macro as_copied(table) %}
    {%- set cuts = fromjson(env_var('DBT_COPIED_UNTIL', '{}')) -%}
    {%- if cuts -%}
    {%- set cut = moment(cuts[table]) -%}
    updated_at <= {{ cut }}{{ " and until > " ~ cut if target.type == 'postgres' }}
    {%- else -%}
    {{ "until = 'infinity'" if target.type == 'postgres' else '1 = 1' }}
    {%- endif -%}
{% endmacro %}

{% macro copied_rows(table, columns, key) %}
    {%- set changes = source('changes', table) if target.type == 'clickhouse' %}
    select {{ columns }}
    from {{ source('trading', table) }}
    where {{ as_copied(table) }}
    {%- if changes and fromjson(env_var('DBT_COPIED_UNTIL', '{}')) %}
    union all
    select {{ columns }}
    from (
        select {{ columns }}
        from {{ changes }}
        where {{ as_copied(table) }} and ({{ key }}) in (
            select {{ key }} from {{ changes }} where not ({{ as_copied(table) }})
        )
        order by updated_at desc
        limit 1 by {{ key }}
    )
    {%- endif %}
{% endmacro %}

{% macro of_cut(lists) %}
    {%- set cut = env_var('DBT_CUT', '') -%}
    cut = {{ cut if cut else '(select max(lists.cut) from ' ~ lists ~ ' as lists)' }}
{%- endmacro %}
