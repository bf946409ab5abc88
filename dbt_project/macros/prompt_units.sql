{% macro prompt_units(decisions, trades) %}
{%- set naming = 'select trade_id from ' ~ decisions ~ ' where trade_id is not null' -%}
{%- set known = 'select decision_id from ' ~ decisions %}
-- Which trades are the result of which decision: of the one that the trade names, else of one that names the trade.
named as (

    select
        trades.trade_id as trade_id,
        min({{ by_bytes('decisions.decision_id') }}) as decision_id
    from {{ decisions }} as decisions
    inner join (
        select trade_id
        from {{ trades }}
        where nullif(decision_id, '') is null and trade_id in ({{ naming }})
    ) as trades
        on decisions.trade_id = trades.trade_id
    group by trades.trade_id

),

recorded as (

    select
        nullif(decision_id, '') as decision_id,
        {{ trade_result() }}
    from {{ trades }}
    where nullif(decision_id, '') is not null

),

fills as (

    select *
    from recorded
    union all
    select
        {{ typed('named.decision_id', 'text', nullable=true) }} as decision_id,
        {{ trade_result('trades') }}
    from {{ trades }} as trades
    inner join named
        on trades.trade_id = named.trade_id

),

-- Several fills of a decision are one result. Where the net PnL or size of one is not known, that of the whole is not.
results as (

    select
        decision_id,
        {{ one_result() }}
    from fills
    group by decision_id

),

-- Of decisions that nobody has written down, a result lies where its fills do.
undecided as (

    select
        decision_id,
        min({{ by_bytes('exchange') }}) as exchange,
        min({{ by_bytes('origin_group') }}) as origin_group,
        min({{ by_bytes('agent_id') }}) as agent_id,
        min({{ by_bytes('symbol') }}) as symbol,
        min(day) as day,
        {{ one_result() }}
    from recorded
    where {{ not_among('recorded.decision_id', known, 'decision_id') }}
    group by decision_id

),

joined as (

    select
        'decision ' || decided.decision_id as unit,
        decided.exchange as exchange,
        decided.origin_group as origin_group,
        decided.agent_id as agent_id,
        decided.symbol as symbol,
        coalesce(nullif(decided.prompt_version, ''), nullif(results.prompt_version, ''), 'not known') as prompt_version,
        decided.day as day,
        results.currency as currency,
        1 as decisions,
        case when decided.is_traded or results.trades is not null then 1 else 0 end as traded,
        decided.is_correct as is_correct,
        decided.confidence as confidence,
        decided.prompt_tokens as prompt_tokens,
        decided.completion_tokens as completion_tokens,
        decided.cost as cost,
        coalesce(results.trades, 0) as trades,
        {{ typed('results.net_pnl', 'total', nullable=true) }} as net_pnl,
        {{ typed('results.fees', 'total', nullable=true) }} as fees,
        results.notional as notional
    from {{ decisions }} as decided
    left join results
        on decided.decision_id = results.decision_id
    union all
    select
        'decision ' || decision_id as unit,
        {{ no_decision() }}
        trades,
        {{ typed('net_pnl', 'total', nullable=true) }} as net_pnl,
        {{ typed('fees', 'total', nullable=true) }} as fees,
        notional
    from undecided
    union all
    select
        'trade ' || trade_id as unit,
        {{ no_decision(day_of('coalesce(opened_at, closed_at)')) }}
        1 as trades,
        {{ typed('net_pnl', 'total', nullable=true) }} as net_pnl,
        {{ typed('fee', 'total', nullable=true) }} as fees,
        notional
    from {{ trades }} as trades
    where nullif(decision_id, '') is null and {{ not_among('trades.trade_id', naming, 'trade_id') }}

),

units as (

    select
        {{ typed('unit', 'text') }} as unit,
        {{ typed('exchange', 'text') }} as exchange,
        {{ typed('origin_group', 'text') }} as origin_group,
        {{ typed('agent_id', 'text') }} as agent_id,
        {{ typed('symbol', 'text') }} as symbol,
        {{ typed('prompt_version', 'text') }} as prompt_version,
        {{ typed('day', 'date') }} as day,
        currency,
        decisions,
        traded,
        is_correct,
        confidence,
        prompt_tokens,
        completion_tokens,
        cost,
        trades,
        net_pnl,
        fees,
        -- The model is paid in USD: its price is taken off where the account counts in dollars.
        {{ exact_ratio(
            "net_pnl - case when currency in ('USD', 'USDT', 'USDC', 'USDE') then coalesce(cost, 0) else 0 end", 'notional'
        ) }} as net_return
    from joined

)
{%- endmacro %}

{% macro one_result() -%}
    min({{ by_bytes('prompt_version') }}) as prompt_version,
    min({{ by_bytes('currency') }}) as currency,
    count(*) as trades,
    case when count(net_pnl) = count(*) then {{ exact_sum('net_pnl') }} end as net_pnl,
    {{ exact_sum('fee') }} as fees,
    case when count(notional) = count(*) then {{ sum_of_products('notional') }} end as notional
{%- endmacro %}

{% macro no_decision(day='day') -%}
    exchange,
    origin_group,
    agent_id,
    symbol,
    {{ named_version() }} as prompt_version,
    {{ day }} as day,
    currency,
    0 as decisions,
    0 as traded,
    {{ typed('null', 'bool', nullable=true) }} as is_correct,
    {{ typed('null', 'decimal', nullable=true) }} as confidence,
    {{ typed('null', 'int', nullable=true) }} as prompt_tokens,
    {{ typed('null', 'int', nullable=true) }} as completion_tokens,
    {{ typed('null', 'decimal', nullable=true) }} as cost,
{%- endmacro %}

{% macro trade_result(table=none) %}
    {%- set of = table ~ '.' if table else '' -%}
    {%- for column in ['exchange', 'origin_group', 'agent_id', 'symbol', 'prompt_version', 'currency', 'net_pnl', 'fee', 'notional'] -%}
    {{ of }}{{ column }} as {{ column }},
    {% endfor -%}
    {{ day_of('coalesce(' ~ of ~ 'opened_at, ' ~ of ~ 'closed_at)') }} as day
{%- endmacro %}
