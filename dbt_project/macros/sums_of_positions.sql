{% macro sums_of_positions() %}
    {%- set entered = "quantity is not null and entry_price is not null" -%}
    {{ typed('count(*)', 'int') }} as positions,
    {{ typed("count(case when " ~ entered ~ " then 1 end)", 'int') }} as entered_positions,
    {{ exact_sum("case when side = 'long' then quantity end") }} as long_quantity,
    {{ exact_sum("case when side = 'short' then quantity end") }} as short_quantity,
    -- What these positions rise by is their quantity times the mark, less what they cost; shorts count negative.
    {{ exact_sum("case when " ~ entered ~ " then case when side = 'long' then quantity else -quantity end end") }}
        as net_quantity,
    {{ sum_of_products("case when " ~ entered ~ " then case when side = 'long' then notional else -notional end end") }}
        as net_cost
{%- endmacro %}
