{% macro squares_about_mean(value) %}{{ return(adapter.dispatch('squares_about_mean', 'candlehouse')(value)) }}{% endmacro %}

{% macro default__squares_about_mean(value) %}
    (var_pop(cast({{ value }} as double precision)) * count({{ value }}))
{%- endmacro %}

{% macro clickhouse__squares_about_mean(value) %}
    (varPopStable(toFloat64({{ value }})) * count({{ value }}))
{%- endmacro %}

{% macro mean_of_parts(name, condition) %}
    {#- Sums are exact and divided once, so that it does not matter how the parts were cut. -#}
    {%- set total = 'case when ' ~ condition ~ ' then ' ~ name ~ '_sum end' -%}
    {%- set count = 'sum(case when ' ~ condition ~ ' then ' ~ name ~ '_n end)' -%}
    {{ divide_wide('sum(' ~ total ~ ')' if name in ('holding', 'break') else sum_of_products(total) if name == 'notional' else exact_sum(total), count) }}
{%- endmacro %}

{% macro squares_of_parts(name, mean, condition='1 = 1') %}
    {#- Chan, Golub, LeVeque (1983): squares about the mean of all, from those about the means of the parts. -#}
    {%- set away = '(' ~ divide_wide(name ~ '_sum', name ~ '_n') ~ ' - ' ~ mean ~ ')' -%}
    sum(case when {{ condition }} and {{ name }}_n > 0 then {{ name }}_squares + {{ name }}_n * {{ away }} * {{ away }} end)
{%- endmacro %}

{% macro std_of_parts(name, mean, condition='1 = 1') %}
    {%- set n = 'sum(case when ' ~ condition ~ ' then ' ~ name ~ '_n else 0 end)' -%}
    case
        when
            {{ n }} > 1
            and max(case when {{ condition }} then {{ name }}_max end) > min(case when {{ condition }} then {{ name }}_min end)
            then sqrt({{ squares_of_parts(name, mean, condition) }} / ({{ n }} - 1))
        else 0
    end
{%- endmacro %}
