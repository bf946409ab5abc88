{% macro mean_where(value, condition='1 = 1') %}
    {#- The sum is exact and divided once, so that engines agree also where a mean is near zero. -#}
    coalesce({{ safe_divide(
        'sum(case when ' ~ condition ~ ' then ' ~ value ~ ' end)', 'count(case when ' ~ condition ~ ' then ' ~ value ~ ' end)'
    ) }}, 0)
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
