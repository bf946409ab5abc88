{% macro forget_finished(notes) %}
    {%- if is_partial() -%}
    delete from {{ ref(notes) }} where noted_at <= {{ moment(env_var('DBT_LAST_BEGAN')) }}
    {%- endif -%}
{% endmacro %}

{% macro before_and_after(key, columns, changes, changed, is_there='1 = 1') %}
    with changes as (
        select
            *,
            row_number() over (partition by {{ key }} order by updated_at desc) as recency
        from {{ changes }}
        where {{ changed }}
    ),
    places as (
        select {{ columns }}
        from changes
        where recency = 1 and {{ is_there }}
        union all
        select {{ columns }}
        from {{ this }}
        where {{ key }} in (select changes.{{ key }} from changes)
    )
{%- endmacro %}

{% macro note_touched_trades() %}
    {%- if is_partial() -%}
    insert into {{ ref('int_trade_touched') }}
    {{ before_and_after(
        'trade_id',
        'trade_id, exchange, origin_group, agent_id, decision_id, opened_at, closed_at',
        ref('stg_trade_changes'),
        known_as_of('updated_at') ~ ' and ' ~ changed_since('updated_at'),
        'is_closed'
    ) }}
    select
        trade_id, exchange, origin_group, agent_id, decision_id,
        {{ typed(day_of('coalesce(opened_at, closed_at)'), 'date') }},
        {{ typed(day_of('closed_at'), 'date') }},
        {{ typed(month_of(day_of('closed_at')), 'date') }},
        {{ moment(env_var('DBT_BEGAN')) }}
    from places
    {%- endif -%}
{% endmacro %}

{% macro note_touched_decisions() %}
    {%- if is_partial() -%}
    insert into {{ ref('int_decision_touched') }}
    {{ before_and_after(
        'decision_id',
        'decision_id, exchange, origin_group, agent_id, prompt_version, trade_id, cycle_id, decided_at',
        ref('stg_decision_changes'),
        copied_since('decisions')
    ) }}
    select
        decision_id, exchange, origin_group, agent_id, {{ typed(named_version(), 'text') }}, trade_id, cycle_id,
        {{ typed(day_of('decided_at'), 'date') }},
        {{ moment(env_var('DBT_BEGAN')) }}
    from places
    {%- endif -%}
{% endmacro %}

{% macro note_touched_positions() %}
    {%- set columns = 'trade_id, agent_id, exchange, origin_group, symbol, side, currency, quantity, entry_price, opened_at' -%}
    {%- if is_partial() -%}
    insert into {{ ref('int_open_touched') }}
    select
        trade_id, exchange, origin_group, agent_id,
        {{ typed(day_of('opened_at'), 'date') }},
        {{ moment(env_var('DBT_BEGAN')) }}
    from (
        (select {{ columns }} from {{ ref('stg_open_positions') }} except distinct select {{ columns }} from {{ this }})
        union all
        (select {{ columns }} from {{ this }} except distinct select {{ columns }} from {{ ref('stg_open_positions') }})
    ) as changes
    {%- endif -%}
{% endmacro %}
