-- Facade of the tradingagents design: its collections and its users. Its hypertables are views in ClickHouse.
-- A document that has expired is not served: the design's store deletes it by itself. Here the row stays behind the view,
-- because only the archive may delete what ClickHouse has proven to hold; writing the same id again makes it visible again.

CREATE SCHEMA tradingagents;
COMMENT ON SCHEMA tradingagents IS 'Facade of the tradingagents design: document collections with expiry and full-text search, users.';

CREATE VIEW tradingagents.news_articles AS
SELECT
    id, document, symbols, source_name, source_type, language, region, processing_status, impact_score, published_at,
    search, expires_at, created_at, updated_at
FROM public.news_documents
WHERE expires_at IS NULL OR expires_at > now();

CREATE VIEW tradingagents.agent_analysis_results AS
SELECT
    id, document, agent_id, agent_type, session_id, user_id, symbol, market, direction, confidence, validation_status,
    analysis_timestamp, search, expires_at, created_at, updated_at
FROM public.agent_analysis_results
WHERE expires_at IS NULL OR expires_at > now();

CREATE VIEW tradingagents.trading_signals AS
SELECT
    id, document, agent_id, symbol, market, signal_type, strength, status, confidence, generated_at, search, expires_at,
    created_at, updated_at
FROM public.trading_signals
WHERE expires_at IS NULL OR expires_at > now();

CREATE VIEW tradingagents.social_media_posts AS
SELECT
    id, document, symbols, platform, author_name, sentiment_score, posted_at, search, expires_at, created_at, updated_at
FROM public.social_documents
WHERE expires_at IS NULL OR expires_at > now();

CREATE VIEW tradingagents.users AS
SELECT
    user_number AS id, account_name AS username, email, password_hash, full_name, role, is_active,
    last_login_at AS last_login, created_at, updated_at
FROM public.users
WHERE account_name IS NOT NULL;

SELECT ops.describe_facade('tradingagents.news_articles', 'public.news_documents');
SELECT ops.describe_facade('tradingagents.agent_analysis_results', 'public.agent_analysis_results');
SELECT ops.describe_facade('tradingagents.trading_signals', 'public.trading_signals');
SELECT ops.describe_facade('tradingagents.social_media_posts', 'public.social_documents');
SELECT ops.describe_facade(
    'tradingagents.users', 'public.users',
    '{"id": "user_number", "username": "account_name", "last_login": "last_login_at"}'
);
