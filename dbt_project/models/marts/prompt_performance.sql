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

{%- set sums = [
    'decisions', 'traded', 'trades_without_decision', 'judged', 'correct', 'confident', 'confidence_sum', 'trades', 'scored',
    'wins', 'costed', 'prompt_tokens', 'completion_tokens', 'returns',
] %}
{%- set exact_sums = ['net_pnl', 'fees', 'cost'] %}
{#- Trades without a currency are those of several. -#}
{%- set added_up -%}
        case
            when min(currency) = max(currency) and max(case when currency is null and trades > 0 then 1 else 0 end) = 0
                then max(currency)
        end as currency,
        {% for name in sums -%}
        sum({{ name }}) as {{ name }},
        {% endfor -%}
        {% for name in exact_sums -%}
        {{ exact_sum(name) }} as {{ name }},
        {% endfor -%}
        {{ sum_of_products('return_sum') }} as return_sum,
{%- endset %}

with regimes as (

    select
        exchange,
        origin_group,
        agent_id,
        prompt_version,
        regime,
        {{ added_up }}
        min(day) as first_day,
        max(day) as last_day
    from {{ ref('prompt_days') }}
    group by exchange, origin_group, agent_id, prompt_version, regime

),

scoped as (

    {% for scope, (agent, regime) in scopes.items() -%}
    select
        exchange,
        origin_group,
        '{{ scope }}' as scope,
        {{ agent }} as agent,
        prompt_version,
        {{ regime }} as market,
        currency,
        {% for name in sums + exact_sums -%}
        {{ name }},
        {% endfor -%}
        return_sum,
        first_day,
        last_day
    from regimes
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
        {{ added_up }}
        min(first_day) as first_day,
        max(last_day) as last_day
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
