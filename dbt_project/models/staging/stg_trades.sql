with versions as (

    {% if target.type == 'postgres' -%}
    select *
    from {{ source('trading', 'trades') }}
    where is_proven
    {%- else -%}
    select
        {{ trade_change_columns() }},
        true as is_closed
    from {{ source('trading', 'trades') }}
    union all
    -- The version up to the cut of a trade that has a newer one; an erased trade is in the history no more.
    select
        {{ trade_change_columns() }},
        status = 'closed' as is_closed
    from {{ source('trading', 'trade_changes') }}
    where id in (
        select id from {{ source('trading', 'trades') }}
        where id in (select id from {{ source('trading', 'trade_changes') }})
    )
    {%- endif %}

)

select
    {{ trade_columns() }}
from versions
