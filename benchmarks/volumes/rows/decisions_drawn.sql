-- Decisions without ids and times: most of them to hold, one in five traded and scored.
CREATE TEMP TABLE drawn_decisions AS
SELECT
    *,
    action <> 'hold' AS traded,
    format('agent-%s', lpad(rank::text, 3, '0')) AS agent_id,
    round((random() * 10)::numeric, 2) AS technical,
    round((random() * 10)::numeric, 2) AS news,
    round((random() * 10)::numeric, 2) AS final,
    CASE WHEN action <> 'hold' THEN round((random() * 6 - 2.9)::numeric, 3) END AS pnl_percent,
    CASE WHEN action <> 'hold' THEN random() < confidence END AS correct,
    format('%s: trend and funding agree on %s at %s, stop below the last low, size by volatility', symbol, action, price)
        AS reasoning,
    jsonb_build_object('price', price, 'rsi', round((random() * 100)::numeric, 1), 'funding', 0.0001) AS snapshot
FROM (
    SELECT
        number,
        {rank} AS rank,
        (ARRAY['BTC', 'BTC', 'BTC', 'ETH', 'ETH', 'SOL', 'BNB', 'DOGE', 'XRP'])[1 + floor(random() * 9)::int] AS symbol,
        (ARRAY['hold', 'hold', 'hold', 'hold', 'hold', 'hold', 'hold', 'hold', 'long', 'short'])[1 + floor(random() * 10)::int]
            AS action,
        round((0.5 + random() / 2)::numeric, 2) AS confidence,
        round((10 + 60000 * random() ^ 4)::numeric, 4) AS price
    FROM generate_series(0, {drawn} - 1) AS number
) AS chance
