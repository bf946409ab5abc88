{% macro log1p(x) %}
    {#- ln(1 + x), also where 1 + x would lose the digits of x: three terms err by x to the fourth. -#}
    case
        when abs({{ x }}) < 1e-5 then ({{ x }}) - ({{ x }}) * ({{ x }}) / 2 + ({{ x }}) * ({{ x }}) * ({{ x }}) / 3
        when {{ x }} > -1 then ln(1 + ({{ x }}))
    end
{%- endmacro %}

{% macro expm1(x) %}
    {#- exp(x) - 1 likewise. Beyond 700 a double ends (709.78): NULL; below -700 nothing is left: -1. -#}
    case
        when abs({{ x }}) < 1e-5 then ({{ x }}) + ({{ x }}) * ({{ x }}) / 2 + ({{ x }}) * ({{ x }}) * ({{ x }}) / 6
        when {{ x }} < -700 then -1
        when {{ x }} <= 700 then exp({{ x }}) - 1
    end
{%- endmacro %}
