{{ config(
    order_by=['exchange', 'origin_group', 'agent_id', 'prompt_version', 'symbol', 'day'],
    indexes=[{'columns': ['exchange', 'origin_group', 'agent_id', 'prompt_version', 'symbol', 'day'], 'unique': true}]
        if target.type == 'postgres' else [],
) }}

with days as (

    select
        exchange,
        origin_group,
        agent_id,
        prompt_version,
        symbol,
        day,
        case when min({{ by_bytes('currency') }}) = max({{ by_bytes('currency') }}) then max({{ by_bytes('currency') }}) end as currency,
        sum(decisions) as decisions,
        sum(traded) as traded,
        count(*) - sum(decisions) as trades_without_decision,
        count(is_correct) as judged,
        count(case when is_correct then 1 end) as correct,
        count(confidence) as confident,
        sum(confidence) as confidence_sum,
        sum(trades) as trades,
        count(net_pnl) as scored,
        count(case when net_pnl > 0 then 1 end) as wins,
        {{ exact_sum('net_pnl') }} as net_pnl,
        {{ exact_sum('fees') }} as fees,
        count(cost) as costed,
        {{ exact_sum('cost') }} as cost,
        sum(prompt_tokens) as prompt_tokens,
        sum(completion_tokens) as completion_tokens,
        count(net_return) as returns,
        {{ sum_of_products(typed('net_return', 'product', nullable=true)) }} as return_sum
    from {{ ref('int_prompt_units') }}
    group by exchange, origin_group, agent_id, prompt_version, symbol, day

)

select
    {{ typed('days.exchange', 'text') }} as exchange,
    {{ typed('days.origin_group', 'text') }} as origin_group,
    {{ typed('days.agent_id', 'text') }} as agent_id,
    {{ typed('days.prompt_version', 'text') }} as prompt_version,
    {{ typed('days.symbol', 'text') }} as symbol,
    {{ typed('days.day', 'date') }} as day,
    {{ typed("coalesce(regimes.regime, 'not known')", 'text') }} as regime,
    {{ typed('days.currency', 'text', nullable=true) }} as currency,
    {{ typed('days.decisions', 'int') }} as decisions,
    {{ typed('days.traded', 'int') }} as traded,
    {{ typed('days.trades_without_decision', 'int') }} as trades_without_decision,
    {{ typed('days.judged', 'int') }} as judged,
    {{ typed('days.correct', 'int') }} as correct,
    {{ typed('days.confident', 'int') }} as confident,
    {{ typed('days.confidence_sum', 'decimal', nullable=true) }} as confidence_sum,
    {{ typed('days.trades', 'int') }} as trades,
    {{ typed('days.scored', 'int') }} as scored,
    {{ typed('days.wins', 'int') }} as wins,
    {{ typed('days.net_pnl', 'total', nullable=true) }} as net_pnl,
    {{ typed('days.fees', 'total', nullable=true) }} as fees,
    {{ typed('days.costed', 'int') }} as costed,
    {{ typed('days.cost', 'total', nullable=true) }} as cost,
    {{ typed('days.prompt_tokens', 'int', nullable=true) }} as prompt_tokens,
    {{ typed('days.completion_tokens', 'int', nullable=true) }} as completion_tokens,
    {{ typed('days.returns', 'int') }} as returns,
    {{ typed('days.return_sum', 'product', nullable=true) }} as return_sum
from days
left join {{ ref('stg_instrument_markets') }} as markets
    on
        days.exchange = markets.exchange
        and days.symbol = markets.symbol
left join {{ ref('int_market_regimes') }} as regimes
    on
        markets.market_exchange = regimes.exchange
        and markets.market_symbol = regimes.symbol
        and days.day = regimes.day
