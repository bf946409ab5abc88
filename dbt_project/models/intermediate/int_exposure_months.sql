{{ config(
    materialized='incremental',
    incremental_strategy='append',
    order_by=['exchange', 'origin_group', 'agent_id', 'month'],
    indexes=[{'columns': ['agent_id', 'month', 'exchange', 'origin_group'], 'unique': true}] if target.type == 'postgres' else [],
    pre_hook="{{ forget(['exchange', 'origin_group', 'agent_id', 'month'], touched(each_month('first_day', 'last_day') ~ ' as month')) }}",
) }}
-- depends_on: {{ ref('int_trade_touched') }}

with spans as (

    {% if is_partial() -%}
    select
        exchange,
        origin_group,
        agent_id,
        {{ month_of('min(first_day)') }} as since_day
    from {{ ref('int_trade_touched') }}
    group by exchange, origin_group, agent_id
    {%- else -%}
    select 1
    {%- endif %}

),

months as (

    {{ touched(each_month('first_day', 'last_day') ~ ' as month') if is_partial() else 'select 1' }}

),

held as (

    select
        facts.exchange as exchange,
        facts.origin_group as origin_group,
        facts.agent_id as agent_id,
        facts.trade_id as trade_id,
        facts.opened_at as opened_at,
        facts.closed_at as closed_at,
        {{ each_month(day_of('facts.opened_at'), 'facts.day') }} as month
    from {{ ref('trade_facts') }} as facts
    {%- if is_partial() %}
    inner join spans
        on
            facts.agent_id = spans.agent_id
            and facts.exchange = spans.exchange
            and facts.origin_group = spans.origin_group
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
        held.exchange as exchange,
        held.origin_group as origin_group,
        held.agent_id as agent_id,
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
            held.agent_id = months.agent_id
            and held.month = months.month
            and held.exchange = months.exchange
            and held.origin_group = months.origin_group
    {%- endif %}

),

followed as (

    select
        *,
        max({{ typed('ended_at', 'timestamp', nullable=true) }}) over (
            partition by month, agent_id, exchange, origin_group
            order by began_at, ended_at, {{ by_bytes('trade_id') }}
            rows between unbounded preceding and 1 preceding
        ) as ended_before
    from cut

)

select
    exchange,
    origin_group,
    agent_id,
    {{ typed('month', 'date') }} as month,
    -- Time that an earlier trade already covers counts once.
    sum(case
        when ended_before is null or ended_before <= began_at then {{ microseconds_between('began_at', 'ended_at') }}
        when ended_before < ended_at then {{ microseconds_between('ended_before', 'ended_at') }}
        else 0
    end) as microseconds_in_market
from followed
group by month, agent_id, exchange, origin_group
