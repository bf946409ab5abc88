{% macro not_before(day, first, notes='int_trade_touched') %}
    {%- if execute -%}
    {%- set found = run_query('select min(' ~ first ~ ') from ' ~ ref(notes)).columns[0].values()[0] -%}
    {{ day ~ ' >= ' ~ typed("'" ~ found ~ "'", 'date') if found and found | string > '1971' else '1 = 1' }}
    {%- else -%}1 = 1{%- endif -%}
{% endmacro %}
