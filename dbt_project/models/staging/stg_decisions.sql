with versions as (

    {% if target.type == 'postgres' -%}
    select * from {{ source('trading', 'decisions') }}
    where {{ as_copied() }}
    {%- else -%}
    select {{ decision_change_columns() }}
    from {{ source('trading', 'decisions') }}
    where {{ as_copied() }}
    {%- if env_var('DBT_COPIED_UNTIL', '') %}
    union all
    -- The version up to the cut of a decision that has a newer one.
    select {{ decision_change_columns() }}
    from {{ source('decision_changes', 'decision_changes') }}
    where
        {{ as_copied() }}
        and id in (
            select id from {{ source('decision_changes', 'decision_changes') }}
            where not ({{ as_copied() }})
        )
    {%- endif %}
    {%- endif %}

)

select
    {{ decision_columns() }}
from versions
