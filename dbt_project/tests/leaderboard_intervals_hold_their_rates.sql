select *
from {{ ref('leaderboard') }}
where
    wins > scored_trades
    or scored_trades > trades
    or (scored_trades > 0 and win_rate is null)
    or not win_rate between win_rate_low and win_rate_high
