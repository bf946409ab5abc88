-- One row per decision, whether traded or not, and per trade that belongs to no known decision.
with links as (

    select
        trade_id,
        min({{ by_bytes('decision_id') }}) as decision_id
    from {{ ref('stg_decision_links') }}
    where trade_id is not null
    group by trade_id

),

linked as (

    select
        facts.exchange as exchange,
        facts.origin_group as origin_group,
        facts.agent_id as agent_id,
        facts.symbol as symbol,
        facts.prompt_version as prompt_version,
        facts.currency as currency,
        facts.net_pnl as net_pnl,
        facts.fee as fee,
        facts.notional as notional,
        {{ day_of('coalesce(facts.opened_at, facts.closed_at)') }} as day,
        case
            when nullif(facts.decision_id, '') is not null then 'decision ' || facts.decision_id
            when links.decision_id is not null then 'decision ' || links.decision_id
            else 'trade ' || facts.trade_id
        end as unit
    from {{ ref('trade_facts') }} as facts
    left join links
        on facts.trade_id = links.trade_id

),

-- Several fills of a decision are one result. Where the net PnL or size of one is not known, that of the whole is not.
fills as (

    select
        unit,
        min({{ by_bytes('exchange') }}) as exchange,
        min({{ by_bytes('origin_group') }}) as origin_group,
        min({{ by_bytes('agent_id') }}) as agent_id,
        min({{ by_bytes('symbol') }}) as symbol,
        min({{ by_bytes('prompt_version') }}) as prompt_version,
        min({{ by_bytes('currency') }}) as currency,
        min(day) as day,
        count(*) as trades,
        case when count(net_pnl) = count(*) then {{ exact_sum('net_pnl') }} end as net_pnl,
        {{ exact_sum('fee') }} as fees,
        case when count(notional) = count(*) then {{ sum_of_products('notional') }} end as notional
    from linked
    group by unit

),

decisions as (

    select
        'decision ' || decision_id as unit,
        exchange,
        origin_group,
        agent_id,
        symbol,
        prompt_version,
        confidence,
        cost,
        prompt_tokens,
        completion_tokens,
        is_traded,
        is_correct,
        {{ day_of('decided_at') }} as day
    from {{ ref('stg_decisions') }}

),

joined as (

    select
        coalesce(decisions.unit, fills.unit) as unit,
        coalesce(decisions.exchange, fills.exchange) as exchange,
        coalesce(decisions.origin_group, fills.origin_group) as origin_group,
        coalesce(decisions.agent_id, fills.agent_id) as agent_id,
        coalesce(decisions.symbol, fills.symbol) as symbol,
        coalesce(nullif(decisions.prompt_version, ''), nullif(fills.prompt_version, ''), 'not known') as prompt_version,
        coalesce(decisions.day, fills.day) as day,
        fills.currency as currency,
        case when decisions.unit is not null then 1 else 0 end as decisions,
        case when decisions.is_traded or (decisions.unit is not null and fills.unit is not null) then 1 else 0 end as traded,
        decisions.is_correct as is_correct,
        decisions.confidence as confidence,
        decisions.prompt_tokens as prompt_tokens,
        decisions.completion_tokens as completion_tokens,
        decisions.cost as cost,
        coalesce(fills.trades, 0) as trades,
        fills.net_pnl as net_pnl,
        fills.fees as fees,
        fills.notional as notional
    from decisions
    full outer join fills
        on decisions.unit = fills.unit

)

select
    unit,
    exchange,
    origin_group,
    agent_id,
    symbol,
    prompt_version,
    day,
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
