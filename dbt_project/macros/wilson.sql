{% macro wilson(wins, n, end) %}
    {#- 1.959963984540054 is the 97.5% quantile of the normal distribution. -#}
    {{ wilson_at(wins, n, '1.959963984540054', '3.8414588206941236', end) }}
{%- endmacro %}

{% macro wilson_among(wins, n, many, end) %}
    {#- Of `many` intervals (a column) all hold together at 95%: Bonferroni. -#}
    {{ wilson_at(wins, n, normal_quantile_among(many), 'power(' ~ normal_quantile_among(many) ~ ', 2)', end) }}
{%- endmacro %}

{% macro wilson_at(wins, n, z, z2, end) %}
    {#- The ends for no win and for all wins are exact by definition; computed, they would be 1e-17 beside 0 and differ
        between engines. -#}
    {%- set p = safe_divide(wins, n) -%}
    {%- set n = typed(n, 'float') -%}
    {%- set centre = '(' ~ p ~ ' + ' ~ z2 ~ ' / (2 * nullif(' ~ n ~ ', 0)))' -%}
    {%- set spread = z ~ ' * sqrt((' ~ p ~ ') * (1 - (' ~ p ~ ')) / nullif(' ~ n ~ ', 0) + '
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

{% macro normal_quantile_among(many) %}
    {#- The quantile of 1 - 0.025 / many, to 4.5e-4 (Abramowitz and Stegun 1964, 26.2.23). -#}
    {%- set t = 'sqrt(2 * ln(40 * ' ~ typed(many, 'float') ~ '))' -%}
    ({{ t }} - (2.515517 + 0.802853 * {{ t }} + 0.010328 * power({{ t }}, 2))
        / (1 + 1.432788 * {{ t }} + 0.189269 * power({{ t }}, 2) + 0.001308 * power({{ t }}, 3)))
{%- endmacro %}
