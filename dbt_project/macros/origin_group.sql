{% macro origin_group(origin) %}
    case
        when {{ origin }} in ('live', 'recorded', 'repaired') then 'real'
        when {{ origin }} = 'paper' then 'paper'
        else 'made up'
    end
{%- endmacro %}
