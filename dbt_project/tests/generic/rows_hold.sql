{% test rows_hold(model, not_null=[], not_negative=[], probabilities=[], one_of={}) %}
{%- set rules = [] -%}
{%- for column in not_null %}{% do rules.append((column ~ ' is null', column ~ ' is NULL')) %}{% endfor -%}
{%- for column in not_negative %}{% do rules.append((column ~ ' < 0', column ~ ' is negative')) %}{% endfor -%}
{%- for column in probabilities -%}
    {%- do rules.append(('not (' ~ column ~ ' between 0 and 1)', column ~ ' is not within 0 and 1')) -%}
{%- endfor -%}
{%- for column, values in one_of.items() -%}
    {%- do rules.append((column ~ " not in ('" ~ values | join("', '") ~ "')", column ~ ' is none of its values')) -%}
{%- endfor -%}
-- One row that names every column that breaks its rule, or none.
select broken
from (
    select
        {% for rule, said in rules -%}
        case when count(case when {{ rule }} then 1 end) > 0
            then '{{ said }} in ' || cast(count(case when {{ rule }} then 1 end) as text) || ' rows; ' else '' end
        {%- if not loop.last %} || {% endif %}
        {% endfor -%}
        as broken
    from {{ model }}
) as counted
where broken <> ''
{% endtest %}
