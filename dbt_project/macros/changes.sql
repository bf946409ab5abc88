{% macro is_partial() %}{{ return(is_incremental() and env_var('DBT_SINCE', '') != '') }}{% endmacro %}

{% macro unless_by_hand() %}{{ '1 = 0' if is_incremental() and not is_partial() else '1 = 1' }}{% endmacro %}

{% macro forget(columns, touched, by_hand='everything') %}
    {%- if is_partial() -%}
    delete from {{ this }} where ({{ columns | join(', ') }}) in ({{ touched }})
    {%- elif is_incremental() and by_hand == 'everything' -%}
    truncate table {{ this }}
    {%- endif -%}
{% endmacro %}

{% macro touched(day, changes='int_trade_touched') %}
    select distinct exchange, origin_group, agent_id{{ ', ' ~ day if day }} from {{ ref(changes) }}
{%- endmacro %}
