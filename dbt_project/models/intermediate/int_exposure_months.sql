{{ config(
    materialized='incremental',
    incremental_strategy='append',
    order_by=['exchange', 'origin_group', 'agent_id', 'month'],
    indexes=[{'columns': ['agent_id', 'month', 'exchange', 'origin_group'], 'unique': true}] if target.type == 'postgres' else [],
    pre_hook=[
        "{{ join_by_hash() }}",
        "{{ forget(['exchange', 'origin_group', 'agent_id', 'month'], touched(each_month('first_day', 'last_day') ~ ' as month')) }}",
    ],
) }}
-- depends_on: {{ ref('int_trade_touched') }}, {{ ref('int_trade_months') }}

with agents as (

    {{ numbered_agents(touched(none) if is_partial() else every_agent('int_trade_months')) }}

),

{% if is_partial() -%}
months as (

    select
        agents.number as number,
        touched.month as month
    from ({{ touched(each_month('first_day', 'last_day') ~ ' as month') }}) as touched
    inner join agents
        on
            touched.agent_id = agents.agent_id
            and touched.exchange = agents.exchange
            and touched.origin_group = agents.origin_group

),

spans as (

    select
        number,
        min(month) as since_day
    from months
    group by number

),

{% endif -%}
held as (

    select
        agents.number as number,
        facts.trade_id as trade_id,
        facts.opened_at as opened_at,
        facts.closed_at as closed_at,
        {{ each_month(day_of('facts.opened_at'), 'facts.day') }} as month
    from {{ ref('trade_facts') }} as facts
    inner join agents
        on
            facts.agent_id = agents.agent_id
            and facts.exchange = agents.exchange
            and facts.origin_group = agents.origin_group
    {%- if is_partial() %}
    inner join spans
        on agents.number = spans.number
    {%- endif %}
    where
        facts.opened_at is not null
        {%- if is_partial() %}
        and facts.day >= spans.since_day
        and {{ not_before('facts.day', month_of('first_day')) }}
        {%- endif %}

),

-- What of each trade lies in the month.
cut as (

    select
        held.number as number,
        held.trade_id as trade_id,
        held.month as month,
        case
            when held.opened_at < {{ start_of('held.month') }} then {{ start_of('held.month') }} else held.opened_at
        end as began_at,
        case
            when held.closed_at > {{ start_of(month_after('held.month')) }} then {{ start_of(month_after('held.month')) }}
            else held.closed_at
        end as ended_at
    from held
    {%- if is_partial() %}
    inner join months
        on
            held.number = months.number
            and held.month = months.month
    {%- endif %}

),

followed as (

    select
        *,
        max({{ typed('ended_at', 'timestamp', nullable=true) }}) over (
            partition by number, month
            order by began_at, ended_at, {{ by_bytes('trade_id') }}
            rows between unbounded preceding and 1 preceding
        ) as ended_before
    from cut

),

covered as (

    select
        number,
        month,
        -- Time that an earlier trade already covers counts once.
        sum(case
            when ended_before is null or ended_before <= began_at then {{ microseconds_between('began_at', 'ended_at') }}
            when ended_before < ended_at then {{ microseconds_between('ended_before', 'ended_at') }}
            else 0
        end) as microseconds_in_market
    from followed
    group by number, month

)

select
    agents.exchange as exchange,
    agents.origin_group as origin_group,
    agents.agent_id as agent_id,
    {{ typed('covered.month', 'date') }} as month,
    covered.microseconds_in_market as microseconds_in_market
from covered
inner join agents
    on covered.number = agents.number
