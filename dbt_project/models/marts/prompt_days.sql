{{ config(
    materialized='view',
    query_settings={'join_use_nulls': 1} if target.type == 'clickhouse' else {},
) }}

select
    days.exchange as exchange,
    days.origin_group as origin_group,
    days.agent_id as agent_id,
    days.prompt_version as prompt_version,
    days.symbol as symbol,
    days.day as day,
    {{ typed("coalesce(regimes.regime, 'not known')", 'text') }} as regime,
    days.currency as currency,
    days.decisions as decisions,
    days.traded as traded,
    days.trades_without_decision as trades_without_decision,
    days.judged as judged,
    days.correct as correct,
    days.confident as confident,
    days.confidence_sum as confidence_sum,
    days.trades as trades,
    days.scored as scored,
    days.wins as wins,
    days.net_pnl as net_pnl,
    days.fees as fees,
    days.costed as costed,
    days.cost as cost,
    days.prompt_tokens as prompt_tokens,
    days.completion_tokens as completion_tokens,
    days.returns as returns,
    days.return_sum as return_sum
from {{ ref('int_prompt_days') }} as days
left join {{ ref('stg_instrument_markets') }} as markets
    on
        days.exchange = markets.exchange
        and days.symbol = markets.symbol
left join {{ ref('int_market_regimes') }} as regimes
    on
        markets.market_exchange = regimes.exchange
        and markets.market_symbol = regimes.symbol
        and days.day = regimes.day
