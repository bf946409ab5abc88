-- What archived trades did, by instrument and full hour (by midnight before `split`); `fresh` are trades that
-- PostgreSQL knows better. One pass, one statement: a trade that is archived meanwhile is counted once.
SELECT
    agent_id,
    exchange,
    symbol,
    event.1 AS hour,
    sum(event.2) AS closed,
    sum(event.3) AS won,
    sum(event.4) AS lost,
    sum(event.5) AS net,
    sum(event.6) AS size,
    sum(event.7) AS cost,
    max(origin NOT IN ('live', 'recorded', 'repaired')) AS made_up,
    max(version) AS version
FROM
(
    SELECT
        agent_id,
        exchange,
        symbol,
        origin,
        toUnixTimestamp64Micro(updated_at) AS version,
        opened_at IS NOT NULL AND quantity IS NOT NULL AND entry_price IS NOT NULL AS sized,
        toDecimal256(ifNull(quantity, 0), 18) * if(side = 'long', 1, -1) * if(sized, 1, 0) AS units,
        units * toDecimal256(ifNull(entry_price, 0), 18) AS worth,
        arrayJoin([
            (
                toUnixTimestamp64Micro(ifNull(opened_at, closed_at)), toUInt64(0), toUInt64(0), toUInt64(0),
                toDecimal256(0, 18), units, worth
            ),
            (
                toUnixTimestamp64Micro(closed_at), toUInt64(1), toUInt64(ifNull(net_pnl > 0, 0)),
                toUInt64(ifNull(net_pnl < 0, 0)), toDecimal256(ifNull(net_pnl, 0), 18), -units, -worth
            )
        ]) AS raw,
        intDiv(raw.1 + 3599999999, 3600000000) AS full,
        tupleConcat(tuple(if(full <= {split:Int64}, intDiv(full + 23, 24) * 24, full)), tuple(raw.2, raw.3, raw.4, raw.5, raw.6, raw.7))
            AS event
    FROM trades_history
    WHERE id NOT IN (SELECT id FROM fresh)
)
WHERE event.1 <= {last:Int64}
GROUP BY agent_id, exchange, symbol, hour
