with versions as (

    {% if target.type == 'postgres' -%}
    select *
    from {{ source('trading', 'trades') }}
    where is_proven
    {%- else -%}
    {%- set changes = source('trading', 'trade_changes') -%}
    select
        {{ trade_change_columns() }},
        true as is_closed
    from {{ source('trading', 'trades') }}
    where {{ known_as_of('updated_at') }}
    {%- if env_var('DBT_AS_OF', '') %}
    union all
    -- The version up to the cut of a trade that has a newer one.
    select
        {{ trade_change_columns() }},
        status = 'closed' as is_closed
    from (
        select *
        from {{ changes }}
        where {{ known_as_of('updated_at') }} and id in (
            select id from {{ changes }} where not ({{ known_as_of('updated_at') }})
        )
        order by updated_at desc
        limit 1 by id
    )
    {%- endif %}
    {%- endif %}

)

select
    {{ trade_columns() }}
from versions
