with versions as (

    {% if target.type == 'postgres' -%}
    select *
    from {{ source('trading', 'trade_changes') }}
    where is_proven
    {%- else -%}
    select
        *,
        status = 'closed' as is_closed
    from {{ source('trading', 'trade_changes') }}
    {%- endif %}

)

select
    {{ trade_columns() }}
from versions
