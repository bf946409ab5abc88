{{ config(
    order_by=['exchange', 'origin_group', 'scope', 'agent_id', 'prompt_version', 'regime'],
    indexes=[{'columns': ['exchange', 'origin_group', 'scope', 'agent_id', 'prompt_version', 'regime'], 'unique': true}]
        if target.type == 'postgres' else [],
) }}

{%- set scopes = {
    'version': ["'all'", "'all'"],
    'agent': ['agent_id', "'all'"],
    'regime': ['agent_id', 'regime'],
} %}

with scoped as (

    {% for scope, (agent, regime) in scopes.items() -%}
    select
        exchange,
        origin_group,
        '{{ scope }}' as scope,
        {{ agent }} as agent,
        prompt_version,
        {{ regime }} as market,
        day,
        currency,
        decisions,
        traded,
        trades_without_decision,
        judged,
        correct,
        confident,
        confidence_sum,
        trades,
        scored,
        wins,
        net_pnl,
        fees,
        costed,
        cost,
        prompt_tokens,
        completion_tokens,
        returns,
        return_sum
    from {{ ref('prompt_days') }}
    {% if not loop.last -%}
    union all
    {% endif -%}
    {% endfor %}
),

added as (

    select
        exchange,
        origin_group,
        scope,
        agent,
        prompt_version,
        market,
        case when min(currency) = max(currency) then max(currency) end as currency,
        sum(decisions) as decisions,
        sum(traded) as traded,
        sum(trades_without_decision) as trades_without_decision,
        sum(judged) as judged,
        sum(correct) as correct,
        sum(confident) as confident,
        sum(confidence_sum) as confidence_sum,
        sum(trades) as trades,
        sum(scored) as scored,
        sum(wins) as wins,
        {{ exact_sum('net_pnl') }} as net_pnl,
        {{ exact_sum('fees') }} as fees,
        sum(costed) as costed,
        {{ exact_sum('cost') }} as cost,
        sum(prompt_tokens) as prompt_tokens,
        sum(completion_tokens) as completion_tokens,
        sum(returns) as returns,
        {{ sum_of_products('return_sum') }} as return_sum,
        min(day) as first_day,
        max(day) as last_day
    from scoped
    group by exchange, origin_group, scope, agent, prompt_version, market

)

select
    {{ typed('exchange', 'text') }} as exchange,
    {{ typed('origin_group', 'text') }} as origin_group,
    {{ typed('scope', 'text') }} as scope,
    {{ typed('agent', 'text') }} as agent_id,
    {{ typed('prompt_version', 'text') }} as prompt_version,
    {{ typed('market', 'text') }} as regime,
    {{ typed('currency', 'text', nullable=true) }} as currency,
    {{ typed('decisions', 'int') }} as decisions,
    {{ typed('traded', 'int') }} as traded,
    {{ typed('trades_without_decision', 'int') }} as trades_without_decision,
    {{ typed('judged', 'int') }} as judged,
    {{ typed('correct', 'int') }} as correct,
    {{ typed(safe_divide('correct', 'judged'), 'float', nullable=true) }} as accuracy,
    {{ typed(wilson('correct', 'judged', 'low'), 'float', nullable=true) }} as accuracy_low,
    {{ typed(wilson('correct', 'judged', 'high'), 'float', nullable=true) }} as accuracy_high,
    {{ typed(safe_divide('confidence_sum', 'confident'), 'float', nullable=true) }} as avg_confidence,
    {{ typed('trades', 'int') }} as trades,
    {{ typed('scored', 'int') }} as scored,
    {{ typed('wins', 'int') }} as wins,
    {{ typed(safe_divide('wins', 'scored'), 'float', nullable=true) }} as win_rate,
    {{ typed(wilson('wins', 'scored', 'low'), 'float', nullable=true) }} as win_rate_low,
    {{ typed(wilson('wins', 'scored', 'high'), 'float', nullable=true) }} as win_rate_high,
    {{ typed('case when currency is not null then net_pnl end', 'total', nullable=true) }} as net_pnl,
    {{ typed('case when currency is not null then fees end', 'total', nullable=true) }} as fees,
    {{ typed('costed', 'int') }} as costed,
    {{ typed('cost', 'total', nullable=true) }} as cost,
    {{ typed(divide_wide('cost', 'costed'), 'float', nullable=true) }} as avg_cost,
    {{ typed(
        "case when currency in ('USD', 'USDT', 'USDC', 'USDE') then net_pnl - coalesce(cost, 0) end",
        'total', nullable=true
    ) }} as net_pnl_after_cost,
    {{ typed('prompt_tokens', 'int', nullable=true) }} as prompt_tokens,
    {{ typed('completion_tokens', 'int', nullable=true) }} as completion_tokens,
    {{ typed('returns', 'int') }} as returns,
    {{ typed(divide_wide('return_sum', typed('returns', 'product')), 'float', nullable=true) }} as avg_net_return,
    {{ typed('first_day', 'date') }} as first_day,
    {{ typed('last_day', 'date') }} as last_day
from added
