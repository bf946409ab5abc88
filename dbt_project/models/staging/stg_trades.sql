with
{%- if target.type == 'postgres' %}

known as {{ once_if(false) }}(

    select *
    from {{ source('trading', 'trades') }}
    where is_proven and {{ known_as_of('updated_at') }}

),

-- Nearly every trade has one version: only the others are put in order, and those that share a hash with another one.
several as {{ once() }}(

    select {{ hash_of('id') }} as trade
    from known
    group by {{ hash_of('id') }}
    having count(*) > 1

),

ordered as (

    select
        *,
        row_number() over (partition by id order by updated_at desc) as recency
    from known
    where {{ hash_of('id') }} in (select several.trade from several)

),

versions as (

    select
        {{ trade_change_columns() }},
        is_closed
    from known
    where {{ hash_of('id') }} not in (select several.trade from several)
    union all
    select
        {{ trade_change_columns() }},
        is_closed
    from ordered
    where recency = 1

)
{%- else %}

{%- set changes = source('trading', 'trade_changes') %}

versions as (

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

)
{%- endif %}

select
    {{ trade_columns() }}
from versions
