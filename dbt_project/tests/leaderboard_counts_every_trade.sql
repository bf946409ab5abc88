{{ config(meta={"dagster": {"ref": {"name": "leaderboard"}}}) }}
-- The board and the facts hold the same trades, wins and money.
with board as (
    select
        sum(trades) as trades,
        sum(wins) as wins,
        sum(net_pnl) as net_pnl
    from {{ ref('leaderboard') }}
),

facts as (
    select
        count(*) as trades,
        count(case when is_win then 1 end) as wins,
        {{ exact_sum('net_pnl') }} as net_pnl
    from {{ ref('trade_facts') }}
)

select *
from board
cross join facts
where
    coalesce(board.trades, 0) <> facts.trades
    or coalesce(board.wins, 0) <> facts.wins
    or coalesce(board.net_pnl, 0) <> coalesce(facts.net_pnl, 0)
