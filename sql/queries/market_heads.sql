-- Open time of the newest candle of every market (epoch ms).
SELECT
    exchange,
    symbol,
    timeframe,
    toUnixTimestamp64Milli(max(head)) AS newest
FROM market_days
GROUP BY exchange, symbol, timeframe;
