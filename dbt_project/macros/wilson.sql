{% macro wilson(wins, n, end) %}
    {#- 1.959963984540054 is the 97.5% quantile of the normal distribution. The ends for no win and for all wins are exact
        by definition; computed, they would be 1e-17 beside 0 and differ between engines. -#}
    {%- set z2 = '3.8414588206941236' -%}
    {%- set p = safe_divide(wins, n) -%}
    {%- set n = typed(n, 'float') -%}
    {%- set centre = '(' ~ p ~ ' + ' ~ z2 ~ ' / (2 * nullif(' ~ n ~ ', 0)))' -%}
    {%- set spread = '1.959963984540054 * sqrt((' ~ p ~ ') * (1 - (' ~ p ~ ')) / nullif(' ~ n ~ ', 0) + '
        ~ z2 ~ ' / (4 * nullif(' ~ n ~ ', 0) * nullif(' ~ n ~ ', 0)))' -%}
    case
        when {{ n }} = 0 then null
        {% if end == 'low' -%}
        when {{ wins }} = 0 then 0
        {%- else -%}
        when {{ wins }} = {{ n }} then 1
        {%- endif %}
        else ({{ centre }} {{ '-' if end == 'low' else '+' }} {{ spread }}) / (1 + {{ z2 }} / nullif({{ n }}, 0))
    end
{%- endmacro %}
