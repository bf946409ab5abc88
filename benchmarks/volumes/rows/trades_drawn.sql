-- Trades without ids and times: {drawn} closed ones, and the {open_rows} open ones.
CREATE TEMP TABLE drawn_trades AS
SELECT
    *,
    CASE WHEN NOT is_open THEN round(100 * (gross - 2 * fee) / (quantity * entry), 4) END AS pnl_percent
FROM (
    SELECT
        *,
        round(quantity * entry * 0.00045, 8) AS fee,
        CASE WHEN NOT is_open THEN round((outcome - entry) * quantity * CASE side WHEN 'short' THEN -1 ELSE 1 END, 8) END
            AS gross
    FROM (
        SELECT
            *,
            format('agent-%s', lpad(rank::text, 3, '0')) AS agent_id,
            CASE WHEN NOT is_open THEN round(entry * moved, 6) END AS outcome
        FROM (
            SELECT
                number,
                number >= {drawn} AS is_open,
                CASE WHEN number >= {drawn} THEN {open_rank} ELSE {rank} END AS rank,
                (ARRAY['BTC', 'BTC', 'BTC', 'ETH', 'ETH', 'SOL', 'BNB', 'DOGE', 'XRP'])[1 + floor(random() * 9)::int]
                    AS symbol,
                CASE WHEN random() < 0.7 THEN 'long' ELSE 'short' END AS side,
                round((0.001 + random() * 3)::numeric, 5) AS quantity,
                (1 + floor(random() * 20))::numeric AS leverage,
                round((0.5 + random() / 2)::numeric, 2) AS confidence,
                round((10 + 60000 * random() ^ 4)::numeric, 4) AS entry,
                (1 + (random() + random() + random() - 1.49) / 20)::numeric AS moved,
                -ln(1 - random()) * interval '4 hours' AS lasting
            FROM generate_series(0, {drawn} + {open_rows} - 1) AS number
        ) AS chance
    ) AS priced
) AS accounted
