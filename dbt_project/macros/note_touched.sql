{% macro forget_finished(notes) %}
    {%- if is_partial() -%}
    delete from {{ ref(notes) }} where noted_at <= {{ moment(env_var('DBT_LAST_BEGAN')) }}
    {%- endif -%}
{% endmacro %}

{% macro note_touched_trades() %}
    {%- if is_partial() -%}
    insert into {{ ref('int_trade_touched') }}
    with changes as (
        select
            *,
            row_number() over (partition by trade_id order by updated_at desc) as recency
        from {{ ref('stg_trade_changes') }}
        where {{ known_as_of('updated_at') }} and {{ changed_since('updated_at') }}
    ),
    places as (
        {% for relation, condition in [
            ('changes', 'recency = 1 and is_closed'), (this, 'trade_id in (select changes.trade_id from changes)')
        ] -%}
        select trade_id, exchange, origin_group, agent_id, decision_id, opened_at, closed_at
        from {{ relation }}
        where {{ condition }}
        {% if not loop.last -%}
        union all
        {% endif -%}
        {% endfor %}
    )
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
    with changes as (
        select
            *,
            row_number() over (partition by decision_id order by updated_at desc) as recency
        from {{ ref('stg_decision_changes') }}
        where {{ arrived_since('arrived_at') }}
    ),
    places as (
        {% for relation, condition in [
            ('changes', 'recency = 1'), (this, 'decision_id in (select changes.decision_id from changes)')
        ] -%}
        select decision_id, exchange, origin_group, agent_id, trade_id, cycle_id, decided_at
        from {{ relation }}
        where {{ condition }}
        {% if not loop.last -%}
        union all
        {% endif -%}
        {% endfor %}
    )
    select
        decision_id, exchange, origin_group, agent_id, trade_id, cycle_id,
        {{ typed(day_of('decided_at'), 'date') }},
        {{ moment(env_var('DBT_BEGAN')) }}
    from places
    {%- endif -%}
{% endmacro %}

{% macro note_touched_units() %}
    {%- if is_partial() -%}
    insert into {{ ref('int_prompt_touched') }}
    select distinct exchange, origin_group, agent_id, day, {{ moment(env_var('DBT_BEGAN')) }}
    from {{ this }}
    where unit in (select unit from {{ ref('int_unit_touched') }})
    {%- endif -%}
{% endmacro %}
