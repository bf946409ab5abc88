-- Facade of the hybrid design: its names over the canonical tables. hybrid.X is read, hybrid_write.X is inserted into; plain
-- views of ClickHouse refuse INSERT (docs/clickhouse.md says what else was tried).
-- Ids are text, as in the canonical tables, so that they are recognised and joined everywhere. Money is Float64 as the design
-- prints it; figures that may be unknown are Nullable instead of a made up zero. Inserted floats become the shortest decimal
-- that means the same float, cut at 18 decimals; NaN, infinity and 1e20 and above are refused.
-- updated_at of an inserted row is its own time, so that a version that PostgreSQL archived wins.
-- No scalar subquery in a materialized view: the embedded engine (chDB 4.4) then loses what is streamed into it, without an error.

CREATE DATABASE IF NOT EXISTS hybrid COMMENT 'Facade of the hybrid design.';

CREATE DATABASE IF NOT EXISTS hybrid_write COMMENT 'Doors of the hybrid design: tables of the same names to INSERT into.';

CREATE OR REPLACE VIEW hybrid.market_ohlcv
(
    timestamp DateTime64(3, 'UTC') COMMENT 'Open time of the candle (UTC).',
    symbol LowCardinality(String) COMMENT 'Unified symbol such as BTC/USDT.',
    timeframe LowCardinality(String) COMMENT 'Timeframe, such as 5m.',
    open Float64 COMMENT 'First price, in quote currency.',
    high Float64 COMMENT 'Highest price, in quote currency.',
    low Float64 COMMENT 'Lowest price, in quote currency.',
    close Float64 COMMENT 'Last price, in quote currency.',
    volume Float64 COMMENT 'Traded volume, in base currency.',
    quote_volume Nullable(Float64) COMMENT 'Traded volume in quote currency; NULL where unknown.',
    trades Nullable(UInt32) COMMENT 'Number of trades; NULL where unknown.',
    date Date ALIAS toDate(timestamp) COMMENT 'UTC day of timestamp; not part of SELECT *, as in the design.'
)
AS SELECT
    timestamp,
    symbol,
    timeframe,
    open,
    high,
    low,
    close,
    volume,
    quote_volume,
    trades
FROM candles
WHERE (exchange, symbol) IN (SELECT exchange, symbol FROM home_markets)
COMMENT 'Closed candles of every timeframe, of one exchange per symbol: what the view candles shows.';

CREATE TABLE IF NOT EXISTS hybrid_write.market_ohlcv
(
    timestamp DateTime64(3, 'UTC') COMMENT 'Open time of the candle (UTC).',
    symbol LowCardinality(String) COMMENT 'Unified symbol such as BTC/USDT.',
    timeframe LowCardinality(String) COMMENT 'Timeframe, such as 5m.',
    open Float64 COMMENT 'First price, in quote currency.',
    high Float64 COMMENT 'Highest price, in quote currency.',
    low Float64 COMMENT 'Lowest price, in quote currency.',
    close Float64 COMMENT 'Last price, in quote currency.',
    volume Float64 COMMENT 'Traded volume, in base currency.',
    quote_volume Nullable(Float64) COMMENT 'Traded volume in quote currency; NULL where unknown.',
    trades Nullable(UInt32) COMMENT 'Number of trades; NULL where unknown.'
)
ENGINE = Null
COMMENT 'INSERT here what the design inserts into market_ohlcv; read hybrid.market_ohlcv. Keeps nothing itself.';

CREATE MATERIALIZED VIEW IF NOT EXISTS hybrid_write.market_ohlcv_feed TO market_ohlcv AS
SELECT
    timestamp,
    symbol,
    timeframe,
    open,
    high,
    low,
    close,
    volume,
    quote_volume,
    trades,
    h.of_new_rows AS exchange
FROM hybrid_write.market_ohlcv AS i
CROSS JOIN home_exchange AS h
WHERE timestamp + toIntervalSecond(transform(timeframe, ['1m', '5m', '15m', '30m', '1h', '4h', '1d'], [60, 300, 900, 1800, 3600, 14400, 86400], 1)) <= now64(3)
COMMENT 'Lands rows of hybrid_write.market_ohlcv in market_ohlcv.';

CREATE OR REPLACE VIEW hybrid.market_tickers
(
    timestamp DateTime64(3, 'UTC') COMMENT 'When the figures were true (UTC).',
    symbol LowCardinality(String) COMMENT 'Instrument.',
    bid Nullable(Float64) COMMENT 'Best bid, in quote currency.',
    bid_size Nullable(Float64) COMMENT 'Size at the best bid, in base currency.',
    ask Nullable(Float64) COMMENT 'Best ask, in quote currency.',
    ask_size Nullable(Float64) COMMENT 'Size at the best ask, in base currency.',
    last Nullable(Float64) COMMENT 'Price of the last trade, in quote currency.',
    high_24h Nullable(Float64) COMMENT 'Highest price of 24 hours.',
    low_24h Nullable(Float64) COMMENT 'Lowest price of 24 hours.',
    volume_24h Nullable(Float64) COMMENT 'Volume of 24 hours, in base currency.',
    quote_volume_24h Nullable(Float64) COMMENT 'Volume of 24 hours, in quote currency.',
    change_percent_24h Nullable(Float64) COMMENT 'Change over 24 hours in percent.',
    date Date ALIAS toDate(timestamp) COMMENT 'UTC day of timestamp; not part of SELECT *, as in the design.'
)
AS SELECT
    timestamp,
    symbol,
    bid,
    bid_size,
    ask,
    ask_size,
    last,
    high_24h,
    low_24h,
    volume_24h,
    quote_volume_24h,
    change_percent_24h
FROM market_tickers
WHERE (exchange = 'sandbox') = ((SELECT exchange FROM home_exchange) = 'sandbox')
COMMENT 'Ticker snapshots.';

CREATE TABLE IF NOT EXISTS hybrid_write.market_tickers
(
    timestamp DateTime64(3, 'UTC') COMMENT 'When the figures were true (UTC).',
    symbol LowCardinality(String) COMMENT 'Instrument.',
    bid Nullable(Float64) COMMENT 'Best bid, in quote currency.',
    bid_size Nullable(Float64) COMMENT 'Size at the best bid, in base currency.',
    ask Nullable(Float64) COMMENT 'Best ask, in quote currency.',
    ask_size Nullable(Float64) COMMENT 'Size at the best ask, in base currency.',
    last Nullable(Float64) COMMENT 'Price of the last trade, in quote currency.',
    high_24h Nullable(Float64) COMMENT 'Highest price of 24 hours.',
    low_24h Nullable(Float64) COMMENT 'Lowest price of 24 hours.',
    volume_24h Nullable(Float64) COMMENT 'Volume of 24 hours, in base currency.',
    quote_volume_24h Nullable(Float64) COMMENT 'Volume of 24 hours, in quote currency.',
    change_percent_24h Nullable(Float64) COMMENT 'Change over 24 hours in percent.'
)
ENGINE = Null
COMMENT 'INSERT here what the design inserts into market_tickers; read hybrid.market_tickers. Keeps nothing itself.';

CREATE MATERIALIZED VIEW IF NOT EXISTS hybrid_write.market_tickers_feed TO market_tickers_versions AS
SELECT
    timestamp,
    symbol,
    bid,
    bid_size,
    ask,
    ask_size,
    last,
    high_24h,
    low_24h,
    volume_24h,
    quote_volume_24h,
    change_percent_24h,
    h.of_new_rows AS exchange
FROM hybrid_write.market_tickers AS i
CROSS JOIN home_exchange AS h
COMMENT 'Lands rows of hybrid_write.market_tickers in market_tickers_versions.';

CREATE OR REPLACE VIEW hybrid.market_orderbook
(
    timestamp DateTime64(3, 'UTC') COMMENT 'When the book looked like this (UTC).',
    symbol LowCardinality(String) COMMENT 'Instrument.',
    bid_prices Array(Float64) COMMENT 'Bid prices from the best down.',
    bid_sizes Array(Float64) COMMENT 'Sizes at bid_prices.',
    ask_prices Array(Float64) COMMENT 'Ask prices from the best up.',
    ask_sizes Array(Float64) COMMENT 'Sizes at ask_prices.',
    date Date ALIAS toDate(timestamp) COMMENT 'UTC day of timestamp; not part of SELECT *, as in the design.'
)
AS SELECT
    timestamp,
    symbol,
    bid_prices,
    bid_sizes,
    ask_prices,
    ask_sizes
FROM market_orderbook
WHERE (exchange = 'sandbox') = ((SELECT exchange FROM home_exchange) = 'sandbox')
COMMENT 'Order book snapshots.';

CREATE TABLE IF NOT EXISTS hybrid_write.market_orderbook
(
    timestamp DateTime64(3, 'UTC') COMMENT 'When the book looked like this (UTC).',
    symbol LowCardinality(String) COMMENT 'Instrument.',
    bid_prices Array(Float64) COMMENT 'Bid prices from the best down.',
    bid_sizes Array(Float64) COMMENT 'Sizes at bid_prices.',
    ask_prices Array(Float64) COMMENT 'Ask prices from the best up.',
    ask_sizes Array(Float64) COMMENT 'Sizes at ask_prices.'
)
ENGINE = Null
COMMENT 'INSERT here what the design inserts into market_orderbook; read hybrid.market_orderbook. Keeps nothing itself.';

CREATE MATERIALIZED VIEW IF NOT EXISTS hybrid_write.market_orderbook_feed TO market_orderbook_versions AS
SELECT
    timestamp,
    symbol,
    bid_prices,
    bid_sizes,
    ask_prices,
    ask_sizes,
    h.of_new_rows AS exchange
FROM hybrid_write.market_orderbook AS i
CROSS JOIN home_exchange AS h
COMMENT 'Lands rows of hybrid_write.market_orderbook in market_orderbook_versions.';

CREATE OR REPLACE VIEW hybrid.trades_history
(
    id String COMMENT 'Id of the trade: a UUID as text where the writer uses UUIDs.',
    agent_id String COMMENT 'Who traded.',
    user_id String COMMENT 'Owner of the account, empty where there is none.',
    symbol LowCardinality(String) COMMENT 'Instrument.',
    side Enum8('long' = 1, 'short' = 2) COMMENT 'long or short.',
    entry_price Nullable(Float64) COMMENT 'Average entry price.',
    exit_price Nullable(Float64) COMMENT 'Average exit price.',
    size Nullable(Float64) COMMENT 'Size in units of the base asset, positive.',
    leverage Nullable(Float64) COMMENT 'Multiple of the margin; a fraction fits, unlike UInt8.',
    pnl Nullable(Float64) COMMENT 'Net PnL.',
    pnl_percent Nullable(Float64) COMMENT 'Net PnL in percent, as the writer defines it.',
    fee Nullable(Float64) COMMENT 'All fees.',
    opened_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When it was entered (UTC).',
    closed_at DateTime64(3, 'UTC') COMMENT 'When it was left (UTC).',
    duration Nullable(UInt32) COMMENT 'Seconds from opened_at to closed_at; what is inserted is not kept, it follows from the times.',
    entry_reason String COMMENT 'Why it was entered.',
    exit_reason String COMMENT 'Why it was left.',
    date Date ALIAS toDate(closed_at) COMMENT 'UTC day of closed_at; not part of SELECT *, as in the design.'
)
AS SELECT
    id,
    agent_id,
    ifNull(user_id, '') AS user_id,
    symbol,
    side,
    entry_price,
    exit_price,
    quantity AS size,
    leverage,
    net_pnl AS pnl,
    pnl_percent,
    fee,
    opened_at,
    closed_at,
    if(closed_at >= opened_at, dateDiff('second', opened_at, closed_at), NULL) AS duration,
    ifNull(entry_reason, '') AS entry_reason,
    ifNull(exit_reason, '') AS exit_reason
FROM trades_history
WHERE (exchange = 'sandbox') = ((SELECT exchange FROM home_exchange) = 'sandbox')
COMMENT 'Closed trades.';

CREATE TABLE IF NOT EXISTS hybrid_write.trades_history
(
    id String COMMENT 'Id of the trade: a UUID as text where the writer uses UUIDs.',
    agent_id String COMMENT 'Who traded.',
    user_id String COMMENT 'Owner of the account, empty where there is none.',
    symbol LowCardinality(String) COMMENT 'Instrument.',
    side Enum8('long' = 1, 'short' = 2) COMMENT 'long or short.',
    entry_price Float64 COMMENT 'Average entry price.',
    exit_price Float64 COMMENT 'Average exit price.',
    size Float64 COMMENT 'Size in units of the base asset, positive.',
    leverage Float64 COMMENT 'Multiple of the margin; a fraction fits, unlike UInt8.',
    pnl Float64 COMMENT 'Net PnL.',
    pnl_percent Float64 COMMENT 'Net PnL in percent, as the writer defines it.',
    fee Float64 COMMENT 'All fees.',
    opened_at DateTime64(3, 'UTC') COMMENT 'When it was entered (UTC).',
    closed_at DateTime64(3, 'UTC') COMMENT 'When it was left (UTC).',
    duration UInt32 COMMENT 'Seconds from opened_at to closed_at; what is inserted is not kept, it follows from the times.',
    entry_reason String COMMENT 'Why it was entered.',
    exit_reason String COMMENT 'Why it was left.'
)
ENGINE = Null
COMMENT 'INSERT here what the design inserts into trades_history; read hybrid.trades_history. Keeps nothing itself.';

CREATE MATERIALIZED VIEW IF NOT EXISTS hybrid_write.trades_history_feed TO trades_history_versions AS
SELECT
    id,
    agent_id,
    nullIf(user_id, '') AS user_id,
    symbol,
    side,
    toDecimal128(toString(entry_price), 18) AS entry_price,
    toDecimal128(toString(exit_price), 18) AS exit_price,
    toDecimal128(toString(size), 18) AS quantity,
    toDecimal128(toString(leverage), 18) AS leverage,
    toDecimal128(toString(pnl), 18) AS net_pnl,
    toDecimal128(toString(pnl_percent), 18) AS pnl_percent,
    toDecimal128(toString(fee), 18) AS fee,
    opened_at,
    closed_at,
    nullIf(entry_reason, '') AS entry_reason,
    nullIf(exit_reason, '') AS exit_reason,
    h.of_new_rows AS exchange,
    'closed' AS status,
    'USD' AS currency,
    'live' AS origin,
    '{}' AS details,
    now64(6) AS created_at,
    closed_at AS updated_at
FROM hybrid_write.trades_history AS i
CROSS JOIN home_exchange AS h
COMMENT 'Lands rows of hybrid_write.trades_history in trades_history_versions.';

CREATE OR REPLACE VIEW hybrid.orders_history
(
    id String COMMENT 'Id of the order.',
    agent_id String COMMENT 'Who ordered.',
    user_id String COMMENT 'Owner of the account.',
    symbol LowCardinality(String) COMMENT 'Instrument.',
    order_type LowCardinality(String) COMMENT 'market, limit, stop_market.',
    side LowCardinality(String) COMMENT 'buy or sell.',
    price Nullable(Float64) COMMENT 'Limit price.',
    amount Nullable(Float64) COMMENT 'Ordered size.',
    filled Nullable(Float64) COMMENT 'Filled size.',
    status LowCardinality(String) COMMENT 'filled, cancelled, rejected or expired.',
    created_at DateTime64(3, 'UTC') COMMENT 'When it was made (UTC).',
    updated_at DateTime64(3, 'UTC') COMMENT 'When it last changed (UTC); the version of the row.',
    date Date ALIAS toDate(created_at) COMMENT 'UTC day of created_at; not part of SELECT *, as in the design.'
)
AS SELECT
    id,
    agent_id,
    ifNull(user_id, '') AS user_id,
    symbol,
    type AS order_type,
    side,
    price,
    quantity AS amount,
    filled_quantity AS filled,
    status,
    created_at,
    updated_at
FROM orders_history
WHERE (exchange = 'sandbox') = ((SELECT exchange FROM home_exchange) = 'sandbox')
COMMENT 'Finished orders.';

CREATE TABLE IF NOT EXISTS hybrid_write.orders_history
(
    id String COMMENT 'Id of the order.',
    agent_id String COMMENT 'Who ordered.',
    user_id String COMMENT 'Owner of the account.',
    symbol LowCardinality(String) COMMENT 'Instrument.',
    order_type LowCardinality(String) COMMENT 'market, limit, stop_market.',
    side LowCardinality(String) COMMENT 'buy or sell.',
    price Float64 COMMENT 'Limit price.',
    amount Float64 COMMENT 'Ordered size.',
    filled Float64 COMMENT 'Filled size.',
    status LowCardinality(String) COMMENT 'filled, cancelled, rejected or expired.',
    created_at DateTime64(3, 'UTC') COMMENT 'When it was made (UTC).',
    updated_at DateTime64(3, 'UTC') COMMENT 'When it last changed (UTC); the version of the row.'
)
ENGINE = Null
COMMENT 'INSERT here what the design inserts into orders_history; read hybrid.orders_history. Keeps nothing itself.';

CREATE MATERIALIZED VIEW IF NOT EXISTS hybrid_write.orders_history_feed TO orders_history_versions AS
SELECT
    id,
    agent_id,
    nullIf(user_id, '') AS user_id,
    symbol,
    order_type AS type,
    side,
    toDecimal128(toString(price), 18) AS price,
    toDecimal128(toString(amount), 18) AS quantity,
    toDecimal128(toString(filled), 18) AS filled_quantity,
    status,
    created_at,
    updated_at,
    h.of_new_rows AS exchange,
    'live' AS origin,
    '{}' AS details
FROM hybrid_write.orders_history AS i
CROSS JOIN home_exchange AS h
COMMENT 'Lands rows of hybrid_write.orders_history in orders_history_versions.';

CREATE OR REPLACE VIEW hybrid.news_articles
(
    id String COMMENT 'Id of the article.',
    source LowCardinality(String) COMMENT 'Feed or site.',
    title String COMMENT 'Headline.',
    content String COMMENT 'Text.',
    url String COMMENT 'Address.',
    author String COMMENT 'Author.',
    sentiment Nullable(Float32) COMMENT 'From -1 to 1; NULL while not scored.',
    impact Nullable(UInt8) COMMENT 'From 0 to 10; NULL while not scored.',
    symbols Array(String) COMMENT 'Assets that it is about.',
    published_at DateTime64(3, 'UTC') COMMENT 'When it was published (UTC).',
    processed_at DateTime64(3, 'UTC') COMMENT 'When it was scored, else first seen (UTC).',
    date Date ALIAS toDate(published_at) COMMENT 'UTC day of published_at; not part of SELECT *, as in the design.'
)
AS SELECT
    id,
    source,
    title,
    content,
    url,
    author,
    sentiment,
    impact,
    symbols,
    published_at,
    ifNull(scored_at, first_seen_at) AS processed_at
FROM news_articles
COMMENT 'News with their newest scores.';

CREATE TABLE IF NOT EXISTS hybrid_write.news_articles
(
    id String COMMENT 'Id of the article.',
    source LowCardinality(String) COMMENT 'Feed or site.',
    title String COMMENT 'Headline.',
    content String COMMENT 'Text.',
    url String COMMENT 'Address.',
    author String COMMENT 'Author.',
    sentiment Nullable(Float32) COMMENT 'From -1 to 1; NULL while not scored.',
    impact Nullable(UInt8) COMMENT 'From 0 to 10; NULL while not scored.',
    symbols Array(String) COMMENT 'Assets that it is about.',
    published_at DateTime64(3, 'UTC') COMMENT 'When it was published (UTC).',
    processed_at DateTime64(3, 'UTC') COMMENT 'When it was scored, else first seen (UTC).'
)
ENGINE = Null
COMMENT 'INSERT here what the design inserts into news_articles; read hybrid.news_articles. Keeps nothing itself.';

CREATE MATERIALIZED VIEW IF NOT EXISTS hybrid_write.news_articles_feed TO news_articles_versions AS
SELECT
    id,
    source,
    title,
    content,
    url,
    author,
    toFloat64OrNull(toString(sentiment)) AS sentiment,
    impact,
    symbols,
    published_at,
    processed_at AS first_seen_at,
    processed_at AS scored_at,
    processed_at AS updated_at
FROM hybrid_write.news_articles AS i
COMMENT 'Lands rows of hybrid_write.news_articles in news_articles_versions.';

CREATE OR REPLACE VIEW hybrid.sentiment_data
(
    id String COMMENT 'Id chosen by the writer.',
    symbol LowCardinality(String) COMMENT 'Asset; empty for the market as a whole.',
    sentiment_type LowCardinality(String) COMMENT 'news, social, funding.',
    score Float32 COMMENT 'From -1 to 1.',
    volume UInt32 COMMENT 'Number of mentions.',
    confidence Nullable(Float32) COMMENT 'From 0 to 1; NULL where unknown.',
    source LowCardinality(String) COMMENT 'Who measured it.',
    timestamp DateTime64(3, 'UTC') COMMENT 'When (UTC).',
    date Date ALIAS toDate(timestamp) COMMENT 'UTC day of timestamp; not part of SELECT *, as in the design.'
)
AS SELECT
    id,
    symbol,
    sentiment_type,
    score,
    volume,
    confidence,
    source,
    timestamp
FROM sentiment_data
COMMENT 'Sentiment over time.';

CREATE TABLE IF NOT EXISTS hybrid_write.sentiment_data
(
    id String COMMENT 'Id chosen by the writer.',
    symbol LowCardinality(String) COMMENT 'Asset; empty for the market as a whole.',
    sentiment_type LowCardinality(String) COMMENT 'news, social, funding.',
    score Float32 COMMENT 'From -1 to 1.',
    volume UInt32 COMMENT 'Number of mentions.',
    confidence Nullable(Float32) COMMENT 'From 0 to 1; NULL where unknown.',
    source LowCardinality(String) COMMENT 'Who measured it.',
    timestamp DateTime64(3, 'UTC') COMMENT 'When (UTC).'
)
ENGINE = Null
COMMENT 'INSERT here what the design inserts into sentiment_data; read hybrid.sentiment_data. Keeps nothing itself.';

CREATE MATERIALIZED VIEW IF NOT EXISTS hybrid_write.sentiment_data_feed TO sentiment_data_versions AS
SELECT
    id,
    symbol,
    sentiment_type,
    toFloat64(toString(score)) AS score,
    volume,
    toFloat64OrNull(toString(confidence)) AS confidence,
    source,
    timestamp,
    now64(3) AS first_seen_at
FROM hybrid_write.sentiment_data AS i
COMMENT 'Lands rows of hybrid_write.sentiment_data in sentiment_data_versions.';

CREATE OR REPLACE VIEW hybrid.onchain_transactions
(
    id String COMMENT 'Id chosen by the writer, else hash and number of the transfer.',
    transaction_hash String COMMENT 'Hash of the transaction.',
    transaction_type LowCardinality(String) COMMENT 'Kind as the writer classed it.',
    symbol LowCardinality(String) COMMENT 'Asset that moved.',
    from_address String COMMENT 'Sender.',
    to_address String COMMENT 'Receiver.',
    amount Float64 COMMENT 'Amount in units of the asset.',
    amount_usd Nullable(Float64) COMMENT 'Worth in USD.',
    impact_score Nullable(UInt8) COMMENT 'From 0 to 10.',
    blockchain LowCardinality(String) COMMENT 'Chain.',
    detected_at DateTime64(3, 'UTC') COMMENT 'When it happened (UTC).',
    date Date ALIAS toDate(detected_at) COMMENT 'UTC day of detected_at; not part of SELECT *, as in the design.'
)
AS SELECT
    ifNull(id, concat(transaction_hash, ':', toString(transfer_index))) AS id,
    transaction_hash,
    transaction_type,
    symbol,
    from_address,
    to_address,
    amount,
    amount_usd,
    impact_score,
    blockchain,
    detected_at
FROM onchain_transactions
COMMENT 'On-chain transfers that stand.';

CREATE TABLE IF NOT EXISTS hybrid_write.onchain_transactions
(
    id String COMMENT 'Id chosen by the writer, else hash and number of the transfer.',
    transaction_hash String COMMENT 'Hash of the transaction.',
    transaction_type LowCardinality(String) COMMENT 'Kind as the writer classed it.',
    symbol LowCardinality(String) COMMENT 'Asset that moved.',
    from_address String COMMENT 'Sender.',
    to_address String COMMENT 'Receiver.',
    amount Float64 COMMENT 'Amount in units of the asset.',
    amount_usd Float64 COMMENT 'Worth in USD.',
    impact_score Nullable(UInt8) COMMENT 'From 0 to 10.',
    blockchain LowCardinality(String) COMMENT 'Chain.',
    detected_at DateTime64(3, 'UTC') COMMENT 'When it happened (UTC).'
)
ENGINE = Null
COMMENT 'INSERT here what the design inserts into onchain_transactions; read hybrid.onchain_transactions. Keeps nothing itself.';

CREATE MATERIALIZED VIEW IF NOT EXISTS hybrid_write.onchain_transactions_feed TO onchain_transactions_versions AS
SELECT
    id,
    transaction_hash,
    transaction_type,
    symbol,
    from_address,
    to_address,
    toDecimal256(toString(amount), 18) AS amount,
    toDecimal128(toString(amount_usd), 18) AS amount_usd,
    impact_score,
    blockchain,
    detected_at,
    detected_at AS first_seen_at
FROM hybrid_write.onchain_transactions AS i
COMMENT 'Lands rows of hybrid_write.onchain_transactions in onchain_transactions_versions.';

CREATE OR REPLACE VIEW hybrid.exchange_flows
(
    symbol LowCardinality(String) COMMENT 'Asset.',
    exchange_name LowCardinality(String) COMMENT 'Exchange.',
    hour DateTime('UTC') COMMENT 'Start of the hour (UTC).',
    inflow Float64 COMMENT 'Moved to the exchange.',
    outflow Float64 COMMENT 'Moved from the exchange.',
    net_flow Float64 COMMENT 'inflow - outflow.',
    transaction_count UInt32 COMMENT 'Transfers.',
    date Date ALIAS toDate(hour) COMMENT 'UTC day of hour; not part of SELECT *, as in the design.'
)
AS SELECT
    symbol,
    exchange_name,
    hour,
    sum(f.inflow) AS inflow,
    sum(f.outflow) AS outflow,
    sum(f.net_flow) AS net_flow,
    sum(f.transaction_count) AS transaction_count
FROM exchange_flows AS f
GROUP BY symbol, exchange_name, hour
COMMENT 'Flows to and from exchanges per hour; provisional and confirmed ones of all chains added up.';

CREATE TABLE IF NOT EXISTS hybrid_write.exchange_flows
(
    symbol LowCardinality(String) COMMENT 'Asset.',
    exchange_name LowCardinality(String) COMMENT 'Exchange.',
    hour DateTime('UTC') COMMENT 'Start of the hour (UTC).',
    inflow Float64 COMMENT 'Moved to the exchange.',
    outflow Float64 COMMENT 'Moved from the exchange.',
    net_flow Float64 COMMENT 'inflow - outflow.',
    transaction_count UInt32 COMMENT 'Transfers.'
)
ENGINE = Null
COMMENT 'INSERT here what the design inserts into exchange_flows; read hybrid.exchange_flows. Keeps nothing itself.';

CREATE MATERIALIZED VIEW IF NOT EXISTS hybrid_write.exchange_flows_feed TO exchange_flows_versions AS
SELECT
    symbol,
    exchange_name,
    hour,
    toDecimal256(toString(inflow), 18) AS inflow,
    toDecimal256(toString(outflow), 18) AS outflow,
    toDecimal256(toString(net_flow), 18) AS net_flow,
    transaction_count,
    '' AS blockchain,
    'confirmed' AS status
FROM hybrid_write.exchange_flows AS i
COMMENT 'Lands rows of hybrid_write.exchange_flows in exchange_flows_versions.';

CREATE OR REPLACE VIEW hybrid.agent_performance
(
    agent_id String COMMENT 'Who traded.',
    timestamp DateTime64(3, 'UTC') COMMENT 'When the figures were true (UTC).',
    balance Nullable(Float64) COMMENT 'Cash without open PnL.',
    equity Nullable(Float64) COMMENT 'Balance plus open PnL.',
    pnl Nullable(Float64) COMMENT 'Net PnL since inception.',
    pnl_percent Nullable(Float64) COMMENT 'Net PnL in percent.',
    total_trades UInt32 COMMENT 'Closed trades so far.',
    winning_trades UInt32 COMMENT 'Of them with a profit.',
    losing_trades UInt32 COMMENT 'Of them with a loss.',
    win_rate Nullable(Float32) COMMENT 'Share of winning trades, as the writer counts.',
    sharpe_ratio Nullable(Float32) COMMENT 'Sharpe ratio so far.',
    max_drawdown Nullable(Float32) COMMENT 'Largest fall from a peak so far.',
    date Date ALIAS toDate(timestamp) COMMENT 'UTC day of timestamp; not part of SELECT *, as in the design.'
)
AS SELECT
    agent_id,
    timestamp,
    balance,
    equity,
    pnl,
    pnl_percent,
    total_trades,
    winning_trades,
    losing_trades,
    win_rate,
    sharpe_ratio,
    max_drawdown
FROM agent_performance
WHERE (exchange = 'sandbox') = ((SELECT exchange FROM home_exchange) = 'sandbox')
COMMENT 'Performance of agents over time.';

CREATE TABLE IF NOT EXISTS hybrid_write.agent_performance
(
    agent_id String COMMENT 'Who traded.',
    timestamp DateTime64(3, 'UTC') COMMENT 'When the figures were true (UTC).',
    balance Float64 COMMENT 'Cash without open PnL.',
    equity Float64 COMMENT 'Balance plus open PnL.',
    pnl Float64 COMMENT 'Net PnL since inception.',
    pnl_percent Float64 COMMENT 'Net PnL in percent.',
    total_trades UInt32 COMMENT 'Closed trades so far.',
    winning_trades UInt32 COMMENT 'Of them with a profit.',
    losing_trades UInt32 COMMENT 'Of them with a loss.',
    win_rate Float32 COMMENT 'Share of winning trades, as the writer counts.',
    sharpe_ratio Float32 COMMENT 'Sharpe ratio so far.',
    max_drawdown Float32 COMMENT 'Largest fall from a peak so far.'
)
ENGINE = Null
COMMENT 'INSERT here what the design inserts into agent_performance; read hybrid.agent_performance. Keeps nothing itself.';

CREATE MATERIALIZED VIEW IF NOT EXISTS hybrid_write.agent_performance_feed TO agent_performance_versions AS
SELECT
    agent_id,
    timestamp,
    toDecimal128(toString(balance), 18) AS balance,
    toDecimal128(toString(equity), 18) AS equity,
    toDecimal128(toString(pnl), 18) AS pnl,
    pnl_percent,
    total_trades,
    winning_trades,
    losing_trades,
    toFloat64(toString(win_rate)) AS win_rate,
    toFloat64(toString(sharpe_ratio)) AS sharpe_ratio,
    toFloat64(toString(max_drawdown)) AS max_drawdown,
    h.of_new_rows AS exchange
FROM hybrid_write.agent_performance AS i
CROSS JOIN home_exchange AS h
COMMENT 'Lands rows of hybrid_write.agent_performance in agent_performance_versions.';

CREATE OR REPLACE VIEW hybrid.agent_decisions_log
(
    id String COMMENT 'Id of the decision.',
    agent_id String COMMENT 'Who decided.',
    symbol LowCardinality(String) COMMENT 'Instrument.',
    action LowCardinality(String) COMMENT 'long, short, hold, close, or the writer''s own word.',
    confidence Nullable(UInt8) COMMENT '0 to 100; the canonical table has 0 to 1.',
    technical_score Nullable(Float32) COMMENT 'Score of the technical signals.',
    news_score Nullable(Float32) COMMENT 'Score of the news.',
    onchain_score Nullable(Float32) COMMENT 'Score of on-chain data.',
    sentiment_score Nullable(Float32) COMMENT 'Score of the sentiment.',
    final_score Nullable(Float32) COMMENT 'Score that led to the action.',
    executed Bool COMMENT 'Whether it was traded.',
    created_at DateTime64(3, 'UTC') COMMENT 'When it was decided (UTC).',
    date Date ALIAS toDate(created_at) COMMENT 'UTC day of created_at; not part of SELECT *, as in the design.'
)
AS SELECT
    id,
    agent_id,
    symbol,
    ifNull(action, '') AS action,
    round(confidence * 100) AS confidence,
    technical_score,
    news_score,
    onchain_score,
    sentiment_score,
    final_score,
    ifNull(executed, false) AS executed,
    decided_at AS created_at
FROM agent_decisions_log
WHERE (exchange = 'sandbox') = ((SELECT exchange FROM home_exchange) = 'sandbox')
COMMENT 'Decisions of agents.';

CREATE TABLE IF NOT EXISTS hybrid_write.agent_decisions_log
(
    id String COMMENT 'Id of the decision.',
    agent_id String COMMENT 'Who decided.',
    symbol LowCardinality(String) COMMENT 'Instrument.',
    action LowCardinality(String) COMMENT 'long, short, hold, close, or the writer''s own word.',
    confidence UInt8 COMMENT '0 to 100; the canonical table has 0 to 1.',
    technical_score Float32 COMMENT 'Score of the technical signals.',
    news_score Float32 COMMENT 'Score of the news.',
    onchain_score Float32 COMMENT 'Score of on-chain data.',
    sentiment_score Float32 COMMENT 'Score of the sentiment.',
    final_score Float32 COMMENT 'Score that led to the action.',
    executed Bool COMMENT 'Whether it was traded.',
    created_at DateTime64(3, 'UTC') COMMENT 'When it was decided (UTC).'
)
ENGINE = Null
COMMENT 'INSERT here what the design inserts into agent_decisions_log; read hybrid.agent_decisions_log. Keeps nothing itself.';

CREATE MATERIALIZED VIEW IF NOT EXISTS hybrid_write.agent_decisions_log_feed TO agent_decisions_log_versions AS
SELECT
    id,
    agent_id,
    symbol,
    action,
    toDecimal128(confidence, 18) / 100 AS confidence,
    toDecimal128(toString(technical_score), 18) AS technical_score,
    toDecimal128(toString(news_score), 18) AS news_score,
    toDecimal128(toString(onchain_score), 18) AS onchain_score,
    toDecimal128(toString(sentiment_score), 18) AS sentiment_score,
    toDecimal128(toString(final_score), 18) AS final_score,
    executed,
    i.created_at AS decided_at,
    now64(6) AS created_at,
    i.created_at AS updated_at,
    h.of_new_rows AS exchange,
    'live' AS origin,
    '{}' AS details
FROM hybrid_write.agent_decisions_log AS i
CROSS JOIN home_exchange AS h
COMMENT 'Lands rows of hybrid_write.agent_decisions_log in agent_decisions_log_versions.';
