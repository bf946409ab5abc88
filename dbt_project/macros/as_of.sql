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

{% macro changes_or_all(changes, everything) %}
    {{- changes if is_partial() else everything -}}
{% endmacro %}

{% macro copied_since(version) %}
    {%- if is_partial() -%}{{ version }} > {{ moment(env_var('DBT_COPIED_SINCE')) }}{%- else -%}1 = 1{%- endif -%}
{% endmacro %}

{% macro copied_until(version) %}
    {%- set cut = env_var('DBT_COPIED_UNTIL', '') -%}
    {%- if cut -%}{{ version }} <= {{ moment(cut) }}{%- else -%}1 = 1{%- endif -%}
{% endmacro %}

{% macro as_copied() %}
    {{- copied_until('updated_at') }}
    {%- if target.type == 'postgres' %} and
    {%- set cut = env_var('DBT_COPIED_UNTIL', '') -%}
    {{ " until > " ~ moment(cut) if cut else " until = 'infinity'" }}
    {%- endif -%}
{% endmacro %}
