{% macro mean_where(value, condition='1 = 1', exact='sum') %}
    {#- The sum is exact and divided once, so that engines agree also where a mean is near zero. -#}
    {%- set chosen = 'case when ' ~ condition ~ ' then ' ~ value ~ ' end' -%}
    {%- if exact == 'total' -%}
    coalesce({{ divide_wide(exact_sum(chosen), 'count(' ~ chosen ~ ')') }}, 0)
    {%- elif exact == 'product' -%}
    coalesce({{ divide_wide(sum_of_products(chosen), 'count(' ~ chosen ~ ')') }}, 0)
    {%- else -%}
    coalesce({{ safe_divide('sum(' ~ chosen ~ ')', 'count(' ~ chosen ~ ')') }}, 0)
    {%- endif %}
{%- endmacro %}

{% macro sample_std_where(value, condition='1 = 1') %}
    case
        -- Equal values do not vary: PostgreSQL's aggregate answers 2e-16 where parallel workers shared them.
        when
            max(case when {{ condition }} then {{ value }} end) > min(case when {{ condition }} then {{ value }} end)
            then {{ sample_std('case when ' ~ condition ~ ' then ' ~ value ~ ' end') }}
        else 0
    end
{%- endmacro %}

{% macro median_where(value, condition='1 = 1') %}
    coalesce({{ percentile('case when ' ~ condition ~ ' then ' ~ value ~ ' end', 0.5) }}, 0)
{%- endmacro %}
