{% macro after_the_kept(rows, day) -%}
    left join kept
        on
            {{ rows }}.exchange = kept.exchange
            and {{ rows }}.origin_group = kept.origin_group
            and {{ rows }}.agent_id = kept.agent_id
    where kept.last_day is null or {{ day }} > kept.last_day
{%- endmacro %}
