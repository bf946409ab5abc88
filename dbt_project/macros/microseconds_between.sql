{% macro microseconds_between(earlier, later) %}{{ return(adapter.dispatch('microseconds_between', 'candlehouse')(earlier, later)) }}{% endmacro %}

{% macro default__microseconds_between(earlier, later) %}
    cast(extract(epoch from ({{ later }} - {{ earlier }})) * 1000000 as bigint)
{%- endmacro %}

{% macro clickhouse__microseconds_between(earlier, later) %}
    (toUnixTimestamp64Micro({{ later }}) - toUnixTimestamp64Micro({{ earlier }}))
{%- endmacro %}
