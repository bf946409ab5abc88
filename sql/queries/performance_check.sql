-- Impossible snapshots among those of days from `first` to `last`, and one of them. The count of an account never falls.
SELECT
    countIf(wrong),
    anyIf((agent_id, exchange, toString(timestamp)), wrong)
FROM
(
    SELECT
        agent_id,
        exchange,
        timestamp,
        winning_trades + losing_trades > total_trades
        OR total_trades < lagInFrame(total_trades, 1, 0) OVER (
            PARTITION BY agent_id, exchange ORDER BY timestamp ROWS BETWEEN 1 PRECEDING AND CURRENT ROW
        )
        OR ifNull(max_drawdown < 0 OR current_drawdown < 0 OR current_drawdown > max_drawdown + 1e-12, 0)
        OR ifNull(isNaN(sharpe_ratio) OR isInfinite(sharpe_ratio), 0) AS wrong
    FROM agent_performance
    WHERE timestamp > {first:Date} AND timestamp <= {last:Date} + INTERVAL 1 DAY
        AND JSONExtractString(details, 'by') = 'candlehouse'
)
